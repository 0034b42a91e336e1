import { requirePicture } from "./extend.ts";
import { chromaSide, geometryOf } from "./geometry.ts";
import type { Picture } from "./picture.ts";

/**
 * Weights of the 16 source samples around a base sample, at distances -7.5, -6.5 ... 7.5: Keys' bicubic kernel (a = -1/2)
 * stretched by four, so that it cuts off what the base cannot hold; `round(256 * cubic(distance / 4) / 4)`, the two that were
 * rounded up most lowered by one so that the sum is 256.
 */
export const DOWNSCALE_TAPS = [0, -3, -5, -3, 6, 25, 46, 62, 62, 46, 25, 6, -3, -5, -3, 0] as const;

/** Of the first tap, from source sample `4 * x` for base sample `x`. */
export const DOWNSCALE_FIRST_TAP = -6;

/**
 * The picture at base size: a quarter of width and height, exact integers (horizontally, then vertically, no rounding
 * between, `clip((sum + 32768) >> 16)`), source samples beyond the edge repeated. Chroma planes likewise.
 * @throws CodecError `invalid-picture`.
 */
export const downscalePicture = (picture: Picture): Picture => {
	requirePicture(picture);
	const { baseWidth, baseHeight } = geometryOf(picture.width, picture.height);
	const chroma = { width: chromaSide(picture.width), height: chromaSide(picture.height) };
	return {
		width: baseWidth,
		height: baseHeight,
		y: downscalePlane(picture.y, picture.width, picture.height, baseWidth, baseHeight),
		u: downscalePlane(picture.u, chroma.width, chroma.height, baseWidth / 2, baseHeight / 2),
		v: downscalePlane(picture.v, chroma.width, chroma.height, baseWidth / 2, baseHeight / 2),
		timestamp: picture.timestamp,
	};
};

/** One plane to a quarter in each direction; columns and rows of the target beyond the source come from its edge. */
export const downscalePlane = (
	plane: Uint8Array,
	width: number,
	height: number,
	targetWidth: number,
	targetHeight: number,
): Uint8Array => {
	const rows = new Map<number, Int32Array>();
	const padded = new Int32Array(4 * targetWidth + DOWNSCALE_TAPS.length);
	const narrowRow = (y: number): Int32Array => {
		const row = rows.get(y) ?? narrow(plane.subarray(y * width, (y + 1) * width), padded, targetWidth);
		rows.set(y, row);
		return row;
	};
	const result = new Uint8ClampedArray(targetWidth * targetHeight);
	const sums = new Int32Array(targetWidth);
	for (let y = 0; y < targetHeight; y++) {
		const first = 4 * y + DOWNSCALE_FIRST_TAP;
		sums.fill(32768);
		for (const [tap, weight] of DOWNSCALE_TAPS.entries()) {
			if (weight === 0) continue;
			const row = narrowRow(Math.min(Math.max(first + tap, 0), height - 1));
			for (let x = 0; x < targetWidth; x++) sums[x] = (sums[x] as number) + weight * (row[x] as number);
		}
		for (let x = 0; x < targetWidth; x++) result[y * targetWidth + x] = (sums[x] as number) >> 16;
		for (const row of rows.keys()) if (row < first + 4) rows.delete(row);
	}
	return new Uint8Array(result.buffer);
};

/** One row to a quarter, not yet divided by the sum of the weights. `padded` is room for the row with its edges repeated. */
const narrow = (row: Uint8Array, padded: Int32Array, targetWidth: number): Int32Array => {
	const result = new Int32Array(targetWidth);
	padded.fill(row[0] as number, 0, -DOWNSCALE_FIRST_TAP);
	padded.set(row.subarray(0, padded.length + DOWNSCALE_FIRST_TAP), -DOWNSCALE_FIRST_TAP);
	padded.fill(row[row.length - 1] as number, Math.min(row.length - DOWNSCALE_FIRST_TAP, padded.length));
	const [, a, b, c, d, e, f, g] = DOWNSCALE_TAPS; // symmetric, and the outermost weigh nothing
	for (let x = 0, at = 0; x < targetWidth; x++, at += 4) {
		const pair = (tap: number) => (padded[at + tap] as number) + (padded[at + 15 - tap] as number);
		result[x] = a * pair(1) + b * pair(2) + c * pair(3) + d * pair(4) + e * pair(5) + f * pair(6) + g * pair(7);
	}
	return result;
};
