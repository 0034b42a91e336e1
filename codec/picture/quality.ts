import { CodecError } from "../errors.ts";
import { requirePicture } from "./extend.ts";
import type { Picture } from "./picture.ts";

/** PSNR in dB of each plane; Infinity where a plane is equal. */
export type Psnr = {
	readonly y: number;
	readonly u: number;
	readonly v: number;
	/** `(6 Y + U + V) / 8`. */
	readonly yuv: number;
};

/** PSNR in dB for a mean squared error of 8-bit samples. */
export const psnrOfError = (meanSquaredError: number): number => 10 * Math.log10((255 * 255) / meanSquaredError);

/** Mean squared error of two planes of equal length. */
export const meanSquaredError = (left: Uint8Array, right: Uint8Array): number => {
	let sum = 0;
	for (let index = 0; index < left.length; index++) {
		const difference = (left[index] as number) - (right[index] as number);
		sum += difference * difference;
	}
	return sum / left.length;
};

/**
 * PSNR of one picture against another.
 * @throws CodecError `invalid-picture` where sizes differ.
 */
export const measurePsnr = (left: Picture, right: Picture): Psnr => {
	requireSameSize(left, right);
	const y = psnrOfError(meanSquaredError(left.y, right.y));
	const u = psnrOfError(meanSquaredError(left.u, right.u));
	const v = psnrOfError(meanSquaredError(left.v, right.v));
	return { y, u, v, yuv: (6 * y + u + v) / 8 };
};

/** Exponents of the five scales, fine to coarse (Wang, Simoncelli and Bovik, 2003). */
const SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;

/** The window: a Gaussian of 1.5 samples, 11 long, sum 1. */
const WINDOW = ((): Float64Array => {
	const window = Float64Array.from({ length: 11 }, (_, index) => Math.exp(-((index - 5) ** 2) / (2 * 1.5 ** 2)));
	const sum = window.reduce((total, weight) => total + weight, 0);
	return window.map((weight) => weight / sum);
})();

/** Smallest side that five scales of the window fit into. */
export const MS_SSIM_MIN_SIDE = 11 * 16;

/**
 * Multi-scale structural similarity of the luma planes, 0..1.
 * @throws CodecError `invalid-picture` where sizes differ or a side is below 176.
 */
export const measureMsSsim = (left: Picture, right: Picture): number => {
	requireSameSize(left, right);
	if (Math.min(left.width, left.height) < MS_SSIM_MIN_SIDE) {
		throw new CodecError("invalid-picture", `MS-SSIM needs sides of ${MS_SSIM_MIN_SIDE} samples or more.`);
	}
	let a: Plane = { width: left.width, height: left.height, data: Float64Array.from(left.y) };
	let b: Plane = { width: right.width, height: right.height, data: Float64Array.from(right.y) };
	let product = 1;
	for (const [scale, weight] of SCALE_WEIGHTS.entries()) {
		const { similarity, contrast } = compare(a, b);
		// Luminance counts at the coarsest scale only. A negative mean has no real power: it is the worst there is.
		product *= Math.max(scale === SCALE_WEIGHTS.length - 1 ? similarity : contrast, 0) ** weight;
		a = halve(a);
		b = halve(b);
	}
	return product;
};

type Plane = { readonly width: number; readonly height: number; readonly data: Float64Array };

/** Means over all positions of the window of SSIM and of its contrast-structure factor. */
const compare = (a: Plane, b: Plane): { similarity: number; contrast: number } => {
	const c1 = (0.01 * 255) ** 2;
	const c2 = (0.03 * 255) ** 2;
	const blurred = (value: (x: number, y: number) => number) =>
		blur({ ...a, data: a.data.map((sample, index) => value(sample, b.data[index] as number)) });
	const meanA = blurred((x) => x);
	const meanB = blurred((_, y) => y);
	const squareA = blurred((x) => x * x);
	const squareB = blurred((_, y) => y * y);
	const cross = blurred((x, y) => x * y);
	let similarity = 0;
	let contrast = 0;
	for (let index = 0; index < meanA.length; index++) {
		const ma = meanA[index] as number;
		const mb = meanB[index] as number;
		const varianceA = (squareA[index] as number) - ma * ma;
		const varianceB = (squareB[index] as number) - mb * mb;
		const covariance = (cross[index] as number) - ma * mb;
		const structure = (2 * covariance + c2) / (varianceA + varianceB + c2);
		contrast += structure;
		similarity += (structure * (2 * ma * mb + c1)) / (ma * ma + mb * mb + c1);
	}
	return { similarity: similarity / meanA.length, contrast: contrast / meanA.length };
};

/** The window at all positions where it fits. */
const blur = ({ width, height, data }: Plane): Float64Array => {
	const columns = width - 10;
	const rows = height - 10;
	const narrow = new Float64Array(columns * height);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < columns; x++) {
			let sum = 0;
			for (let tap = 0; tap < 11; tap++) sum += (WINDOW[tap] as number) * (data[y * width + x + tap] as number);
			narrow[y * columns + x] = sum;
		}
	}
	const result = new Float64Array(columns * rows);
	for (let y = 0; y < rows; y++) {
		for (let x = 0; x < columns; x++) {
			let sum = 0;
			for (let tap = 0; tap < 11; tap++)
				sum += (WINDOW[tap] as number) * (narrow[(y + tap) * columns + x] as number);
			result[y * columns + x] = sum;
		}
	}
	return result;
};

/** Means of 2x2 samples; an odd last column or row falls away. */
const halve = ({ width, height, data }: Plane): Plane => {
	const columns = width >> 1;
	const rows = height >> 1;
	const result = new Float64Array(columns * rows);
	for (let y = 0; y < rows; y++) {
		for (let x = 0; x < columns; x++) {
			const at = 2 * y * width + 2 * x;
			const upper = (data[at] as number) + (data[at + 1] as number);
			const lower = (data[at + width] as number) + (data[at + width + 1] as number);
			result[y * columns + x] = (upper + lower) / 4;
		}
	}
	return { width: columns, height: rows, data: result };
};

const requireSameSize = (left: Picture, right: Picture): void => {
	requirePicture(left);
	requirePicture(right);
	if (left.width !== right.width || left.height !== right.height) {
		const sizes = `${left.width}x${left.height} and ${right.width}x${right.height}`;
		throw new CodecError("invalid-picture", `Pictures of ${sizes} cannot be compared.`);
	}
};
