/**
 * The one measure of quality for every encoder of the bench: per frame, on 8-bit 4:2:0 pictures, then averaged over the
 * frames.
 *
 * - PSNR of a plane: 10 log10(255² / mean squared error), at most 100 dB (equal planes).
 * - PSNR-YUV: (6 Y + U + V) / 8, in dB.
 * - MS-SSIM of luma (Wang, Simoncelli, Bovik 2003): five scales, 11-tap Gaussian of 1.5 samples, K1 0.01, K2 0.03.
 *   For rates it counts as -10 log10(1 - MS-SSIM).
 */

/** Quality of a frame, or of a clip on average. */
export interface Quality {
	/** dB */
	readonly psnrY: number;
	/** dB, 6:1:1 */
	readonly psnrYuv: number;
	/** -1..1 */
	readonly msSsim: number;
}

/** 8-bit planar 4:2:0 pictures of one size, Y then U then V without padding. */
export interface FrameSize {
	readonly width: number;
	readonly height: number;
}

const SCALES = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
const RADIUS = 5;
const WINDOW = gaussian(RADIUS, 1.5);
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
const CEILING = 100;

/** Bytes of one picture. */
export function frameBytes({ width, height }: FrameSize): number {
	return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

/** Compares one picture with its source. */
export function compareFrames(source: Uint8Array, decoded: Uint8Array, size: FrameSize): Quality {
	const expected = frameBytes(size);
	if (source.length !== expected || decoded.length !== expected) {
		throw new RangeError(`a ${size.width}x${size.height} picture has ${expected} bytes`);
	}
	const luma = size.width * size.height;
	const chroma = (expected - luma) / 2;
	const psnr = (from: number, to: number): number => planePsnr(source.subarray(from, to), decoded.subarray(from, to));
	const [y, u, v] = [psnr(0, luma), psnr(luma, luma + chroma), psnr(luma + chroma, expected)];
	return {
		psnrY: y,
		psnrYuv: (6 * y + u + v) / 8,
		msSsim: msSsim(source.subarray(0, luma), decoded.subarray(0, luma), size),
	};
}

/** The mean of every measure over the frames. */
export function meanQuality(frames: readonly Quality[]): Quality {
	if (frames.length === 0) throw new RangeError("no frames to average");
	const mean = (of: (frame: Quality) => number): number => frames.reduce((sum, f) => sum + of(f), 0) / frames.length;
	return { psnrY: mean((f) => f.psnrY), psnrYuv: mean((f) => f.psnrYuv), msSsim: mean((f) => f.msSsim) };
}

/** MS-SSIM on a scale where equal steps look alike. */
export function msSsimDecibel(value: number): number {
	return -10 * Math.log10(Math.max(1 - value, 1e-10));
}

function planePsnr(a: Uint8Array, b: Uint8Array): number {
	let sum = 0;
	for (let i = 0; i < a.length; i++) {
		const d = (a[i] as number) - (b[i] as number);
		sum += d * d;
	}
	return sum === 0 ? CEILING : Math.min(CEILING, 10 * Math.log10((255 * 255 * a.length) / sum));
}

/** MS-SSIM of two planes. Pictures too small for five scales use as many as fit, with the weights of these. */
export function msSsim(a: Uint8Array, b: Uint8Array, { width, height }: FrameSize): number {
	let x: Float32Array = Float32Array.from(a);
	let y: Float32Array = Float32Array.from(b);
	let [w, h] = [width, height];
	const fitting = SCALES.filter((_, i) => Math.min(width, height) >> i >= WINDOW.length);
	const total = fitting.reduce((sum, weight) => sum + weight, 0);
	let result = 1;
	for (const [i, weight] of fitting.entries()) {
		const { ssim, contrast } = similarity(x, y, w, h);
		const value = i === fitting.length - 1 ? ssim : contrast;
		result *= Math.max(value, 0) ** (weight / total);
		[x, y] = [halve(x, w, h), halve(y, w, h)];
		[w, h] = [w >> 1, h >> 1];
	}
	return result;
}

/**
 * Mean structural similarity and its contrast-structure part over all positions where the whole window fits.
 *
 * Four windowed means decide both: of a, of b, of a² + b² and of ab. They are taken along a row first, for the eleven
 * rows that a window covers (a ring of rows), then down the column.
 */
function similarity(a: Float32Array, b: Float32Array, w: number, h: number): { ssim: number; contrast: number } {
	const taps = WINDOW.length;
	const ow = w - taps + 1;
	const oh = h - taps + 1;
	const ring = Array.from({ length: taps }, () => new Float64Array(4 * ow));
	const sums = new Float64Array(4 * ow);
	let ssim = 0;
	let contrast = 0;
	for (let y = 0; y < h; y++) {
		blurRow(a, b, y * w, ow, ring[y % taps] as Float64Array);
		if (y < taps - 1) continue;
		sums.fill(0);
		for (let k = 0; k < taps; k++) {
			const row = ring[(y + 1 + k) % taps] as Float64Array;
			const weight = WINDOW[k] as number;
			for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + weight * (row[i] as number);
		}
		for (let i = 0; i < sums.length; i += 4) {
			const ma = sums[i] as number;
			const mb = sums[i + 1] as number;
			const squares = ma * ma + mb * mb;
			const variances = (sums[i + 2] as number) - squares;
			const covariance = (sums[i + 3] as number) - ma * mb;
			const cs = (2 * covariance + C2) / (variances + C2);
			contrast += cs;
			ssim += (cs * (2 * ma * mb + C1)) / (squares + C1);
		}
	}
	return { ssim: ssim / (ow * oh), contrast: contrast / (ow * oh) };
}

/** The four means along one row, side by side for each position. */
function blurRow(a: Float32Array, b: Float32Array, start: number, count: number, out: Float64Array): void {
	for (let x = 0; x < count; x++) {
		let [ma, mb, squares, product] = [0, 0, 0, 0];
		for (let k = 0; k < WINDOW.length; k++) {
			const weight = WINDOW[k] as number;
			const p = a[start + x + k] as number;
			const q = b[start + x + k] as number;
			ma += weight * p;
			mb += weight * q;
			squares += weight * (p * p + q * q);
			product += weight * p * q;
		}
		out[4 * x] = ma;
		out[4 * x + 1] = mb;
		out[4 * x + 2] = squares;
		out[4 * x + 3] = product;
	}
}

/** Half the size by the mean of 2x2 samples. */
function halve(plane: Float32Array, w: number, h: number): Float32Array {
	const [ow, oh] = [w >> 1, h >> 1];
	const out = new Float32Array(ow * oh);
	for (let y = 0; y < oh; y++) {
		for (let x = 0; x < ow; x++) {
			const i = 2 * y * w + 2 * x;
			const sum =
				(plane[i] as number) +
				(plane[i + 1] as number) +
				(plane[i + w] as number) +
				(plane[i + w + 1] as number);
			out[y * ow + x] = sum / 4;
		}
	}
	return out;
}

function gaussian(radius: number, sigma: number): Float64Array {
	const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
		Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
	);
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	return weights.map((weight) => weight / total);
}
