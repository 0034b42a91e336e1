/** What the latent prior may see of base pictures and block motion (SPEC section 2.1). */
import type { BlockMotion } from "../motion/block-motion.ts";
import { warpBaseChroma, warpBaseLuma } from "../motion/warp.ts";
import type { Picture } from "../picture/picture.ts";
import type { FrameGeometry } from "./geometry.ts";

export const CUE_PLANES = 21;
const COLOUR_PLANES = 6;
const MOVED = 64;
const LARGEST_MOTION = 64;

/** The frame before, and how the blocks moved since. */
export type Change = { readonly previous: Picture; readonly motion: BlockMotion };

/**
 * @param base extended base picture
 * @param change undefined in an intra frame
 * @returns `[21, h8, w8]`, integers -128..127
 */
export function priorCues(base: Picture, change: Change | undefined, geometry: FrameGeometry): Float32Array {
	const { width, height, cells } = geometry.grid8;
	const out = new Float32Array(CUE_PLANES * cells);
	unfoldByTwo(base.y, out, width, height);
	for (let i = 0; i < cells; i++) {
		out[4 * cells + i] = (base.u[i] as number) - 128;
		out[5 * cells + i] = (base.v[i] as number) - 128;
	}
	if (change === undefined) return out;
	const { previous, motion } = change;
	const moved = out.subarray(COLOUR_PLANES * cells, 2 * COLOUR_PLANES * cells);
	const [u, v] = [warpBaseChroma(previous.u, motion), warpBaseChroma(previous.v, motion)];
	unfoldByTwo(warpBaseLuma(previous.y, motion), moved, width, height);
	for (let i = 0; i < cells; i++) {
		moved[4 * cells + i] = (u[i] as number) - 128;
		moved[5 * cells + i] = (v[i] as number) - 128;
	}
	for (let i = 0; i < COLOUR_PLANES * cells; i++) {
		const difference = (out[i] as number) - (moved[i] as number);
		const bounded = difference < -127 ? -127 : difference > 127 ? 127 : difference;
		moved[i] = bounded;
		out[2 * COLOUR_PLANES * cells + i] = Math.abs(bounded);
	}
	const motionPlanes = 3 * COLOUR_PLANES * cells;
	for (let i = 0; i < cells; i++) {
		out[motionPlanes + i] = motion.moved[i] === 0 ? 0 : MOVED;
		out[motionPlanes + cells + i] = Math.min(Math.abs(motion.vectors[2 * i] as number), LARGEST_MOTION);
		out[motionPlanes + 2 * cells + i] = Math.min(Math.abs(motion.vectors[2 * i + 1] as number), LARGEST_MOTION);
	}
	return out;
}

/** A plane of `2*width x 2*height` samples as four planes of `s - 128`. */
function unfoldByTwo(plane: Uint8Array, out: Float32Array, width: number, height: number): void {
	let to = 0;
	for (let j = 0; j < 2; j++) {
		for (let i = 0; i < 2; i++) {
			for (let y = 0; y < height; y++) {
				let from = (2 * y + j) * 2 * width + i;
				for (let x = 0; x < width; x++, from += 2) out[to++] = (plane[from] as number) - 128;
			}
		}
	}
}
