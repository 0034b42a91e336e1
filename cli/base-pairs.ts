import { decodeAll, encodeAll } from "../codec/base/base-codec.ts";
import { FfmpegBaseDecoder, FfmpegBaseEncoder, type FfmpegBaseConfig } from "../codec/base/ffmpeg-base.ts";
import { CodecError } from "../codec/errors.ts";
import { downscalePicture } from "../codec/picture/downscale.ts";
import type { Picture } from "../codec/picture/picture.ts";
import type { Sample } from "../codec/sample.ts";
import type { BaseTrack } from "../codec/track.ts";

/** A source picture, its base sample, and the picture that every decoder makes of that. */
export type BasePair = { readonly source: Picture; readonly sample: Sample; readonly base: Picture };

/** Source pictures on their way through base encoder and decoder at the same time: more than either holds back. */
const IN_FLIGHT = 24;

/**
 * Codes the base of a video and decodes it again, picture by picture; memory holds `IN_FLIGHT` source pictures.
 * @param onTrack called once, before the first pair.
 */
export async function* codeBase(
	pictures: AsyncIterable<Picture>,
	config: FfmpegBaseConfig,
	onTrack: (track: BaseTrack) => Promise<void>,
): AsyncGenerator<BasePair, void, undefined> {
	const sources: Picture[] = [];
	const samples: Sample[] = [];
	const gate: { wake?: () => void; ended: boolean } = { ended: false };
	const small = async function* () {
		for await (const picture of pictures) {
			if (gate.ended) return;
			sources.push(picture);
			yield downscalePicture(picture);
			while (sources.length >= IN_FLIGHT && !gate.ended)
				await new Promise<void>((resolve) => (gate.wake = resolve));
		}
	};
	const encoder = new FfmpegBaseEncoder(config);
	const encoded = encodeAll(encoder, small());
	const note = async function* () {
		for await (const sample of encoded) {
			samples.push(sample);
			yield sample;
		}
	};
	try {
		const noted = note();
		const first = await noted.next();
		if (first.done === true) return;
		const track = await encoder.track();
		await onTrack(track);
		const decoder = new FfmpegBaseDecoder(track, { signal: config.signal });
		for await (const base of decodeAll(decoder, startingWith(first.value, noted))) {
			const source = sources.shift();
			const sample = samples.shift();
			if (source === undefined || sample === undefined || base.timestamp !== source.timestamp) {
				throw new CodecError("backend-failed", "The base codec lost a picture or changed the order.");
			}
			gate.wake?.();
			yield { source, sample, base };
		}
	} finally {
		gate.ended = true;
		gate.wake?.();
		await encoder.close();
	}
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
	yield first;
	yield* rest;
}
