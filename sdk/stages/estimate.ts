import type { Speed } from "./plan.ts";

/** Planes and samples of the convolution, of the kind that the networks are made of. */
const PLANES = 32;
const SAMPLES = 1024;

/**
 * Milliseconds that are spent, at least this many rounds: the first ones are slower, as their code is not compiled yet, and a machine that is
 * busy for a moment should not count as a slow one.
 */
const BUDGET = 200;
const LEAST_ROUNDS = 8;

/**
 * What a frame takes, in rounds of {@link round}, on one thread of WASM: a round takes 1.63 ms where frames of 320x180 and 640x360 take 221 and
 * 1010 ms ("Speed and cost" in `bench/RESULTS.md`, `encode WASM`), and one of 480x270 some 510 (`bench/sdk/promises.ts`, effort `realtime`).
 * Processors differ in how fast they are, less in this, but how much less is a guess. An error costs what one of a GPU's speed does
 * (`estimate-gpu.ts`).
 */
const ROUNDS = { fixed: 5, each: 0.0026 };

const weights = new Float32Array(PLANES * PLANES).map((_, index) => Math.sin(index) / PLANES);
const from = new Float32Array(PLANES * SAMPLES).map((_, index) => Math.cos(index));
const to = new Float32Array(PLANES * SAMPLES);

/** A convolution of one sample's reach, a million products. */
const round = (): void => {
	to.fill(0);
	for (let out = 0; out < PLANES; out++) {
		for (let into = 0; into < PLANES; into++) {
			const weight = weights[out * PLANES + into] ?? 0;
			for (let at = 0; at < SAMPLES; at++) {
				to[out * SAMPLES + at] = (to[out * SAMPLES + at] ?? 0) + weight * (from[into * SAMPLES + at] ?? 0);
			}
		}
	}
};

/**
 * How fast a processor will encode, told from plain arithmetic within a fifth of a second: before a runtime of several megabytes is
 * there, so that the first seconds of the base need not wait for it. The fastest round counts: nothing else on the machine disturbed it.
 * @param now milliseconds; a test brings its own clock.
 */
export const estimateSpeed = (now: () => number = () => performance.now()): Speed => {
	const start = now();
	let best = Number.POSITIVE_INFINITY;
	for (let rounds = 0; rounds < LEAST_ROUNDS || now() - start < BUDGET; rounds++) {
		const before = now();
		round();
		best = Math.min(best, now() - before);
	}
	const seconds = best / 1000;
	return { fixed: seconds * ROUNDS.fixed, each: seconds * ROUNDS.each };
};
