/**
 * Exact warp of planar luma and chroma by block motion (SPEC section 4.3).
 *
 * Each 8x8 luma block (4x4 chroma block) is fetched at its vector, coordinates clipped to the coded picture. A zero
 * vector copies, so a static background costs nothing and never blurs.
 */
import type { BlockMotion } from "./block-motion.ts";

/** Luma taps at offsets -2..3 by quarter-sample phase, six per phase; each set sums to 64. */
// prettier-ignore
export const LUMA_TAPS = Int32Array.of(
	0,   0, 64,  0,   0, 0,
	3, -10, 58, 17,  -5, 1,
	3, -11, 40, 40, -11, 3,
	1,  -5, 17, 58, -10, 3,
);

const LUMA_BLOCK = 8;
const CHROMA_BLOCK = 4;
/** A luma block with its margin of two samples before and three after. */
const PATCH = LUMA_BLOCK + 5;

const patch = new Uint8Array(PATCH * PATCH);
const rows = new Int32Array(PATCH * LUMA_BLOCK);

/** Whether any block of the field has a vector other than zero. */
export function anyMotion(motion: BlockMotion): boolean {
	const { vectors } = motion;
	for (let i = 0; i < vectors.length; i++) if (vectors[i] !== 0) return true;
	return false;
}

/** Copies a `size x size` square at `(x, y)`, which may lie outside, into `patch`, coordinates clipped. */
function fetchClipped(plane: Uint8Array, width: number, height: number, x: number, y: number, size: number): void {
	let to = 0;
	for (let j = 0; j < size; j++) {
		const row = Math.min(Math.max(y + j, 0), height - 1) * width;
		for (let i = 0; i < size; i++) patch[to++] = plane[row + Math.min(Math.max(x + i, 0), width - 1)] as number;
	}
}

/**
 * @param reference previous luma plane, coded size (`8*columns x 8*rows`), tight
 * @param out written: the prediction, same size; must not be `reference`
 */
export function warpLuma(reference: Uint8Array, motion: BlockMotion, out: Uint8Array): void {
	const { columns, rows: blockRows, vectors } = motion;
	const width = columns * LUMA_BLOCK;
	const height = blockRows * LUMA_BLOCK;
	out.set(reference);
	let block = 0;
	for (let y = 0; y < height; y += LUMA_BLOCK) {
		for (let x = 0; x < width; x += LUMA_BLOCK, block++) {
			const mx = vectors[2 * block] as number;
			const my = vectors[2 * block + 1] as number;
			if ((mx | my) === 0) continue;
			const left = x + (mx >> 2) - 2;
			const top = y + (my >> 2) - 2;
			if (left >= 0 && top >= 0 && left + PATCH <= width && top + PATCH <= height) {
				interpolateLuma(reference, top * width + left, width, mx & 3, my & 3, out, y * width + x, width);
			} else {
				fetchClipped(reference, width, height, left, top, PATCH);
				interpolateLuma(patch, 0, PATCH, mx & 3, my & 3, out, y * width + x, width);
			}
		}
	}
}

/**
 * One 8x8 luma block. `from` is the sample two rows above and two columns left of the block's whole-sample position.
 * The taps of a phase 0 direction are a single 64, so leaving the direction out and rounding six bits less is the same.
 */
