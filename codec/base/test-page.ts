import { hashPicture } from "../hash/picture-hash.ts";
import { testPictures } from "../picture/test-pictures.ts";
import type { Sample } from "../sample.ts";
import type { BaseTrack } from "../track.ts";
import { type BaseCodecName, decodeAll, encodeAll } from "./base-codec.ts";
import { WebCodecsBaseDecoder, WebCodecsBaseEncoder } from "./webcodecs-base.ts";

/** For tests: runs inside a page, called from Node. Everything that crosses is plain JSON. */

export type SampleJson = Omit<Sample, "data"> & { readonly data: readonly number[] };
export type TrackJson = Omit<BaseTrack, "description"> & { readonly description: readonly number[] };

/** Encodes `count` test pictures. */
const encode = async (codec: BaseCodecName, width: number, height: number, count: number) => {
	const encoder = await WebCodecsBaseEncoder.create({
		width,
		height,
		frameRate: { numerator: 25, denominator: 1 },
		colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
		keyInterval: 5,
		rate: { bitrate: 80_000 },
		codecs: [codec],
	});
	const samples: SampleJson[] = [];
	for await (const sample of encodeAll(encoder, testPictures(width, height, count))) {
		samples.push({ ...sample, data: [...sample.data] });
	}
	const track = await encoder.track();
	return { samples, track: { ...track, description: [...track.description] } };
};

/** Hashes and times of the decoded pictures, or the code of the error that ended decoding. */
const decode = async (track: TrackJson, samples: readonly SampleJson[]) => {
	const decoder = new WebCodecsBaseDecoder({ ...track, description: Uint8Array.from(track.description) });
	const pictures: { readonly hash: number; readonly timestamp: number; readonly size: string }[] = [];
	try {
		const list = samples.map((sample) => ({ ...sample, data: Uint8Array.from(sample.data) }));
		for await (const picture of decodeAll(decoder, list)) {
			const { width, height, timestamp } = picture;
			pictures.push({ hash: hashPicture(picture), timestamp, size: `${width}x${height}` });
		}
	} catch (error) {
		return { pictures, error: error instanceof Error && "code" in error ? String(error.code) : String(error) };
	}
	return { pictures, error: undefined };
};

const bench = { encode, decode };
export type BaseBench = typeof bench;
Object.assign(globalThis, { bench });
