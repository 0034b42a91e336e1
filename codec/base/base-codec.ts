import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import type { BaseTrack, ColourSpace } from "../track.ts";

/** Codecs of the base: H.264, VP9, AV1. */
export type BaseCodecName = "avc" | "vp9" | "av1";

/** How the base is coded. */
export type BaseEncoderConfig = {
	/** Of the base pictures, both even. */
	readonly width: number;
	readonly height: number;
	/** Nominal; sample times come from the pictures. */
	readonly frameRate: { readonly numerator: number; readonly denominator: number };
	readonly colour: ColourSpace;
	/** Every so many pictures one is a sync sample, and no other is unless the encoder is told so. */
	readonly keyInterval: number;
	/** Constant quality (0..51, H.264's scale, less is better) or bits a second. */
	readonly rate: { readonly crf: number } | { readonly bitrate: number };
	/** Ends everything with `aborted`. */
	readonly signal?: AbortSignal | undefined;
};

/**
 * Pictures in, samples out, one each and in the same order (no reordering anywhere). Feed and read side by side: encoders
 * hold a few pictures back, so whoever waits for a sample after each picture waits forever.
 */
export interface BaseEncoder {
	/** Takes a picture; resolves when the next may come. @throws CodecError when the encoder gave up. */
	encode(picture: Picture): Promise<void>;
	/** No more pictures: what is held back comes out, and `samples` ends. */
	finish(): Promise<void>;
	/** The samples, for one reader. @throws CodecError when the encoder gave up. */
	samples(): AsyncGenerator<Sample, void, undefined>;
	/** Known once the first sample is. */
	track(): Promise<BaseTrack>;
	/** Frees everything; safe at any time and more than once. */
	close(): Promise<void>;
}

/** Samples in (from a sync sample on), exact pictures of the visible size out, one each and in the same order. */
export interface BaseDecoder {
	/** Takes a sample; resolves when the next may come. @throws CodecError when the decoder gave up. */
	decode(sample: Sample): Promise<void>;
	/** No more samples: what is held back comes out, and `pictures` ends. */
	finish(): Promise<void>;
	/** The pictures, with the times of their samples, for one reader. @throws CodecError when the decoder gave up. */
	pictures(): AsyncGenerator<Picture, void, undefined>;
	/** Frees everything; safe at any time and more than once. */
	close(): Promise<void>;
}

/** Decodes all samples: feeds and reads side by side, and closes the decoder at the end. */
export async function* decodeAll(
	decoder: BaseDecoder,
	samples: AsyncIterable<Sample> | Iterable<Sample>,
): AsyncGenerator<Picture, void, undefined> {
	const feed = async () => {
		for await (const sample of samples) await decoder.decode(sample);
		await decoder.finish();
	};
	yield* readWhileFeeding(decoder.pictures(), feed, () => decoder.close());
}

/** Encodes all pictures: feeds and reads side by side, and closes the encoder at the end. */
export async function* encodeAll(
	encoder: BaseEncoder,
	pictures: AsyncIterable<Picture> | Iterable<Picture>,
): AsyncGenerator<Sample, void, undefined> {
	const feed = async () => {
		for await (const picture of pictures) await encoder.encode(picture);
		await encoder.finish();
	};
	yield* readWhileFeeding(encoder.samples(), feed, () => encoder.close());
}

/** Yields `items` while `feed` runs beside; a failed feed closes the codec, so that reading ends too, and is thrown. */
async function* readWhileFeeding<T>(
	items: AsyncGenerator<T, void, undefined>,
	feed: () => Promise<void>,
	close: () => Promise<void>,
): AsyncGenerator<T, void, undefined> {
	let failure: { readonly error: unknown } | undefined;
	const feeding = feed().catch(async (error: unknown) => {
		failure = { error };
		await close();
	});
	try {
		yield* items;
		await feeding;
	} catch (error) {
		// Closing makes reading fail as well; the cause is what feeding met.
		throw failure?.error ?? error;
	} finally {
		await close();
	}
	if (failure !== undefined) throw failure.error;
}
