import type { BaseDecoder, BaseEncoder } from "../../codec/base/base-codec.ts";
import { decodeAll, encodeAll } from "../../codec/base/base-codec.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { BaseTrack } from "../../codec/track.ts";
import { UploadError } from "../errors.ts";
import type { TimedPicture } from "../source/video-source.ts";

/** A source picture with its place in the video. */
export type GroupedPicture = TimedPicture & {
	/** Number of its group of pictures. */
	readonly group: number;
	/** First of its group: coded without reference to anything before. */
	readonly first: boolean;
};

/** A picture, its base sample and what every decoder makes of that: all that the enhancement needs. */
export type CodedPair = GroupedPicture & {
	/** Sync where a group begins, and wherever else the encoder thought it right (a cut in the video). */
	readonly sample: Sample;
	readonly base: Picture;
};

/** Makes the codecs of one group: a group can then be coded again, alone, with the same result. */
export type BaseCodecs = {
	/** All pictures of a group become one run that begins with a sync sample. @param first its first, at base size. */
	encoder(group: number, first: Picture): Promise<BaseEncoder>;
	decoder(track: BaseTrack): Promise<BaseDecoder>;
};

/** Numbers groups as `indexOf` says and marks where each begins. */
export async function* intoGroups(
	pictures: AsyncIterable<TimedPicture>,
	indexOf: (timestamp: number) => number,
): AsyncGenerator<GroupedPicture, void, undefined> {
	let group: number | undefined;
	for await (const timed of pictures) {
		const index = indexOf(timed.picture.timestamp);
		yield { ...timed, group: index, first: index !== group };
		group = index;
	}
}

/**
 * Codes the base of every group and decodes it again. Source pictures are held until their base picture is there;
 * at most `inFlight` of them, which must be more than encoder and decoder hold back.
 * @param downscale the full picture to base size. @param onTrack called once, when the first sample is there.
 * @param goesOn asked where something broke off: whether the pictures that are held are coded again, by new codecs, and all that
 * follows. Samples and pictures that were given out stay; what is coded next begins with a sync sample, as a group does.
 */
export async function* codeBase(
	pictures: AsyncIterable<GroupedPicture>,
	downscale: Downscale,
	codecs: BaseCodecs,
	onTrack: (track: BaseTrack) => Promise<void>,
	inFlight: number,
	signal: AbortSignal,
	goesOn: (error: unknown) => boolean = () => false,
): AsyncGenerator<CodedPair, void, undefined> {
	const reader = new PictureReader(pictures);
	let described: BaseTrack | undefined;
	const describe = async (track: BaseTrack): Promise<BaseTrack> => {
		if (described === undefined) {
			described = track;
			await onTrack(track);
		} else if (!sameDescription(described, track)) {
			throw new UploadError(
				"encoder-failed",
				"The base encoder changed its parameters in the middle of the video.",
			);
		}
		return described;
	};
	try {
		let head = await reader.next();
		while (head.done !== true) {
			signal.throwIfAborted();
			const group = new GroupCoder(reader, head.value, downscale, inFlight);
			try {
				yield* group.code(codecs, describe, signal);
				head = group.next;
			} catch (error) {
				if (signal.aborted || !goesOn(error)) {
					throw error;
				}
				reader.putBack(await group.stop());
				head = asFirst(await reader.next());
			}
		}
	} finally {
		await reader.close();
	}
}

const asFirst = (head: IteratorResult<GroupedPicture, void>): IteratorResult<GroupedPicture, void> =>
	head.done === true ? head : { done: false, value: { ...head.value, first: true } };

const sameDescription = (left: BaseTrack, right: BaseTrack): boolean =>
	left.description.length === right.description.length &&
	left.description.every((byte, index) => byte === right.description[index]);

/** The full picture to base size; it stays. */
type Downscale = (picture: SourcePicture) => Promise<Picture>;

/** Pictures one after the other; some can be put back. */
class PictureReader {
	readonly #pictures: AsyncIterator<GroupedPicture, void>;
	readonly #back: GroupedPicture[] = [];

	constructor(pictures: AsyncIterable<GroupedPicture, void>) {
		this.#pictures = pictures[Symbol.asyncIterator]();
	}

	async next(): Promise<IteratorResult<GroupedPicture, void>> {
		const value = this.#back.shift();
		return value === undefined ? this.#pictures.next() : { done: false, value };
	}

