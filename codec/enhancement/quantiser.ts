/** Between symbols and latents: the decoder's side, and the encoder's choice of symbols. */
import { symbolCosts } from "../entropy/tables.ts";
import type { LatentPass } from "../entropy/latent-contexts.ts";
import { LATENT_PLANES } from "../model/model-file.ts";
import type { Grid } from "./geometry.ts";
import type { LatentModel } from "./latent-prior.ts";

/** Latents are in sixteenths of a quantiser step. */
const UNIT = 16;
const LARGEST_LATENT = 4095;
const LARGEST_SYMBOL = 255;

/** `clip(16*symbol + mean, -4095, 4095)` at the positions of one pass (SPEC section 2, parser step 5). */
export function dequantisePass(
	symbols: Int16Array,
	mean: Float32Array,
	latents: Int16Array,
	grid: Grid,
	pass: LatentPass,
): void {
	const { width, height } = grid;
	for (let c = 0, row = 0; c < LATENT_PLANES; c++) {
		for (let y = 0; y < height; y++, row += width) {
			for (let x = (c + y + pass) & 1; x < width; x += 2) {
				const i = row + x;
				const value = UNIT * (symbols[i] as number) + (mean[i] as number);
				latents[i] =
					value < -LARGEST_LATENT ? -LARGEST_LATENT : value > LARGEST_LATENT ? LARGEST_LATENT : value;
			}
		}
	}
}

/**
 * Symbols of one pass: whichever of the nearest level, the next towards zero and zero has the least bits plus cost of error. Greedy: what
 * a symbol does to later contexts is not counted. The weights were trained with symbols chosen so.
 *
 * @param latents real, in quantiser steps, `[96, h8, w8]`
 * @param errorCosts bits that a squared error of one step is worth, per plane
 * @param symbols written at the positions of the pass
 */
export function quantisePass(
	latents: Float32Array,
	model: LatentModel,
	errorCosts: Float32Array,
	symbols: Int16Array,
	grid: Grid,
	pass: LatentPass,
): void {
	const { width, height } = grid;
	const { mean, scale } = model;
	const bits = symbolCosts();
	for (let c = 0, row = 0; c < LATENT_PLANES; c++) {
		const weight = errorCosts[c] as number;
		for (let y = 0; y < height; y++, row += width) {
			for (let x = (c + y + pass) & 1; x < width; x += 2) {
				const i = row + x;
				const index = scale[i] as number;
				const difference = (latents[i] as number) - (mean[i] as number) / UNIT;
				const magnitude = Math.abs(difference);
				if (index === 0 || magnitude < 0.5) {
					symbols[i] = 0;
					continue;
				}
				const nearest = Math.min(Math.floor(magnitude + 0.5), LARGEST_SYMBOL);
				const level = cheapest(nearest, magnitude, bits, index << 8, weight);
				symbols[i] = difference < 0 ? -level : level;
			}
		}
	}
}

/** @param level nearest to `magnitude`. @param table where the bits of a scale index begin */
function cheapest(level: number, magnitude: number, bits: Float32Array, table: number, weight: number): number {
	let best = level;
	let least = (bits[table + level] as number) + weight * (magnitude - level) ** 2;
	for (let candidate = level - 1; candidate >= 0; candidate = candidate > 0 ? 0 : -1) {
		const cost = (bits[table + candidate] as number) + weight * (magnitude - candidate) ** 2;
		if (cost < least) {
			least = cost;
			best = candidate;
		}
	}
	return best;
}
