/** What the latent prior may see of base pictures and block motion (SPEC section 2.1). */
import { average } from "../motion/average.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import { BOTH, type DirectionMap, FUTURE } from "../motion/direction-map.ts";
import { warpBaseChroma, warpBaseLuma } from "../motion/warp.ts";
import type { Picture } from "../picture/picture.ts";
import type { FrameGeometry } from "./geometry.ts";

export const CUE_PLANES = 21;
const COLOUR_PLANES = 6;
const MOVED = 64;
const LARGEST_MOTION = 64;

/** The planes of a base picture. */
export type BasePlanes = Pick<Picture, "y" | "u" | "v">;

/** What the base was expected to be, and the motion that says so. */
export type Change = { readonly expected: BasePlanes; readonly motion: BlockMotion };

/** A base picture moved by block motion (SPEC section 4.4). @param base extended */
export function movedBase({ y, u, v }: BasePlanes, motion: BlockMotion): BasePlanes {
	return { y: warpBaseLuma(y, motion), u: warpBaseChroma(u, motion), v: warpBaseChroma(v, motion) };
}

/** Of two base pictures, moved, what the directions of the blocks say (SPEC section 4.7). */
export function blendedBase(future: BasePlanes, past: BasePlanes, map: DirectionMap): BasePlanes {
	const plane = (a: Uint8Array, b: Uint8Array, perBlock: number) => {
		const out = average(a, b);
		const width = map.columns * perBlock;
		for (let i = 0; i < out.length; i++) {
			const row = Math.floor(i / (width * perBlock));
			const direction = map.directions[row * map.columns + Math.floor((i % width) / perBlock)];
			if (direction !== BOTH) out[i] = (direction === FUTURE ? a[i] : b[i]) as number;
		}
		return out;
	};
	return { y: plane(future.y, past.y, 4), u: plane(future.u, past.u, 2), v: plane(future.v, past.v, 2) };
}

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
	const { expected, motion } = change;
	const moved = out.subarray(COLOUR_PLANES * cells, 2 * COLOUR_PLANES * cells);
	const { u, v } = expected;
	unfoldByTwo(expected.y, moved, width, height);
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
