/** Which references the blocks of a bidirectional frame are predicted from, one entry per 16x16 luma block, row by row (SPEC section 4.7). */
export type DirectionMap = {
	/** Coded width / 16 and coded height / 16. */
	readonly columns: number;
	readonly rows: number;
	/** {@link BOTH}, {@link FUTURE} or {@link PAST}. `[rows * columns]` */
	readonly directions: Uint8Array;
};

/** The mean of both references. */
export const BOTH = 0;
/** The frame after this one alone, at the block's vector. */
export const FUTURE = 1;
/** The frame before this one alone, at the opposite vector. */
export const PAST = 2;

/** 1 where a block has the direction. */
export function blocksOf({ directions }: DirectionMap, direction: number): Uint8Array {
	return Uint8Array.from(directions, (value) => (value === direction ? 1 : 0));
}
