import { CodecError } from "../errors.ts";
import { extendPicture } from "../picture/extend.ts";
import { type Geometry, geometryOf } from "../picture/geometry.ts";
import type { Picture } from "../picture/picture.ts";

/** A grid of cells over the coded picture. */
export type Grid = { readonly width: number; readonly height: number; readonly cells: number };

/** All sizes that follow from the visible size, and the grids of 4x4, 8x8, 16x16 and 32x32 luma samples (SPEC section 1). */
export type FrameGeometry = Geometry & {
	readonly grid4: Grid;
	readonly grid8: Grid;
	readonly grid16: Grid;
	readonly grid32: Grid;
};

/**
 * @param width visible luma width, 16..8192. @param height likewise
 * @throws CodecError `invalid-picture` where the size is out of range
 */
export function frameGeometry(width: number, height: number): FrameGeometry {
	const geometry = geometryOf(width, height);
	const grid = (cell: number): Grid => {
		const w = geometry.codedWidth / cell;
		const h = geometry.codedHeight / cell;
		return { width: w, height: h, cells: w * h };
	};
	return { ...geometry, grid4: grid(4), grid8: grid(8), grid16: grid(16), grid32: grid(32) };
}

/**
 * A source picture extended to the coded size.
 *
 * @throws CodecError `invalid-picture` where it does not have the visible size
 */
export function extendSource(picture: Picture, geometry: FrameGeometry): Picture {
	requireSourceSize(picture, geometry);
	return extendPicture(picture, geometry.codedWidth, geometry.codedHeight);
}

/**
 * A base picture extended to a quarter of the coded size.
 *
 * @throws CodecError `invalid-picture` where it does not have the base's size
 */
export function extendBase(picture: Picture, geometry: FrameGeometry): Picture {
	requireSize("The base picture", picture, geometry.baseWidth, geometry.baseHeight);
	return extendPicture(picture, geometry.grid4.width, geometry.grid4.height);
}

/** @throws CodecError `invalid-picture` where a source picture does not have the visible size */
export function requireSourceSize(picture: Pick<Picture, "width" | "height">, { width, height }: FrameGeometry): void {
	requireSize("The picture", picture, width, height);
}

function requireSize(what: string, picture: Pick<Picture, "width" | "height">, width: number, height: number): void {
	if (picture.width !== width || picture.height !== height) {
		throw new CodecError(
			"invalid-picture",
			`${what} is ${picture.width}x${picture.height} where ${width}x${height} is needed.`,
		);
	}
}
