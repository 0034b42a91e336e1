/** Adaptive quality: every block of 32x32 luma samples has a quality index of its own (SPEC section 4.6). */
import { LARGEST_OFFSET } from "../entropy/quality-coder.ts";
import { QUALITIES } from "../model/model-file.ts";
import type { Grid } from "./geometry.ts";

/** Quality indices in a step of an offset. */
const OFFSET_UNIT = 4;
const BLOCK = 32;
const PATCH = 8;
/** Distance, in offsets, up to which a block keeps the one it had. */
const HYSTERESIS = 0.75;

/** Quality index of each block: the frame's, moved by its offset. `[H/32, W/32]` */
export function qualityMap(q: number, offsets: Int8Array): Uint8Array {
	return Uint8Array.from(offsets, (offset) => Math.min(Math.max(q + OFFSET_UNIT * offset, 0), QUALITIES - 1));
}

/**
 * Offsets that make flat blocks finer and busy ones coarser, as the eye sees errors: each halving of a block's variance below the
 * picture's is worth `strength` quality indices. An offset that is nearly what it was stays so: noise costs no bits.
 *
 * @param luma of the coded size. @param strength 0 (none) to 8. @param previous offsets of the frame before
 */
export function adaptiveOffsets(
	luma: Uint8Array,
	{ width, height, cells }: Grid,
	strength: number,
	previous?: Int8Array,
): Int8Array {
	const detail = new Float64Array(cells);
	const perSide = BLOCK / PATCH;
	for (let y = 0; y < perSide * height; y++) {
		for (let x = 0; x < perSide * width; x++) {
			const block = Math.floor(y / perSide) * width + Math.floor(x / perSide);
			const variance = varianceOf(luma, PATCH * (y * BLOCK * width + x), BLOCK * width);
			detail[block] = (detail[block] as number) + Math.log2(1 + variance) / perSide ** 2;
		}
	}
	const mean = detail.reduce((sum, value) => sum + value, 0) / cells;
	return Int8Array.from(detail, (value, block) => {
		const offset = Math.min(Math.max((-strength * (value - mean)) / OFFSET_UNIT, -LARGEST_OFFSET), LARGEST_OFFSET);
		const before = previous?.[block];
		return before !== undefined && Math.abs(offset - before) < HYSTERESIS ? before : Math.round(offset);
	});
}

/** Of 8x8 samples. */
function varianceOf(luma: Uint8Array, first: number, stride: number): number {
	let sum = 0;
	let squares = 0;
	for (let y = 0, row = first; y < PATCH; y++, row += stride) {
		for (let i = row; i < row + PATCH; i++) {
			const sample = luma[i] as number;
			sum += sample;
			squares += sample * sample;
		}
	}
	const mean = sum / PATCH ** 2;
	return squares / PATCH ** 2 - mean * mean;
}
