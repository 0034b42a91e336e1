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
	const taps = Int32Array.from(DOWNSCALE_TAPS);
	const narrow = new Int32Array(targetWidth * height);
	for (let y = 0; y < height; y++) {
		const row = y * width;
		for (let x = 0; x < targetWidth; x++) {
			const first = 4 * x + DOWNSCALE_FIRST_TAP;
			let sum = 0;
			for (let tap = 0; tap < 16; tap++) {
				const column = Math.min(Math.max(first + tap, 0), width - 1);
				sum += (taps[tap] as number) * (plane[row + column] as number);
			}
			narrow[y * targetWidth + x] = sum;
		}
	}
	const result = new Uint8ClampedArray(targetWidth * targetHeight);
	for (let y = 0; y < targetHeight; y++) {
		const first = 4 * y + DOWNSCALE_FIRST_TAP;
		for (let x = 0; x < targetWidth; x++) {
			let sum = 0;
			for (let tap = 0; tap < 16; tap++) {
				const row = Math.min(Math.max(first + tap, 0), height - 1);
				sum += (taps[tap] as number) * (narrow[row * targetWidth + x] as number);
			}
			result[y * targetWidth + x] = (sum + 32768) >> 16;
		}
	}
	return new Uint8Array(result.buffer);
};
