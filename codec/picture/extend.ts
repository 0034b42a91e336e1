import { CodecError } from "../errors.ts";
import { chromaSide } from "./geometry.ts";
import type { Picture } from "./picture.ts";

/**
 * Checks that the planes are as long as the size says.
 * @throws CodecError `invalid-picture`.
 */
export const requirePicture = (picture: Picture): void => {
	const { width, height } = picture;
	const luma = width * height;
	const chroma = chromaSide(width) * chromaSide(height);
	const sides = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
	if (!sides || picture.y.length !== luma || picture.u.length !== chroma || picture.v.length !== chroma) {
		const lengths = `${picture.y.length}, ${picture.u.length}, ${picture.v.length}`;
		throw new CodecError("invalid-picture", `A picture of ${width}x${height} has planes of ${lengths} bytes.`, {
			hint: "Planes are tight: width x height, and ceil(width/2) x ceil(height/2) twice.",
		});
	}
};

/**
 * The picture at another size, at least as large in both directions: the last column and row repeated (SPEC section 1).
 * Chroma planes likewise. Returns the picture itself where the size is already right.
 * @throws CodecError `invalid-picture`.
 */
export const extendPicture = (picture: Picture, width: number, height: number): Picture => {
	if (width < picture.width || height < picture.height) {
		throw new CodecError(
			"invalid-picture",
			`${picture.width}x${picture.height} cannot be extended to ${width}x${height}.`,
		);
	}
	return resize(picture, width, height);
};

/**
 * The upper left part of a picture.
 * @throws CodecError `invalid-picture` where the part is larger than the whole.
 */
export const cropPicture = (picture: Picture, width: number, height: number): Picture => {
	if (width > picture.width || height > picture.height) {
		throw new CodecError(
			"invalid-picture",
			`${picture.width}x${picture.height} cannot be cropped to ${width}x${height}.`,
		);
	}
	return resize(picture, width, height);
};

const resize = (picture: Picture, width: number, height: number): Picture => {
	requirePicture(picture);
	if (picture.width === width && picture.height === height) return picture;
	const from = { width: chromaSide(picture.width), height: chromaSide(picture.height) };
	const to = { width: chromaSide(width), height: chromaSide(height) };
	return {
		width,
		height,
		y: resizePlane(picture.y, picture, { width, height }),
		u: resizePlane(picture.u, from, to),
		v: resizePlane(picture.v, from, to),
		timestamp: picture.timestamp,
	};
};

type Size = { readonly width: number; readonly height: number };

/** Rows and columns beyond the source repeat its last; those that are too many fall away. */
const resizePlane = (plane: Uint8Array, from: Size, to: Size): Uint8Array => {
	const result = new Uint8Array(to.width * to.height);
	const columns = Math.min(from.width, to.width);
	for (let y = 0; y < to.height; y++) {
		const source = Math.min(y, from.height - 1) * from.width;
		const target = y * to.width;
		result.set(plane.subarray(source, source + columns), target);
		if (columns < to.width) result.fill(plane[source + columns - 1] as number, target + columns, target + to.width);
	}
	return result;
};
