import type { Picture } from "./picture.ts";

/** Which source samples make one output sample, with `count` weights of 14 bits that sum to exactly 16384. */
export type Taps = { readonly first: Int32Array; readonly weights: Int16Array; readonly count: number };

const ONE = 1 << 14;

/** Catmull-Rom cubic: interpolating, so that an unchanged size is an exact copy. */
const cubic = (distance: number): number => {
	const x = Math.abs(distance);
	if (x < 1) {
		return 1.5 * x * x * x - 2.5 * x * x + 1;
	}
	return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
};

/**
 * @param offset where output sample 0 lies in the source, in source samples, on top of the usual centre alignment (chroma of
 * 4:2:0 sits a quarter sample to the left of the middle of its two columns).
 */
const makeTaps = (from: number, to: number, offset: number): Taps => {
	const scale = from / to;
	const widening = Math.max(1, scale);
	const count = Math.min(from, 2 * Math.ceil(2 * widening));
	const first = new Int32Array(to);
	const weights = new Int16Array(to * count);
	for (let i = 0; i < to; i++) {
		const centre = (i + 0.5) * scale - 0.5 + offset;
		const start = Math.min(Math.max(0, Math.floor(centre) - (count >> 1) + 1), from - count);
		first[i] = start;
		const raw = new Float64Array(count);
		// Taps beyond the edge repeat the edge sample: their weight goes to it.
		const reach = Math.ceil(2 * widening);
		for (let k = Math.floor(centre) - reach + 1; k <= Math.floor(centre) + reach; k++) {
			const at = Math.min(Math.max(k, 0), from - 1) - start;
			if (at >= 0 && at < count) {
				raw[at] = (raw[at] as number) + cubic((k - centre) / widening);
			}
		}
		const sum = raw.reduce((total, weight) => total + weight, 0);
		let rest = ONE;
		let largest = 0;
		for (let k = 0; k < count; k++) {
			const weight = Math.round(((raw[k] as number) / sum) * ONE);
			weights[i * count + k] = weight;
			rest -= weight;
			if (weight > (weights[i * count + largest] as number)) {
				largest = k;
			}
		}
		weights[i * count + largest] = (weights[i * count + largest] as number) + rest;
	}
	return { first, weights, count };
};

const clip = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);

const resizeRows = (plane: Uint8Array, width: number, height: number, taps: Taps, outWidth: number): Uint8Array => {
	const out = new Uint8Array(outWidth * height);
	const { first, weights, count } = taps;
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < outWidth; x++) {
			const start = y * width + (first[x] as number);
			let sum = ONE >> 1;
			for (let k = 0; k < count; k++) {
				sum += (plane[start + k] as number) * (weights[x * count + k] as number);
			}
			out[y * outWidth + x] = clip(sum >> 14);
		}
	}
	return out;
};

const resizeColumns = (plane: Uint8Array, width: number, taps: Taps, outHeight: number): Uint8Array => {
	const out = new Uint8Array(width * outHeight);
	const sums = new Int32Array(width);
	const { first, weights, count } = taps;
	for (let y = 0; y < outHeight; y++) {
		sums.fill(ONE >> 1);
		for (let k = 0; k < count; k++) {
			const weight = weights[y * count + k] as number;
			const start = ((first[y] as number) + k) * width;
			for (let x = 0; x < width; x++) {
				sums[x] = (sums[x] as number) + (plane[start + x] as number) * weight;
			}
		}
		for (let x = 0; x < width; x++) {
			out[y * width + x] = clip((sums[x] as number) >> 14);
		}
	}
	return out;
};

/**
 * Scales pictures from one size to another by a separable Catmull-Rom filter, widened when shrinking so that nothing
 * aliases. Integer arithmetic: the same picture in, the same picture out, on every machine.
 */
export class Resizer {
	readonly #width: number;
	readonly #height: number;
	readonly #outWidth: number;
	readonly #outHeight: number;
	/** Of columns, then of rows. */
	readonly luma: readonly [Taps, Taps];
	readonly chroma: readonly [Taps, Taps];

	/** Sizes are of the luma, at least 1 in each direction. */
	constructor(width: number, height: number, outWidth: number, outHeight: number) {
		this.#width = width;
		this.#height = height;
		this.#outWidth = outWidth;
		this.#outHeight = outHeight;
		const half = (size: number) => (size + 1) >> 1;
		this.luma = [makeTaps(width, outWidth, 0), makeTaps(height, outHeight, 0)];
		// Chroma samples lie at luma column 2i: a quarter chroma sample left of the middle, on both sides of the scaling.
		const shift = 0.25 * (1 - width / outWidth);
		this.chroma = [makeTaps(half(width), half(outWidth), shift), makeTaps(half(height), half(outHeight), 0)];
	}

	/** @param picture of the size given to the constructor. @returns a new picture with the same timestamp. */
	resize(picture: Picture): Picture {
		const plane = (data: Uint8Array, [columns, rows]: readonly [Taps, Taps], chroma: boolean): Uint8Array => {
			const size = (value: number) => (chroma ? (value + 1) >> 1 : value);
			const narrow = resizeRows(data, size(this.#width), size(this.#height), columns, size(this.#outWidth));
			return resizeColumns(narrow, size(this.#outWidth), rows, size(this.#outHeight));
		};
		return {
			width: this.#outWidth,
			height: this.#outHeight,
			y: plane(picture.y, this.luma, false),
			u: plane(picture.u, this.chroma, true),
			v: plane(picture.v, this.chroma, true),
			timestamp: picture.timestamp,
		};
	}
}
