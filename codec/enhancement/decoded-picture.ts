import { CodecError } from "../errors.ts";
import { hashPicture } from "../hash/picture-hash.ts";
import type { DeviceTensor, Executor } from "../model/executor.ts";
import { unfoldPicture } from "../picture/fold.ts";
import type { Picture } from "../picture/picture.ts";
import type { FrameGeometry } from "./geometry.ts";

/** A tensor with several owners: freed when the last lets go. */
export class SharedTensor {
	readonly tensor: DeviceTensor;
	private owners = 1;

	constructor(tensor: DeviceTensor) {
		this.tensor = tensor;
	}

	/** One more owner, who must `release`. */
	share(): this {
		this.owners++;
		return this;
	}

	release(): void {
		if (this.owners > 0 && --this.owners === 0) this.tensor.dispose();
	}
}

/** A picture where it was made, on the GPU for example. Dispose it. */
export class DecodedPicture {
	/** Presentation time and duration in microseconds. */
	readonly timestamp: number;
	readonly duration: number;
	readonly geometry: FrameGeometry;
	/** Hash of the picture that the encoder made, where the stream says. */
	readonly expectedHash: number | undefined;
	private readonly executor: Executor;
	private shared: SharedTensor | undefined;

	constructor(
		executor: Executor,
		shared: SharedTensor,
		geometry: FrameGeometry,
		frame: { readonly timestamp: number; readonly duration: number; readonly pictureHash: number | undefined },
	) {
		this.executor = executor;
		this.shared = shared;
		this.geometry = geometry;
		this.timestamp = frame.timestamp;
		this.duration = frame.duration;
		this.expectedHash = frame.pictureHash;
	}

	/** Folded samples 0..255 of the coded size, `[1, 24, h4, w4]`. @throws CodecError `invalid-option` once disposed */
	get tensor(): DeviceTensor {
		if (this.shared === undefined) throw new CodecError("invalid-option", "The picture has been disposed.");
		return this.shared.tensor;
	}

	/** The picture in its coded size, the reference of the next frame. On a GPU this reads back. */
	async toCodedPicture(): Promise<Picture> {
		const coded = { width: this.geometry.codedWidth, height: this.geometry.codedHeight };
		return unfoldPicture(await this.executor.download(this.tensor), coded, coded, this.timestamp);
	}

	/**
	 * The visible picture. On a GPU this reads back.
	 *
	 * @param options.verify compare with the hash in the stream, where there is one
	 * @throws CodecError `picture-mismatch`
	 */
	async toPicture(options: { readonly verify?: boolean } = {}): Promise<Picture> {
		const coded = { width: this.geometry.codedWidth, height: this.geometry.codedHeight };
		const folded = await this.executor.download(this.tensor);
		const picture = unfoldPicture(folded, coded, this.geometry, this.timestamp);
		if (options.verify) this.verify(picture);
		return picture;
	}

	/** @throws CodecError `picture-mismatch` where the stream has a hash and it is another */
	verify(picture: Picture): void {
		if (this.expectedHash === undefined) return;
		const hash = hashPicture(picture);
		if (hash !== this.expectedHash) {
			const hex = (value: number) => value.toString(16).padStart(8, "0");
			throw new CodecError(
				"picture-mismatch",
				`The picture at ${this.timestamp} us hashes to ${hex(hash)}, the stream says ${hex(this.expectedHash)}.`,
				{ hint: "This device does not compute exactly, or the stream is damaged. Use another backend." },
			);
		}
	}

	dispose(): void {
		this.shared?.release();
		this.shared = undefined;
	}
}
