/** The committed conformance streams: what there is, and reading them. Runs in Node and in a page. */
import type { FrameType } from "../../codec/bitstream/frame-header.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";

export type ManifestFrame = {
	readonly type: FrameType;
	readonly q: number;
	/** Bytes of the sample in the stream's `.samples` file; samples follow each other. */
	readonly bytes: number;
	/** CRC-32C, 8 hex digits: of the parsed latents (int16, little-endian), and of the decoded picture. */
	readonly latents: string;
	readonly picture: string;
};

export type ManifestStream = {
	readonly name: string;
	/** What it is there for. */
	readonly about: string;
	readonly width: number;
	readonly height: number;
	readonly baseWidth: number;
	readonly baseHeight: number;
	readonly frames: readonly ManifestFrame[];
};

export type Manifest = { readonly modelId: string; readonly streams: readonly ManifestStream[] };

/** A frame as the decoder gets it, and what must come out. */
export type ConformanceFrame = { readonly sample: Sample; readonly base: Picture; readonly expected: ManifestFrame };

/**
 * @param samples the stream's `<name>.samples`
 * @param bases the stream's `<name>.bases`: base pictures, planes Y, U, V, frame by frame
 */
export function framesOf(
	stream: ManifestStream,
	samples: Uint8Array,
	bases: Uint8Array,
	duration: number,
): readonly ConformanceFrame[] {
	const { baseWidth, baseHeight } = stream;
	const luma = baseWidth * baseHeight;
	const chroma = Math.ceil(baseWidth / 2) * Math.ceil(baseHeight / 2);
	let at = 0;
	const frames = stream.frames.map((expected, index) => {
		const timestamp = index * duration;
		const data = samples.subarray(at, at + expected.bytes);
		at += expected.bytes;
		const planes = bases.subarray(index * (luma + 2 * chroma), (index + 1) * (luma + 2 * chroma));
		return {
			sample: { data, timestamp, duration, sync: expected.type === "intra" },
			base: {
				width: baseWidth,
				height: baseHeight,
				y: planes.subarray(0, luma),
				u: planes.subarray(luma, luma + chroma),
				v: planes.subarray(luma + chroma),
				timestamp,
			},
			expected,
		};
	});
	if (at !== samples.length || bases.length !== stream.frames.length * (luma + 2 * chroma)) {
		throw new Error(`The files of stream ${stream.name} do not fit the manifest.`);
	}
	return frames;
}

/** A hash as the manifest writes it. */
export function hex(hash: number): string {
	return hash.toString(16).padStart(8, "0");
}
