/** The motion of one inter frame, one entry per 8x8 luma block of the coded size, row by row (SPEC section 4.1). */
export type BlockMotion = {
	/** Coded width / 8 and coded height / 8. */
	readonly columns: number;
	readonly rows: number;
	/** 1 where the block's leaf is not still. `[rows * columns]` */
	readonly moved: Uint8Array;
	/** x then y per block, quarter luma samples, from the current to the previous picture. `[rows * columns * 2]` */
	readonly vectors: Int16Array;
};
