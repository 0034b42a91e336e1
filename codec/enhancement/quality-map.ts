/** Adaptive quality: every block of 32x32 luma samples has a quality index of its own (SPEC section 4.6). */
import { LARGEST_OFFSET } from "../entropy/quality-coder.ts";
import { QUALITIES } from "../model/model-file.ts";
import type { Grid } from "./geometry.ts";

/** Quality indices in a step of an offset. */
const OFFSET_UNIT = 4;
const BLOCK = 32;
const PATCH = 8;
const PER_SIDE = BLOCK / PATCH;
/** Quality indices that a doubling of what later pictures inherit is worth (measured: `bench/rd/EXPERIMENTS.md`). */
const INHERITANCE_WORTH = 5;
/** Distance, in offsets, up to which a block keeps the one it had. */
const HYSTERESIS = 1.25;

/** Quality index of each block: the frame's, moved by its offset. `[H/32, W/32]` */
export function qualityMap(q: number, offsets: Int8Array): Uint8Array {
	return Uint8Array.from(offsets, (offset) => Math.min(Math.max(q + OFFSET_UNIT * offset, 0), QUALITIES - 1));
}

/**
 * Offsets that make flat blocks finer and busy ones coarser, as the eye sees errors: each halving of a block's variance below the
 * picture's is worth `strength` quality indices. What later pictures inherit is finer, what vanishes coarser. An offset that is nearly
 * what it was stays so: noise costs no bits.
 *
 * @param detail of each block, see {@link blockDetail}. @param strength 0 (none) to 8. @param previous offsets of the frame before
 * @param inheritance of each block, see `EncodeChoice.inheritance`; none where nothing is known of later pictures
 */
export function adaptiveOffsets(
	detail: Float64Array,
	strength: number,
	previous?: Int8Array,
	inheritance?: Float32Array,
): Int8Array {
	const worth = detail.map((value, block) => INHERITANCE_WORTH * (inheritance?.[block] ?? 0) - strength * value);
	const mean = worth.reduce((sum, value) => sum + value, 0) / worth.length;
	return Int8Array.from(worth, (value, block) => {
		const offset = Math.min(Math.max((value - mean) / OFFSET_UNIT, -LARGEST_OFFSET), LARGEST_OFFSET);
		const before = previous?.[block];
		return before !== undefined && Math.abs(offset - before) < HYSTERESIS ? before : Math.round(offset);
	});
}

/**
 * How busy each 32x32 block is: the mean, over its 8x8 patches, of log2(1 + variance).
 *
 * @param sums of {@link patchSums}. @param grid32 of the blocks
 */
export function blockDetail(sums: Uint32Array, { width, height, cells }: Grid): Float64Array {
	const detail = new Float64Array(cells);
	for (let y = 0, i = 0; y < PER_SIDE * height; y++) {
		for (let x = 0; x < PER_SIDE * width; x++, i += 2) {
			const block = Math.floor(y / PER_SIDE) * width + Math.floor(x / PER_SIDE);
			const mean = (sums[i] as number) / PATCH ** 2;
			const variance = (sums[i + 1] as number) / PATCH ** 2 - mean * mean;
			detail[block] = (detail[block] as number) + Math.log2(1 + variance) / PER_SIDE ** 2;
		}
	}
	return detail;
}

/** Sum of the samples and sum of their squares of every 8x8 patch, row by row. @param luma of the coded size */
export function patchSums(luma: Uint8Array, { width, height, cells }: Grid): Uint32Array {
	const sums = new Uint32Array(2 * PER_SIDE ** 2 * cells);
	const stride = BLOCK * width;
	for (let y = 0, i = 0; y < BLOCK * height; y += PATCH) {
		for (let x = 0; x < stride; x += PATCH) {
			for (let row = y * stride + x; row < (y + PATCH) * stride; row += stride) {
				for (let k = row; k < row + PATCH; k++) {
					const sample = luma[k] as number;
					sums[i] = (sums[i] as number) + sample;
					sums[i + 1] = (sums[i + 1] as number) + sample * sample;
				}
			}
			i += 2;
		}
	}
	return sums;
}
