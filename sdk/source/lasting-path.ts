import type { VideoSample } from "mediabunny";
import { CodecError } from "../../codec/errors.ts";
import { GpuPicture } from "../../codec/picture/gpu-picture.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import { geometryOf } from "../../codec/picture/geometry.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { isLostDevice } from "../lost-device.ts";
import { MemoryPath } from "./picture-path.ts";
import type { PicturePath } from "./picture-path.ts";

/**
 * The way of pictures that come only once: of a camera, a screen, a canvas, an iterable. A GPU that is lost takes along what it holds; what
 * comes after that goes through memory, until another GPU is open. Of the few pictures that are gone the base still shows something: the
 * picture before them.
 */
export class LastingPath implements PicturePath {
	readonly #memory = new MemoryPath();
	#gpu: PicturePath | undefined;
	/** What the GPU that is open now has made. */
	#held = new WeakSet<SourcePicture>();
	/** The latest picture at base size; black before there was one. */
	#last: Picture;

	/** @param size of the pictures that are coded. */
	constructor({ width, height }: Pick<Picture, "width" | "height">) {
		const { baseWidth, baseHeight } = geometryOf(width, height);
		const chroma = (baseWidth / 2) * (baseHeight / 2);
		this.#last = {
			...{ width: baseWidth, height: baseHeight, timestamp: 0 },
			y: new Uint8Array(baseWidth * baseHeight).fill(16),
			u: new Uint8Array(chroma).fill(128),
			v: new Uint8Array(chroma).fill(128),
		};
	}

	/** From now on pictures go over this GPU. */
	open(gpu: PicturePath): void {
		this.#gpu = gpu;
		this.#held = new WeakSet();
	}

	/** The GPU is lost: from now on pictures go through memory. */
	lose(): void {
		this.#gpu = undefined;
		this.#held = new WeakSet();
	}

	/** Whether the samples of a picture can be had: it is in memory, or the GPU that made it is still there. */
	has(picture: SourcePicture): boolean {
		return !(picture instanceof GpuPicture) || this.#held.has(picture);
	}

	async take(sample: VideoSample, timestamp: number): Promise<SourcePicture> {
		const gpu = this.#gpu;
		const taken = gpu && (await this.#survive(gpu, () => gpu.take(sample, timestamp)));
		if (taken === undefined) {
			return this.#memory.take(sample, timestamp);
		}
		return this.#hold(taken, gpu);
	}

	scale(picture: SourcePicture, width: number, height: number): SourcePicture {
		if (!this.has(picture)) {
			return picture;
		}
		const gpu = this.#gpu;
		return gpu === undefined
			? this.#memory.scale(picture, width, height)
			: this.#hold(gpu.scale(picture, width, height), gpu);
	}

	async downscale(picture: SourcePicture): Promise<Picture> {
		const path = picture instanceof GpuPicture ? this.#gpu : this.#memory;
		const base =
			path !== undefined && this.has(picture)
				? await this.#survive(path, () => path.downscale(picture))
				: undefined;
		this.#last = base ?? { ...this.#last, timestamp: picture.timestamp };
		return this.#last;
	}

	/** @throws CodecError `backend-failed` for a picture that is lost */
	async planes(picture: SourcePicture): Promise<Picture> {
		const path = picture instanceof GpuPicture ? this.#gpu : this.#memory;
		const planes =
			path !== undefined && this.has(picture) ? await this.#survive(path, () => path.planes(picture)) : undefined;
		if (planes === undefined) {
			throw new CodecError("backend-failed", "The picture was lost with the GPU that held it.");
		}
		return planes;
	}

	/** @returns undefined where the GPU of this path is lost meanwhile. */
	async #survive<T>(path: PicturePath, work: () => Promise<T>): Promise<T | undefined> {
		try {
			return await work();
		} catch (error) {
			const isOpen = path === this.#memory || path === this.#gpu;
			if (isOpen && (path === this.#memory || !isLostDevice(error))) {
				throw error;
			}
			// What is not open any more may fail in whatever way; another one may be open by now.
			if (isOpen) {
				this.lose();
			}
			return undefined;
		}
	}

	/** Notes what a GPU has made, unless it is not the one that is open any more. */
	#hold(picture: SourcePicture, gpu: PicturePath | undefined): SourcePicture {
		if (gpu === this.#gpu) {
			this.#held.add(picture);
		}
		return picture;
	}
}
