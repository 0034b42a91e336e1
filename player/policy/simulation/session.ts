import type { SimulationResult } from "./viewer.ts";

/** A stream as the simulation sees it. Bits and seconds; qualities are numbers on one scale. */
export type SimulatedStream = {
	readonly seconds: number;
	readonly segmentSeconds: number;
	readonly baseBitrate: number;
	readonly baseQuality: number;
	/** Cheapest first; bits a second of the enhancement alone. */
	readonly enhancements: readonly { readonly id: string; readonly bitrate: number; readonly quality: number }[];
	/** The same qualities as single-layer video, lowest first: what a classic ladder offers. */
	readonly ladder: readonly { readonly bitrate: number; readonly quality: number }[];
	/** Luma samples a second of the full picture. */
	readonly samplesPerSecond: number;
	/** Bytes of scripts and weights; 0: they are in the browser's cache. */
	readonly decoderBytes: number;
};

/**
 * Who decides: our policies; nobody (the base alone); "enhance the next segment whenever bandwidth allows"; or hls.js on a
 * classic ladder.
 */
export type Strategy = "diagonal" | "base-only" | "naive" | "ladder";

/** Seconds that one step of the simulation takes. */
export const STEP = 0.01;

/** A session that the simulation moves on in time. */
export type SimulatedSession = {
	readonly ended: boolean;
	/** Moves on from `now` by `STEP` seconds. */
	step(now: number): void;
	result(): SimulationResult;
};
