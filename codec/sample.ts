/** One coded frame of one track. */
export type Sample = {
	readonly data: Uint8Array;
	/** Presentation time in microseconds; no track here reorders frames. */
	readonly timestamp: number;
	/** Microseconds. */
	readonly duration: number;
	/** Decodable without earlier samples. */
	readonly sync: boolean;
};