	/** They come next, before what was put back earlier. */
	putBack(pictures: readonly GroupedPicture[]): void {
		this.#back.unshift(...pictures);
	}

	async close(): Promise<void> {
		await this.#pictures.return?.();
	}
}

/** One group on its way through encoder and decoder. */
class GroupCoder {
	/** What follows the group: the first picture of the next one, or the end. */
	next: IteratorResult<GroupedPicture, void> = { done: true, value: undefined };
	readonly #reader: PictureReader;
	readonly #head: GroupedPicture;
	readonly #downscale: Downscale;
	readonly #inFlight: number;
	/** Pictures whose base is not there yet. */
	readonly #sources: GroupedPicture[];
	readonly #samples: Sample[] = [];
	#room: (() => void) | undefined;
	#reading: Promise<unknown> = Promise.resolve();
	#stopped = false;

	constructor(reader: PictureReader, head: GroupedPicture, downscale: Downscale, inFlight: number) {
		this.#inFlight = inFlight;
		this.#reader = reader;
		this.#head = head;
		this.#sources = [head];
		this.#downscale = downscale;
	}

	/** All of the group. @param describe takes the encoder's track; gives what the decoder shall be made for. */
	async *code(
		codecs: BaseCodecs,
		describe: (track: BaseTrack) => Promise<BaseTrack>,
		signal: AbortSignal,
	): AsyncGenerator<CodedPair, void, undefined> {
		const first = await this.#downscale(this.#head.picture);
		const encoder = await codecs.encoder(this.#head.group, first);
		try {
			const samples = encodeAll(encoder, this.#basePictures(first));
			const begun = await samples.next();
			if (begun.done === true) {
				throw new UploadError("encoder-failed", "The base encoder gave nothing for a group of pictures.");
			}
			const decoder = await codecs.decoder(await describe(await encoder.track()));
			for await (const base of decodeAll(decoder, this.#note(begun.value, samples))) {
				yield this.#pair(base);
				signal.throwIfAborted();
			}
		} finally {
			// Whatever broke off, it is not the garbage collector that ends an encoder of the browser.
			await encoder.close();
		}
	}

	/** Reads no more, after `code` has failed. @returns in order, all that was read and not given out. @throws what reading met */
	async stop(): Promise<readonly GroupedPicture[]> {
		this.#stopped = true;
		this.#room?.();
		// What is being read belongs to the video.
		await this.#reading;
		return this.next.done === true ? this.#sources : [...this.#sources, this.next.value];
	}

	/** The base-size pictures of the group, for the encoder. @param first its first one */
	async *#basePictures(first: Picture): AsyncGenerator<Picture, void, undefined> {
		yield first;
		for (;;) {
			while (this.#sources.length >= this.#inFlight && !this.#stopped) {
				await new Promise<void>((resolve) => (this.#room = resolve));
			}
			if (this.#stopped) {
				return;
			}
			const reading = this.#read();
			this.#reading = reading;
			const picture = await reading;
			if (picture === undefined) {
				return;
			}
			yield await this.#downscale(picture);
		}
	}

	/** The group's next picture; undefined where it is over, and `next` says what follows. */
	async #read(): Promise<SourcePicture | undefined> {
		const read = await this.#reader.next();
		if (read.done === true || read.value.group !== this.#head.group) {
			this.next = read;
			return undefined;
		}
		this.#sources.push(read.value);
		return read.value.picture;
	}

	/** The encoder's samples on their way to the decoder, with the durations that the source has. */
	async *#note(first: Sample, rest: AsyncIterable<Sample>): AsyncGenerator<Sample, void, undefined> {
		let index = 0;
		const keep = (sample: Sample): Sample => {
			if (index === 0 && !sample.sync) {
				throw new UploadError("encoder-failed", "The base encoder began a group without a sync sample.");
			}
			index += 1;
			this.#samples.push(sample);
			return sample;
		};
		yield keep(first);
		for await (const sample of rest) {
			yield keep(sample);
		}
	}

	/** Brings a decoded base picture together with its source and its sample. */
	#pair(base: Picture): CodedPair {
		const source = this.#sources.shift();
		const sample = this.#samples.shift();
		this.#room?.();
		if (source === undefined || sample === undefined || base.timestamp !== source.picture.timestamp) {
			throw new UploadError("encoder-failed", "The base encoder lost a picture or changed the order.");
		}
		return {
			...source,
			sample: { ...sample, timestamp: source.picture.timestamp, duration: source.duration },
			base,
		};
	}
}
