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
 */
export async function* codeBase(
	pictures: AsyncIterable<GroupedPicture>,
	downscale: Downscale,
	codecs: BaseCodecs,
	onTrack: (track: BaseTrack) => Promise<void>,
	inFlight: number,
	signal: AbortSignal,
): AsyncGenerator<CodedPair, void, undefined> {
	const reader = pictures[Symbol.asyncIterator]();
	let described: BaseTrack | undefined;
	try {
		let head = await reader.next();
		while (head.done !== true) {
			signal.throwIfAborted();
			const first = await downscale(head.value.picture);
			const group = new GroupCoder(reader, head.value, downscale, inFlight);
			const encoder = await codecs.encoder(head.value.group, first);
			try {
				const samples = encodeAll(encoder, group.basePictures(first));
				const begun = await samples.next();
				if (begun.done === true) {
					throw new UploadError("encoder-failed", "The base encoder gave nothing for a group of pictures.");
				}
				const track = await encoder.track();
				if (described === undefined) {
					described = track;
					await onTrack(track);
				} else if (!sameDescription(described, track)) {
					throw new UploadError(
						"encoder-failed",
						"The base encoder changed its parameters in the middle of the video.",
						{
							hint: "Try again, or choose another codec with options.base.",
						},
					);
				}
				const decoder = await codecs.decoder(described);
				for await (const base of decodeAll(decoder, group.note(begun.value, samples))) {
					yield group.pair(base);
					signal.throwIfAborted();
				}
			} finally {
				// Whatever broke off, it is not the garbage collector that ends an encoder of the browser.
				await encoder.close();
			}
			head = group.next;
		}
	} finally {
		await reader.return?.();
	}
}

const sameDescription = (left: BaseTrack, right: BaseTrack): boolean =>
	left.description.length === right.description.length &&
	left.description.every((byte, index) => byte === right.description[index]);

/** The full picture to base size; it stays. */
type Downscale = (picture: SourcePicture) => Promise<Picture>;

/** One group on its way through encoder and decoder. */
class GroupCoder {
	/** What follows the group: the first picture of the next one, or the end. */
	next: IteratorResult<GroupedPicture, void> = { done: true, value: undefined };
	readonly #reader: AsyncIterator<GroupedPicture, void>;
	readonly #head: GroupedPicture;
	readonly #downscale: Downscale;
	readonly #inFlight: number;
	readonly #sources: GroupedPicture[] = [];
	readonly #samples: Sample[] = [];
	#room: (() => void) | undefined;

	constructor(
		reader: AsyncIterator<GroupedPicture, void>,
		head: GroupedPicture,
		downscale: Downscale,
		inFlight: number,
	) {
		this.#inFlight = inFlight;
		this.#reader = reader;
		this.#head = head;
		this.#downscale = downscale;
	}

	/** The base-size pictures of the group, for the encoder. @param first its first one */
	async *basePictures(first: Picture): AsyncGenerator<Picture, void, undefined> {
		let current: IteratorResult<GroupedPicture, void> = { done: false, value: this.#head };
		while (current.done !== true && current.value.group === this.#head.group) {
			this.#sources.push(current.value);
			yield current.value === this.#head ? first : await this.#downscale(current.value.picture);
			while (this.#sources.length >= this.#inFlight) {
				await new Promise<void>((resolve) => (this.#room = resolve));
			}
			current = await this.#reader.next();
		}
		this.next = current;
	}

	/** The encoder's samples on their way to the decoder, with the durations that the source has. */
	async *note(first: Sample, rest: AsyncIterable<Sample>): AsyncGenerator<Sample, void, undefined> {
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
	pair(base: Picture): CodedPair {
		const source = this.#sources.shift();
		const sample = this.#samples.shift();
		this.#room?.();
		if (source === undefined || sample === undefined || base.timestamp !== source.picture.timestamp) {
			throw new UploadError("encoder-failed", "The base encoder lost a picture or changed the order.", {
				hint: "Try again, or choose another codec with options.base.",
			});
		}
		return {
			...source,
			sample: { ...sample, timestamp: source.picture.timestamp, duration: source.duration },
			base,
		};
	}
}
