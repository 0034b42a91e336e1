/**
 * Warps by block motion as the decoder's stages see them: the folded picture (SPEC section 4.3), features and base
 * pictures (section 4.4). Integer programs, equal bit by bit to their twins on the GPU.
 */
import { CodecError } from "../errors.ts";
import type { BlockMotion } from "./block-motion.ts";
import { anyMotion, warpChroma, warpLuma } from "./warp-planes.ts";

export { anyMotion, warpChroma, warpLuma } from "./warp-planes.ts";

const PICTURE_PLANES = 24;
const LUMA_PLANES = 16;

function checkLength(what: string, length: number, expected: number): void {
	if (length !== expected) {
		throw new CodecError("invalid-picture", `${what} has ${length} values where ${expected} are needed.`);
	}
}

/**
 * Previous picture warped by block motion: the `temporal` input of the networks.
 *
 * @param previous folded picture `[24, H/4, W/4]`, integer samples 0..255
 * @param out where given, receives the result; must not be `previous`
 * @returns folded picture of `s - 128`
 * @throws CodecError `invalid-picture` where a length does not fit the motion's size
 */
export function warpPicture(
	previous: Float32Array | Uint8Array,
	motion: BlockMotion,
	out: Float32Array = new Float32Array(previous.length),
): Float32Array {
	const width = motion.columns * 2;
	const height = motion.rows * 2;
	const plane = width * height;
	checkLength("The previous picture", previous.length, PICTURE_PLANES * plane);
	checkLength("The output", out.length, PICTURE_PLANES * plane);
	checkLength("The vectors", motion.vectors.length, 2 * motion.columns * motion.rows);
	if (!anyMotion(motion)) {
		for (let i = 0; i < out.length; i++) out[i] = (previous[i] as number) - 128;
		return out;
	}
	const luma = new Uint8Array(LUMA_PLANES * plane);
	const warpedLuma = new Uint8Array(LUMA_PLANES * plane);
	unfold(previous, 0, 4, width, height, luma);
	warpLuma(luma, motion, warpedLuma);
	fold(warpedLuma, out, 0, 4, width, height);
	const chroma = luma.subarray(0, 4 * plane);
	const warpedChroma = warpedLuma.subarray(0, 4 * plane);
	for (let first = LUMA_PLANES; first < PICTURE_PLANES; first += 4) {
		unfold(previous, first, 2, width, height, chroma);
		warpChroma(chroma, motion, warpedChroma);
		fold(warpedChroma, out, first, 2, width, height);
	}
	return out;
}

/** `factor * factor` planes from `first` on become one plane, `factor` times wider and higher. */
function unfold(
	folded: Float32Array | Uint8Array,
	first: number,
	factor: number,
	width: number,
	height: number,
	out: Uint8Array,
): void {
	let from = first * width * height;
	for (let j = 0; j < factor; j++) {
		for (let i = 0; i < factor; i++) {
			for (let y = 0; y < height; y++) {
				let to = (factor * y + j) * factor * width + i;
				for (let x = 0; x < width; x++, to += factor) out[to] = folded[from++] as number;
			}
		}
	}
}

/** The inverse of {@link unfold}, less 128. */
function fold(plane: Uint8Array, folded: Float32Array, first: number, factor: number, width: number, height: number) {
	let to = first * width * height;
	for (let j = 0; j < factor; j++) {
		for (let i = 0; i < factor; i++) {
			for (let y = 0; y < height; y++) {
				let from = (factor * y + j) * factor * width + i;
				for (let x = 0; x < width; x++, from += factor) folded[to++] = (plane[from] as number) - 128;
			}
		}
	}
}

/**
 * Features warped by block motion.
 *
 * @param features `[channels, H/4, W/4]`, integers below 2^15 in magnitude
 * @throws CodecError `invalid-picture` where the length does not fit the motion's size
 */
export function warpFeatures(features: Float32Array, channels: number, motion: BlockMotion): Float32Array {
	return warpGrid("The features", features, new Float32Array(features.length), channels, motion, 1);
}

/**
 * Base luma warped by block motion.
 *
 * @param plane extended base luma, `W/4 x H/4`, tight
 * @throws CodecError `invalid-picture` where the length does not fit the motion's size
 */
