/** A decoded or source picture: 8-bit planar YUV 4:2:0. Planes are tight (stride = plane width). */
export type Picture = {
	/** Visible luma size in samples; any parity. Chroma planes are `ceil(width/2) x ceil(height/2)`. */
	readonly width: number;
	readonly height: number;
	readonly y: Uint8Array;
	readonly u: Uint8Array;
	readonly v: Uint8Array;
	/** Presentation time in microseconds. */
	readonly timestamp: number;
};
