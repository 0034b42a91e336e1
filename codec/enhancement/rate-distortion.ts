/** What errors are worth in bits, by quality index. The encoder's choices only; a decoder knows nothing of it. */
import { LATENT_PLANES, type ModelTables, QUALITIES, rowOf } from "../model/model-file.ts";

const SMALLEST_LAMBDA = 40;
const LARGEST_LAMBDA = 1600;
const LUMA_PLANES = 64;
/** Weights of squared errors: a mean over luma, and a mean over both chroma planes, which have half luma's samples. */
export const LUMA_WEIGHT = 0.75;
export const CHROMA_WEIGHT = 2 * 1.0;
/** Units of a quantiser step (`steps` in the tables) in the sample range. */
const STEP_UNITS = 2048;
/** Later frames inherit an error, so it weighs more than its own picture says. */
const INHERITANCE = 2.5;

/** Cost of coding: bits + lambda * sum of weighted squared errors, samples in 0..1. Log-spaced, 40..1600 over q 0..63. */
export function lambdaOf(q: number): number {
	return SMALLEST_LAMBDA * (LARGEST_LAMBDA / SMALLEST_LAMBDA) ** (q / (QUALITIES - 1));
}

/** The prediction network mends half of what a vector could, so motion is worth half of what its own error says (measured). */
const MOTION_THRIFT = 2;

/** Squared luma error, 8-bit samples, that is worth one bit: what the motion search trades with. */
export function motionErrorPerBit(q: number): number {
	return (MOTION_THRIFT * 255 ** 2) / (LUMA_WEIGHT * lambdaOf(q));
}

/** Bits that a squared error of one quantiser step is worth, per plane of latents. */
export function errorCosts(tables: ModelTables, q: number): Float32Array {
	const steps = rowOf(tables.steps, q);
	const lambda = lambdaOf(q);
	const costs = new Float32Array(LATENT_PLANES);
	for (let c = 0; c < LATENT_PLANES; c++) {
		const step = (steps[c] as number) / STEP_UNITS;
		costs[c] = INHERITANCE * lambda * (c < LUMA_PLANES ? LUMA_WEIGHT : CHROMA_WEIGHT) * step * step;
	}
	return costs;
}
