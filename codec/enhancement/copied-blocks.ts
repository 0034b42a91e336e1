/** Copied blocks: 16x16 luma samples taken over from the previous picture by block motion (SPEC section 4.5). */
import { CHANGE_LEVELS } from "../entropy/copied-coder.ts";
import { symbolCosts } from "../entropy/tables.ts";
import { FOLDED_PLANES } from "../picture/fold.ts";
import type { FrameGeometry, Grid } from "./geometry.ts";
import type { LatentModel } from "./latent-prior.ts";
import { CHROMA_WEIGHT, lambdaOf, LUMA_WEIGHT } from "./rate-distortion.ts";

/** Planes 12..17 of the cues are the base's change. */
const FIRST_CHANGE = 12;
const CHANGE_PLANES = 6;
/** Largest changes, in samples, of the levels below the last. */
const LEVEL_BOUNDS = [1, 3, 7] as const;
const LUMA_PLANES = 16;
/** An error that stays is worth so many of one frame: later frames inherit it (measured: 1.3 loses 2 percent of rate, 4 loses 1). */
const PATIENCE = 2;

/** The block of each cell of a grid with `2^shift` cells along a block. */
function blocksOf({ width, height, cells }: Grid, shift: 1 | 2): Uint32Array {
	const blocks = new Uint32Array(cells);
	for (let y = 0, i = 0; y < height; y++) {
		const row = (y >> shift) * (width >> shift);
		for (let x = 0; x < width; x++) blocks[i++] = row + (x >> shift);
	}
	return blocks;
}

/**
 * Levels 0..3 of the base's change in each block, contexts of its flag (SPEC section 5.3).
 *
 * @param cues of {@link priorCues}. @returns `[H/16, W/16]`
 */
export function changeLevels(cues: Float32Array, { grid8 }: Pick<FrameGeometry, "grid8">): Uint8Array {
	const largest = new Float32Array(grid8.cells / 4);
	const blocks = blocksOf(grid8, 1);
	for (let p = FIRST_CHANGE; p < FIRST_CHANGE + CHANGE_PLANES; p++) {
		for (let cell = 0; cell < grid8.cells; cell++) {
			const block = blocks[cell] as number;
			const change = cues[p * grid8.cells + cell] as number;
			if (change > (largest[block] as number)) largest[block] = change;
		}
	}
	return Uint8Array.from(largest, (change) => {
		const level = LEVEL_BOUNDS.findIndex((bound) => change <= bound);
		return level < 0 ? CHANGE_LEVELS - 1 : level;
	});
}

/** Takes the latents of copied blocks out of a law: scale 0 and mean 0, so that their symbols are not coded and their latents 0. */
export function withoutCopied(law: LatentModel, copied: Uint8Array, grid8: Grid): LatentModel {
	const { cells } = grid8;
	const blocks = blocksOf(grid8, 1);
	const mean = law.mean.slice();
	const scale = law.scale.slice();
	for (let cell = 0; cell < cells; cell++) {
		if (copied[blocks[cell] as number] === 0) continue;
		for (let i = cell; i < mean.length; i += cells) {
			mean[i] = 0;
			scale[i] = 0;
		}
	}
	return { mean, scale };
}

/** Folded pictures of samples, or of samples less an offset. */
export type Candidates = {
	/** The source, `s - 128`. */
	readonly source: Float32Array;
	/** As coded, `s - offset`. */
	readonly coded: Float32Array;
	readonly offset: 0 | 128;
	/** As copied, `s - 128`. */
	readonly copied: Float32Array;
};

/** Bits of the symbols of each cell of the 1/8 grid, by the tables alone. @param symbols `[96, H/8, W/8]` */
export function bitsOfCells(symbols: Int16Array, scale: Uint8Array, cells: number): Float32Array {
	const costs = symbolCosts();
	const bits = new Float32Array(cells);
	for (let i = 0, cell = 0; i < symbols.length; i++) {
		const index = scale[i] as number;
		if (index > 0) {
			bits[cell] = (bits[cell] as number) + (costs[(index << 8) | Math.abs(symbols[i] as number)] as number);
		}
		if (++cell === cells) cell = 0;
	}
	return bits;
}

/** By how much larger the squared error of each 16x16 block is copied than coded; luma, then chroma. May be negative. */
export type AddedErrors = Int32Array;

/** Luma and chroma of {@link AddedErrors}, a pair for each block. */
export function addedErrors(
	{ source, coded, offset, copied }: Candidates,
	{ grid4, grid16 }: Pick<FrameGeometry, "grid4" | "grid16">,
): AddedErrors {
	const added = new Int32Array(2 * grid16.cells);
	const blocks = blocksOf(grid4, 2);
	for (let p = 0, i = 0; p < FOLDED_PLANES; p++) {
		const part = p < LUMA_PLANES ? 0 : 1;
		for (let cell = 0; cell < grid4.cells; cell++, i++) {
			const s = source[i] as number;
			const stays = s - (copied[i] as number);
			const coding = s + 128 - offset - (coded[i] as number);
			const at = 2 * (blocks[cell] as number) + part;
			added[at] = (added[at] as number) + stays * stays - coding * coding;
		}
	}
	return added;
}

/**
 * Bits that copying each block saves: those of its latents less the worth of the error it adds.
 *
 * @param bits of {@link bitsOfCells}. @param quality indices of the 32x32 blocks: what an error is worth there
 */
export function copyingGains(
	bits: Float32Array,
	added: AddedErrors,
	quality: Uint8Array,
	{ grid8, grid16 }: Pick<FrameGeometry, "grid8" | "grid16">,
): Float32Array {
	const gains = new Float32Array(grid16.cells);
	blocksOf(grid8, 1).forEach((block, cell) => {
		gains[block] = (gains[block] as number) + (bits[cell] as number);
	});
	const worth = bitsOfErrors(added, quality, grid16);
	return gains.map((saved, block) => saved - PATIENCE * (worth[block] as number));
}

/** Bits that the added error of each 16x16 block is worth. @param quality indices of the 32x32 blocks */
export function bitsOfErrors(added: AddedErrors, quality: Uint8Array, grid16: Grid): Float32Array {
	const blockQuality = blocksOf(grid16, 1);
	return Float32Array.from(blockQuality, (qualityBlock, block) => {
		const error = LUMA_WEIGHT * (added[2 * block] as number) + CHROMA_WEIGHT * (added[2 * block + 1] as number);
		return (lambdaOf(quality[qualityBlock] as number) / 256 ** 2) * error;
	});
}
