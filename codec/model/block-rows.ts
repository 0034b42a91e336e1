/** Rows of a table, and which of them each 32x32 block takes. */
export type BlockRows = {
	/** `[rows, channels]` */
	readonly table: Float32Array;
	/** Indices of rows, `[H/32, W/32]`. */
	readonly map: Uint8Array;
	/** W/32 */
	readonly columns: number;
};
