import { CodecError } from "../errors.ts";

/** The sizes that follow from the visible size (SPEC section 1), in luma samples. */
export type Geometry = {
	/** Visible size. */
	readonly width: number;
	readonly height: number;
	/** Visible size rounded up to multiples of 32: what networks and motion see. */
	readonly codedWidth: number;
	readonly codedHeight: number;
	/** Size of the base pictures, even. */
	readonly baseWidth: number;
	readonly baseHeight: number;
};

/** Smallest and largest visible width or height of an enhanced video. */
export const MIN_SIDE = 16;
export const MAX_SIDE = 8192;

/**
 * Coded and base size of a visible size.
 * @throws CodecError `invalid-picture` for a side that is no integer in 16..8192.
 */
export const geometryOf = (width: number, height: number): Geometry => {
	for (const side of [width, height]) {
		if (!Number.isInteger(side) || side < MIN_SIDE || side > MAX_SIDE) {
			throw new CodecError("invalid-picture", `A picture of ${width}x${height} cannot be coded.`, {
				hint: `Width and height must be ${MIN_SIDE} to ${MAX_SIDE}.`,
			});
		}
	}
	return {
		width,
		height,
		codedWidth: Math.ceil(width / 32) * 32,
		codedHeight: Math.ceil(height / 32) * 32,
		baseWidth: 2 * Math.ceil(width / 8),
		baseHeight: 2 * Math.ceil(height / 8),
	};
};

/** Side of a chroma plane beside a luma plane of this side. */
export const chromaSide = (lumaSide: number): number => (lumaSide + 1) >> 1;
