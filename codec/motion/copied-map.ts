/** Copied blocks of one inter frame, one flag per 16x16 luma block of the coded size, row by row (SPEC section 4.5). */
export type CopiedMap = {
	/** Coded width / 16 and coded height / 16. */
	readonly columns: number;
	readonly rows: number;
	/** 1 where the block is taken over from the previous picture. `[rows * columns]` */
	readonly flags: Uint8Array;
};
