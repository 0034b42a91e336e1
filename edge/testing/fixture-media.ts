import { writeSample } from "../../codec/bitstream/sample.ts";
import { writeSequenceHeader } from "../../codec/bitstream/sequence-header.ts";
import type { Sample } from "../../codec/sample.ts";
import type { AudioTrack, BaseTrack, ColourSpace, EnhancementTrack, Track } from "../../codec/track.ts";
import type { CreateAssetRequest } from "../../protocol/asset.ts";
import { trackToJson } from "../../protocol/track.ts";

/**
 * Media for tests: real containers, headers and framing around payloads that stand for pictures. The edge decodes none, so these go
 * every way that an encoder's samples go.
 */
const colour: ColourSpace = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };
const MODEL_ID = "00112233445566778899aabbccddeeff";

/** Microseconds of a frame at 25 frames a second. */
export const FRAME = 40_000;

/** Microseconds of an AAC frame at 48 kHz, rounded. */
const AUDIO_FRAME = (index: number): number => Math.round((index * 1024 * 1_000_000) / 48_000);

export const baseTrack: BaseTrack = {
	kind: "base",
	codec: "avc1.42c01e",
	width: 160,
	height: 90,
	colour,
	// avcC with one SPS and one PPS, NAL lengths of four bytes.
	description: new Uint8Array([1, 66, 192, 30, 255, 225, 0, 4, 103, 66, 192, 30, 1, 0, 4, 104, 206, 60, 128]),
};

export const audioTrack: AudioTrack = {
	kind: "audio",
	codec: "mp4a.40.2",
	sampleRate: 48_000,
	channels: 2,
	description: new Uint8Array([0x11, 0x90]),
};

/** An enhancement of quality `q` of a 640 x 360 picture. */
export const enhancementTrack = (q: number): EnhancementTrack => ({
	kind: "enhancement",
	codec: "sve1.01",
	width: 640,
	height: 360,
	q,
	modelId: MODEL_ID,
	description: writeSequenceHeader({
		modelId: MODEL_ID,
		width: 640,
		height: 360,
		baseWidth: 160,
		baseHeight: 90,
		colour,
		q,
	}),
});

/** Bytes that follow from a seed alone. */
const noise = (length: number, seed: number): Uint8Array => {
	let state = (seed * 2_654_435_761 + 1) >>> 0;
	return Uint8Array.from({ length }, () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state >>> 24;
	});
};

const avcSample = (index: number, sync: boolean, size: number): Uint8Array => {
	const nal = noise(size, index);
	nal[0] = sync ? 0x65 : 0x41;
	const bytes = new Uint8Array(4 + nal.length);
	new DataView(bytes.buffer).setUint32(0, nal.length);
	bytes.set(nal, 4);
	return bytes;
};

const enhancementSample = (index: number, sync: boolean, size: number, q: number): Uint8Array =>
	writeSample({
		type: sync ? "intra" : "inter",
		q,
		baseHash: sync ? index : undefined,
		pictureHash: undefined,
		hasMotion: !sync,
		hasLatents: true,
		payload: noise(size, index + 1),
	});

/** Options of a made-up video. */
export type Clip = {
	readonly frames: number;
	/** Frames from one sync sample to the next. */
	readonly gop?: number;
	/** Bytes of a base sample, about. */
	readonly size?: number;
};

/** Samples of the base. */
export const baseSamples = ({ frames, gop = 50, size = 120 }: Clip): Sample[] =>
	Array.from({ length: frames }, (_, index) => {
		const sync = index % gop === 0;
		return { data: avcSample(index, sync, size + (index % 7)), timestamp: index * FRAME, duration: FRAME, sync };
	});

/** Samples of an enhancement. */
export const enhancementSamples = ({ frames, gop = 50, size = 120 }: Clip, q: number): Sample[] =>
	Array.from({ length: frames }, (_, index) => {
		const sync = index % gop === 0;
		const data = enhancementSample(index, sync, 2 * size + (index % 5), q);
		return { data, timestamp: index * FRAME, duration: FRAME, sync };
	});

/** Samples of the audio, as long as the video. */
export const audioSamples = ({ frames }: Clip): Sample[] =>
	Array.from({ length: Math.ceil((frames * FRAME * 48_000) / 1_024_000_000) }, (_, index) => ({
		data: noise(60 + (index % 9), index),
		timestamp: AUDIO_FRAME(index),
		duration: AUDIO_FRAME(index + 1) - AUDIO_FRAME(index),
		sync: true,
	}));

/** A track of a clip with its samples. */
export type ClipTrack = { readonly id: string; readonly track: Track; readonly samples: readonly Sample[] };

/** Base, one enhancement, and audio. */
export const clipTracks = (clip: Clip): readonly ClipTrack[] => [
	{ id: "base", track: baseTrack, samples: baseSamples(clip) },
	{ id: "e40", track: enhancementTrack(40), samples: enhancementSamples(clip, 40) },
	{ id: "audio", track: audioTrack, samples: audioSamples(clip) },
];

/** The request that makes an asset of these tracks. */
export const createRequest = (
	tracks: readonly ClipTrack[],
	more: Partial<CreateAssetRequest> = {},
): CreateAssetRequest => ({
	width: 640,
	height: 360,
	frameRate: 25,
	title: "Fixture",
	tracks: tracks.map(({ id, track }) => trackToJson(id, track)),
	...more,
});
