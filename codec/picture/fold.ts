import { CodecError } from "../errors.ts";
import { requirePicture } from "./extend.ts";
import { chromaSide } from "./geometry.ts";
import type { Picture } from "./picture.ts";

/** Planes of a folded picture: 16 of luma, 4 of U, 4 of V. */
export const FOLDED_PLANES = 24;

/**
 * A picture as 24 planes on the 1/4 grid, `[24, height/4, width/4]` (SPEC section 1).
 * @param picture of coded size: both sides multiples of 4.
 * @param offset is added to every sample: -128 gives what networks see.
 * @throws CodecError `invalid-picture`.
 */
export const foldPicture = (picture: Picture, offset = 0): Float32Array => {
	requirePicture(picture);
	const { columns, rows } = gridOf(picture);
	const folded = new Float32Array(FOLDED_PLANES * columns * rows);
	foldPlane(picture.y, 4, folded, 0, columns, rows, offset);
	foldPlane(picture.u, 2, folded, 16, columns, rows, offset);
	foldPlane(picture.v, 2, folded, 20, columns, rows, offset);
	return folded;
};

/**
 * The picture of a folded one, cropped to its visible size. Samples must be integers in 0..255.
 * @param coded size that was folded. @param visible size, at most the coded one.
 * @throws CodecError `invalid-picture`.
 */
export const unfoldPicture = (
	folded: Float32Array,
	coded: { readonly width: number; readonly height: number },
	visible: { readonly width: number; readonly height: number },
	timestamp: number,
): Picture => {
	const { columns, rows } = gridOf(coded);
	if (
		folded.length !== FOLDED_PLANES * columns * rows ||
		visible.width > coded.width ||
		visible.height > coded.height
	) {
		throw new CodecError(
			"invalid-picture",
			`${folded.length} values are no folded ${coded.width}x${coded.height}.`,
		);
	}
	const { width, height } = visible;
	const chroma = { width: chromaSide(width), height: chromaSide(height) };
	return {
		width,
		height,
		y: unfoldPlane(folded, 0, 4, columns, rows, width, height),
		u: unfoldPlane(folded, 16, 2, columns, rows, chroma.width, chroma.height),
		v: unfoldPlane(folded, 20, 2, columns, rows, chroma.width, chroma.height),
		timestamp,
	};
};

const gridOf = ({ width, height }: { readonly width: number; readonly height: number }) => {
	if (width % 4 !== 0 || height % 4 !== 0) {
		throw new CodecError("invalid-picture", `${width}x${height} does not fold: both sides must be multiples of 4.`);
	}
	return { columns: width / 4, rows: height / 4 };
};

/** Plane `first + factor*j + i` takes sample `(factor*x + i, factor*y + j)`. */
const foldPlane = (
	plane: Uint8Array,
	factor: number,
	folded: Float32Array,
	first: number,
	columns: number,
	rows: number,
	offset: number,
): void => {
	const stride = columns * factor;
	for (let j = 0; j < factor; j++) {
		for (let i = 0; i < factor; i++) {
			let target = (first + factor * j + i) * columns * rows;
			for (let y = 0; y < rows; y++) {
				let source = (factor * y + j) * stride + i;
				for (let x = 0; x < columns; x++, source += factor) {
					folded[target++] = (plane[source] as number) + offset;
				}
			}
		}
	}
};

/** Sample `(factor*x + i, factor*y + j)` comes from plane `first + factor*j + i`; what is not visible is left out. */
const unfoldPlane = (
	folded: Float32Array,
	first: number,
	factor: number,
	columns: number,
	rows: number,
	width: number,
	height: number,
): Uint8Array => {
	const plane = new Uint8Array(width * height);
	for (let y = 0; y < height; y++) {
		const row = Math.floor(y / factor) * columns;
		for (let i = 0; i < factor; i++) {
			let source = (first + factor * (y % factor) + i) * columns * rows + row;
			for (let x = i; x < width; x += factor) plane[y * width + x] = folded[source++] as number;
		}
	}
	return plane;
};
