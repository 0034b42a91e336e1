import { writeSequenceHeader } from "../bitstream/sequence-header.ts";
import type { Sample } from "../sample.ts";
import type { AudioTrack, BaseTrack, EnhancementTrack } from "../track.ts";

const fromHex = (text: string): Uint8Array =>
	Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };

/** Tracks for tests; their descriptions are such as encoders write. */
export const avcTrack: BaseTrack = {
	kind: "base",
	codec: "avc1.64000b",
	width: 160,
	height: 90,
	// AVCDecoderConfigurationRecord of a 160x90 stream of x264
	description: fromHex(
		"0164000bffe100196764000bacb2051bf26022000003000200000300641e28549001000668ebc3cb22c0fdf8f800",
	),
	colour,
};
export const vp9Track: BaseTrack = {
	...avcTrack,
	codec: "vp09.00.10.08",
	description: Uint8Array.of(0, 10, 0x82, 1, 1, 1, 0, 0),
};
export const av1Track: BaseTrack = {
	...avcTrack,
	codec: "av01.0.00M.08",
	description: Uint8Array.of(0x81, 0, 0x0c, 0),
};

const modelId = "00112233445566778899aabbccddeeff";
export const enhancementTrack: EnhancementTrack = {
	kind: "enhancement",
	codec: "sve1.01",
	width: 640,
	height: 360,
	q: 33,
	modelId,
	description: writeSequenceHeader({
		modelId,
		width: 640,
		height: 360,
		baseWidth: 160,
		baseHeight: 90,
		colour,
		q: 33,
	}),
};
export const aacTrack: AudioTrack = {
	kind: "audio",
	codec: "mp4a.40.2",
	sampleRate: 44_100,
	channels: 2,
	description: Uint8Array.of(0x12, 0x10),
};
export const opusTrack: AudioTrack = {
	kind: "audio",
	codec: "opus",
	sampleRate: 48_000,
	channels: 2,
	description: Uint8Array.of(0, 2, 0x01, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0), // version, channels, pre-skip, rate, gain, family
};

/** `count` samples of different sizes, every `gop`th a sync sample. */
export const testSamples = (count: number, gop: number, { first = 0, duration = 40_000, seed = 1 } = {}): Sample[] =>
	Array.from({ length: count }, (_, index) => ({
		data: Uint8Array.from(
			{ length: 8 + ((index * 7 + seed * 3) % 23) },
			(__, byte) => index * 31 + byte * 7 + seed,
		),
		timestamp: Math.round((first + index) * duration),
		duration: Math.round((first + index + 1) * duration) - Math.round((first + index) * duration),
		sync: index % gop === 0,
	}));
