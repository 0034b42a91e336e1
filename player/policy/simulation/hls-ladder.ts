/**
 * hls.js's own choice of a level for recorded video with its default settings (abr-controller.ts of 1.7,
 * `findBestLevel`, `getNextABRAutoLevel` and the check that abandons a segment), for levels of one codec.
 */

/** Half-lives of its two averages in seconds (`abrEwmaFastVoD`, `abrEwmaSlowVoD`), and its first guess in bits a second. */
const FAST_HALF_LIFE = 3;
const SLOW_HALF_LIFE = 9;
const FIRST_GUESS = 500_000;
/** `abrBandWidthFactor`, `abrBandWidthUpFactor`, `maxStarvationDelay`. */
const BANDWIDTH_FACTOR = 0.95;
const BANDWIDTH_UP_FACTOR = 0.7;
const MAX_STARVATION_SECONDS = 4;

/** `maxBufferLength`, `maxMaxBufferLength` in seconds, `maxBufferSize` in bits. */
const BUFFER_SECONDS = 30;
const MOST_BUFFER_SECONDS = 600;
const BUFFER_BITS = 8 * 60e6;

/** Seconds of buffer up to which it loads segments of this bitrate (`getMaxBufferLength`). */
export function bufferTarget(bitrate: number): number {
	return Math.min(MOST_BUFFER_SECONDS, Math.max(BUFFER_BITS / bitrate, BUFFER_SECONDS));
}

type Average = { readonly sum: number; readonly weight: number };

/** Its estimate of the network: a value, `sampleLadder` returns the next. */
export type LadderEstimate = { readonly fast: Average; readonly slow: Average };

/** Nothing seen yet. */
export const NO_LADDER_ESTIMATE: LadderEstimate = { fast: { sum: 0, weight: 0 }, slow: { sum: 0, weight: 0 } };

/** Takes a segment of so many bits that took so many seconds after its first byte. */
export function sampleLadder(estimate: LadderEstimate, bits: number, seconds: number): LadderEstimate {
	const duration = Math.max(seconds, Math.min(0.05, bits / 8 / 1e8));
	const average = ({ sum, weight }: Average, halfLife: number): Average => {
		const keep = 0.5 ** (duration / halfLife);
		return { sum: (bits / duration) * (1 - keep) + keep * sum, weight: weight + duration };
	};
	return { fast: average(estimate.fast, FAST_HALF_LIFE), slow: average(estimate.slow, SLOW_HALF_LIFE) };
}

/** Bits a second: the lower of the two averages. */
export function ladderBandwidth({ fast, slow }: LadderEstimate): number {
	if (fast.weight < 0.001) return FIRST_GUESS;
	const value = ({ sum, weight }: Average, halfLife: number) => sum / (1 - 0.5 ** (weight / halfLife));
	return Math.min(value(fast, FAST_HALF_LIFE), value(slow, SLOW_HALF_LIFE));
}

/** What the choice of a level looks at. */
export type LadderObservation = {
	/** Bits a second of each level, ascending. */
	readonly bitrates: readonly number[];
	readonly segmentSeconds: number;
	/** Level of the last segment; undefined before the first. */
	readonly current: number | undefined;
	readonly bandwidth: number;
	/** Seconds of buffer ahead. */
	readonly buffer: number;
	/** Seconds from request to first byte. */
	readonly latency: number;
};

/** The level of the next segment. */
export function chooseLevel(o: LadderObservation): number {
	const steady = o.buffer > 0 ? bestLevel(o, o.buffer) : -1;
	if (steady >= 0) return steady;
	const starving = bestLevel(o, o.buffer + Math.min(o.segmentSeconds, MAX_STARVATION_SECONDS));
	return Math.max(starving, 0);
}

function bestLevel(o: LadderObservation, longestFetch: number): number {
	return o.bitrates.findLastIndex((bitrate, level) => {
		const factor = level > (o.current ?? 0) ? BANDWIDTH_UP_FACTOR : BANDWIDTH_FACTOR;
		const bandwidth = factor * o.bandwidth;
		return bandwidth >= bitrate && o.latency + (bitrate * o.segmentSeconds) / bandwidth < longestFetch;
	});
}

/**
 * Says whether the segment that is loading is given up for one of a lower level: it would come too late, and another would
 * come earlier.
 */
export function abandons(o: {
	readonly bitrates: readonly number[];
	readonly segmentSeconds: number;
	readonly level: number;
	/** Seconds since the request, and bits that have arrived and are missing. */
	readonly seconds: number;
	readonly loaded: number;
	readonly left: number;
	readonly buffer: number;
	readonly bandwidth: number;
	readonly latency: number;
}): boolean {
	if (o.level === 0 || o.seconds <= Math.max(o.latency, o.segmentSeconds / 2)) return false;
	const rate = o.loaded > 0 ? o.loaded / Math.max(o.seconds - o.latency, 0.01) : undefined;
	const finished = rate === undefined ? o.left / o.bandwidth + o.latency : o.left / rate;
	if (finished <= o.buffer) return false;
	const speed = rate ?? o.bandwidth;
	let lower = Number.POSITIVE_INFINITY;
	for (let level = o.level - 1; level >= 0; level--) {
		lower = o.latency + (o.segmentSeconds * (o.bitrates[level] ?? 0)) / speed;
		if (lower < Math.min(o.buffer, o.segmentSeconds + o.latency)) break;
	}
	return lower < finished && lower <= 10 * o.segmentSeconds;
}
