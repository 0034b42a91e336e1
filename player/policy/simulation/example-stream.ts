import type { SimulatedStream } from "./session.ts";

/**
 * Bits of base and enhancement for each bit of a single-layer rendition of the same quality: the overall BD-rate in PSNR-YUV against
 * x264 veryfast of bench/RESULTS.md, -23.7 percent.
 */
const LAYERED_SHARE = 0.763;

const ENHANCEMENTS = [
	{ id: "e20", bitrate: 350_000, quality: 33 },
	{ id: "e36", bitrate: 900_000, quality: 36 },
	{ id: "e50", bitrate: 2_200_000, quality: 39 },
];
const BASE = { bitrate: 150_000, quality: 27 };

/** 640x360 at 25 frames a second; qualities are PSNR of the order that the codec reaches. */
export const exampleStream = (seconds: number, decoderBytes: number): SimulatedStream => ({
	seconds,
	segmentSeconds: 2,
	baseBitrate: BASE.bitrate,
	baseQuality: BASE.quality,
	enhancements: ENHANCEMENTS,
	ladder: [
		BASE,
		...ENHANCEMENTS.map(({ bitrate, quality }) => ({
			bitrate: (bitrate + BASE.bitrate) / LAYERED_SHARE,
			quality,
		})),
	],
	samplesPerSecond: 640 * 360 * 25,
	decoderBytes,
});