export function warpBaseLuma(plane: Uint8Array, motion: BlockMotion): Uint8Array {
	return warpGrid("The base luma", plane, new Uint8Array(plane.length), 1, motion, 1);
}

/**
 * Base chroma warped by block motion.
 *
 * @param plane extended base chroma, `W/8 x H/8`, tight
 * @throws CodecError `invalid-picture` where the length does not fit the motion's size
 */
export function warpBaseChroma(plane: Uint8Array, motion: BlockMotion): Uint8Array {
	return warpGrid("The base chroma", plane, new Uint8Array(plane.length), 1, motion, 0);
}

/** Planes of one size, by block motion, into `out`. `cellShift` is log2 of a plane's samples per 1/8 cell, each way. */
function warpGrid<T extends Float32Array | Uint8Array>(
	what: string,
	planes: T,
	out: T,
	channels: number,
	motion: BlockMotion,
	cellShift: number,
): T {
	const width = motion.columns << cellShift;
	const height = motion.rows << cellShift;
	checkLength(what, planes.length, channels * width * height);
	if (!anyMotion(motion)) {
		out.set(planes);
		return out;
	}
	const shift = 5 - cellShift;
	const unit = 1 << shift;
	const sampler = new RowSampler(width);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			const block = 2 * ((y >> cellShift) * motion.columns + (x >> cellShift));
			const mx = motion.vectors[block] as number;
			const my = motion.vectors[block + 1] as number;
			sampler.aim(x, x + (mx >> shift), y + (my >> shift), mx & (unit - 1), my & (unit - 1), unit, width, height);
		}
		for (let c = 0; c < channels; c++) {
			const first = c * width * height;
			sampler.sample(planes, first, out, first + y * width, unit * unit);
		}
		sampler.reset();
	}
	return out;
}

/** Bilinear sampling of one row at positions that all channels share: aimed once, sampled per channel. */
class RowSampler {
	private readonly width: number;
	/** Four source offsets and four weights per position: top left, top right, bottom left, bottom right. */
	private readonly offsets: Int32Array;
	private readonly weights: Int32Array;
	private whole = true;

	constructor(width: number) {
		this.width = width;
		this.offsets = new Int32Array(4 * width);
		this.weights = new Int32Array(4 * width);
	}

	/** Forgets the row. */
	reset(): void {
		this.whole = true;
	}

	/** Output position `x` reads around `(left, top)`, fractions `fx, fy` of `unit`. */
	aim(x: number, left: number, top: number, fx: number, fy: number, unit: number, width: number, height: number) {
		const x0 = Math.min(Math.max(left, 0), width - 1);
		const x1 = Math.min(Math.max(left + 1, 0), width - 1);
		const y0 = Math.min(Math.max(top, 0), height - 1) * width;
		const y1 = Math.min(Math.max(top + 1, 0), height - 1) * width;
		const i = 4 * x;
		this.offsets[i] = y0 + x0;
		this.offsets[i + 1] = y0 + x1;
		this.offsets[i + 2] = y1 + x0;
		this.offsets[i + 3] = y1 + x1;
		this.weights[i] = (unit - fx) * (unit - fy);
		this.weights[i + 1] = fx * (unit - fy);
		this.weights[i + 2] = (unit - fx) * fy;
		this.weights[i + 3] = fx * fy;
		if ((fx | fy) !== 0) this.whole = false;
	}

	/** Reads the aimed positions of one plane, which starts at `first`; the weights of a position sum to `total`. */
	sample<T extends Float32Array | Uint8Array>(source: T, first: number, out: T, to: number, total: number): void {
		const { offsets, weights, width } = this;
		if (this.whole) {
			for (let x = 0; x < width; x++) out[to + x] = source[first + (offsets[4 * x] as number)] as number;
			return;
		}
		const half = total / 2;
		const scale = 1 / total;
		for (let i = 0, x = 0; x < width; x++, i += 4) {
			const sum =
				(weights[i] as number) * (source[first + (offsets[i] as number)] as number) +
				(weights[i + 1] as number) * (source[first + (offsets[i + 1] as number)] as number) +
				(weights[i + 2] as number) * (source[first + (offsets[i + 2] as number)] as number) +
				(weights[i + 3] as number) * (source[first + (offsets[i + 3] as number)] as number);
			out[to + x] = Math.floor((sum + half) * scale);
		}
	}
}