function interpolateLuma(
	source: Uint8Array,
	from: number,
	sourceStride: number,
	phaseX: number,
	phaseY: number,
	out: Uint8Array,
	to: number,
	outStride: number,
): void {
	if (phaseX === 0 && phaseY === 0) {
		for (let j = 0; j < LUMA_BLOCK; j++) {
			const row = from + (j + 2) * sourceStride + 2;
			for (let i = 0; i < LUMA_BLOCK; i++) out[to + j * outStride + i] = source[row + i] as number;
		}
		return;
	}
	if (phaseX !== 0) {
		const a = LUMA_TAPS[6 * phaseX] as number;
		const b = LUMA_TAPS[6 * phaseX + 1] as number;
		const c = LUMA_TAPS[6 * phaseX + 2] as number;
		const d = LUMA_TAPS[6 * phaseX + 3] as number;
		const e = LUMA_TAPS[6 * phaseX + 4] as number;
		const f = LUMA_TAPS[6 * phaseX + 5] as number;
		const first = phaseY === 0 ? 2 : 0;
		const last = phaseY === 0 ? 2 + LUMA_BLOCK : PATCH;
		for (let j = first; j < last; j++) {
			const row = from + j * sourceStride;
			for (let i = 0; i < LUMA_BLOCK; i++) {
				const s = row + i;
				const sum =
					a * (source[s] as number) +
					b * (source[s + 1] as number) +
					c * (source[s + 2] as number) +
					d * (source[s + 3] as number) +
					e * (source[s + 4] as number) +
					f * (source[s + 5] as number);
				if (phaseY === 0) {
					const value = (sum + 32) >> 6;
					out[to + (j - 2) * outStride + i] = value < 0 ? 0 : value > 255 ? 255 : value;
				} else {
					rows[j * LUMA_BLOCK + i] = sum;
				}
			}
		}
		if (phaseY === 0) return;
	} else {
		for (let j = 0; j < PATCH; j++) {
			const row = from + j * sourceStride + 2;
			for (let i = 0; i < LUMA_BLOCK; i++) rows[j * LUMA_BLOCK + i] = (source[row + i] as number) << 6;
		}
	}
	const a = LUMA_TAPS[6 * phaseY] as number;
	const b = LUMA_TAPS[6 * phaseY + 1] as number;
	const c = LUMA_TAPS[6 * phaseY + 2] as number;
	const d = LUMA_TAPS[6 * phaseY + 3] as number;
	const e = LUMA_TAPS[6 * phaseY + 4] as number;
	const f = LUMA_TAPS[6 * phaseY + 5] as number;
	for (let j = 0; j < LUMA_BLOCK; j++) {
		for (let i = 0; i < LUMA_BLOCK; i++) {
			const r = j * LUMA_BLOCK + i;
			const sum =
				a * (rows[r] as number) +
				b * (rows[r + 8] as number) +
				c * (rows[r + 16] as number) +
				d * (rows[r + 24] as number) +
				e * (rows[r + 32] as number) +
				f * (rows[r + 40] as number);
			const value = (sum + 2048) >> 12;
			out[to + j * outStride + i] = value < 0 ? 0 : value > 255 ? 255 : value;
		}
	}
}

/**
 * @param reference previous chroma plane, half the coded size (`4*columns x 4*rows`), tight
 * @param out written: the prediction, same size; must not be `reference`
 */
export function warpChroma(reference: Uint8Array, motion: BlockMotion, out: Uint8Array): void {
	const { columns, rows: blockRows, vectors } = motion;
	const width = columns * CHROMA_BLOCK;
	const height = blockRows * CHROMA_BLOCK;
	const size = CHROMA_BLOCK + 1;
	out.set(reference);
	let block = 0;
	for (let y = 0; y < height; y += CHROMA_BLOCK) {
		for (let x = 0; x < width; x += CHROMA_BLOCK, block++) {
			const mx = vectors[2 * block] as number;
			const my = vectors[2 * block + 1] as number;
			if ((mx | my) === 0) continue;
			const left = x + (mx >> 3);
			const top = y + (my >> 3);
			let source = reference;
			let from = top * width + left;
			let stride = width;
			if (left < 0 || top < 0 || left + size > width || top + size > height) {
				fetchClipped(reference, width, height, left, top, size);
				source = patch;
				from = 0;
				stride = size;
			}
			const fx = mx & 7;
			const fy = my & 7;
			const w00 = (8 - fx) * (8 - fy);
			const w01 = fx * (8 - fy);
			const w10 = (8 - fx) * fy;
			const w11 = fx * fy;
			for (let j = 0; j < CHROMA_BLOCK; j++) {
				const to = (y + j) * width + x;
				const s = from + j * stride;
				for (let i = 0; i < CHROMA_BLOCK; i++) {
					out[to + i] =
						(w00 * (source[s + i] as number) +
							w01 * (source[s + i + 1] as number) +
							w10 * (source[s + i + stride] as number) +
							w11 * (source[s + i + stride + 1] as number) +
							32) >>
						6;
				}
			}
		}
	}
}
