import type { Track } from "../track.ts";

/** Microseconds in a second. */
const MICROSECONDS = 1_000_000;

/**
 * Ticks a second in which a track is stored. Video counts microseconds, so its times are stored as they are. Audio counts its
 * own samples: a frame of 1024 samples at 44.1 kHz is 23219.95 microseconds, and sums of rounded microseconds would drift.
 * Every time is converted by itself (never a sum of converted durations), and a tick of audio is longer than two
 * microseconds (rates below 500 kHz), so ticks -> microseconds -> ticks gives the same ticks.
 */
export const timescaleOf = (track: Track): number => (track.kind === "audio" ? track.sampleRate : MICROSECONDS);

/** A time in microseconds as whole ticks, rounded to the nearest. */
export const toTicks = (microseconds: number, timescale: number): number =>
	timescale === MICROSECONDS ? Math.round(microseconds) : Math.round((microseconds * timescale) / MICROSECONDS);

/** A time in ticks as whole microseconds, rounded to the nearest. */
export const toMicroseconds = (ticks: number, timescale: number): number =>
	timescale === MICROSECONDS ? ticks : Math.round((ticks * MICROSECONDS) / timescale);
