import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BlockMotion } from "./block-motion.ts";
import { warpBaseChroma, warpBaseLuma, warpFeatures, warpPicture } from "./warp.ts";

// The formulas of SPEC sections 4.3 and 4.4, one sample at a time, to compare the fast code with.

const TAPS = [
	[0, 0, 64, 0, 0, 0],
	[3, -10, 58, 17, -5, 1],
	[3, -11, 40, 40, -11, 3],
	[1, -5, 17, 58, -10, 3],
];
const clip = (x: number, a: number, b: number) => Math.min(Math.max(x, a), b);
const at = (array: ArrayLike<number> | undefined, i: number): number => {
	const value = array?.[i];
	if (value === undefined) throw new Error(`index ${i} is outside`);
	return value;
};

function vectorAt(motion: BlockMotion, column: number, row: number): [number, number] {
	const i = 2 * (row * motion.columns + column);
	return [at(motion.vectors, i), at(motion.vectors, i + 1)];
}

function plainPicture(previous: ArrayLike<number>, motion: BlockMotion): number[] {
	const [w, h] = [motion.columns * 2, motion.rows * 2];
	const luma = (x: number, y: number) => {
		const [cx, cy] = [clip(x, 0, 4 * w - 1), clip(y, 0, 4 * h - 1)];
		return at(previous, ((4 * (cy & 3) + (cx & 3)) * h + (cy >> 2)) * w + (cx >> 2));
	};
	const chroma = (p: number, x: number, y: number) => {
		const [cx, cy] = [clip(x, 0, 2 * w - 1), clip(y, 0, 2 * h - 1)];
		return at(previous, ((16 + 4 * p + 2 * (cy & 1) + (cx & 1)) * h + (cy >> 1)) * w + (cx >> 1));
	};
	const out: number[] = [];
	for (let c = 0; c < 24; c++) {
		for (let y = 0; y < h; y++) {
			for (let x = 0; x < w; x++) {
				const [mx, my] = vectorAt(motion, x >> 1, y >> 1);
				let sum = 0;
				if (c < 16) {
					const [X, Y] = [4 * x + (c & 3) + (mx >> 2), 4 * y + (c >> 2) + (my >> 2)];
					for (let j = 0; j < 6; j++)
						for (let i = 0; i < 6; i++)
							sum += at(TAPS[mx & 3], i) * at(TAPS[my & 3], j) * luma(X + i - 2, Y + j - 2);
					out.push(clip((sum + 2048) >> 12, 0, 255) - 128);
				} else {
					const p = (c - 16) >> 2;
					const [X, Y] = [2 * x + (c & 1) + (mx >> 3), 2 * y + ((c >> 1) & 1) + (my >> 3)];
					for (let j = 0; j < 2; j++)
						for (let i = 0; i < 2; i++)
							sum += (i ? mx & 7 : 8 - (mx & 7)) * (j ? my & 7 : 8 - (my & 7)) * chroma(p, X + i, Y + j);
					out.push(((sum + 32) >> 6) - 128);
				}
			}
		}
	}
	return out;
}

/** Bilinear with `bits` of fraction; `vector(x, y)` in those units. */
function plainGrid(
	plane: ArrayLike<number>,
	w: number,
	h: number,
	bits: number,
	vector: (x: number, y: number) => [number, number],
) {
	const unit = 1 << bits;
	const out: number[] = [];
	for (let y = 0; y < h; y++) {
		for (let x = 0; x < w; x++) {
			const [mx, my] = vector(x, y);
			let sum = 0;
			for (let j = 0; j < 2; j++)
				for (let i = 0; i < 2; i++) {
					const sx = clip(x + (mx >> bits) + i, 0, w - 1);
					const sy = clip(y + (my >> bits) + j, 0, h - 1);
					const [fx, fy] = [mx & (unit - 1), my & (unit - 1)];
					sum += (i ? fx : unit - fx) * (j ? fy : unit - fy) * at(plane, sy * w + sx);
				}
			out.push((sum + (1 << (2 * bits - 1))) >> (2 * bits));
		}
	}
	return out;
}

const vector = fc.oneof(
	fc.constant(0),
	fc.integer({ min: -8, max: 8 }),
	fc.integer({ min: -20, max: 20 }).map((v) => 4 * v),
	fc.integer({ min: -1024, max: 1023 }),
);

/** A field of 32x32 roots with random vectors, and a seed for sample values. */
const fields = fc
	.record({ roots: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })), seed: fc.nat() })
	.chain(({ roots, seed }) => {
		const [columns, rows] = [4 * roots[0], 4 * roots[1]];
		const count = 2 * columns * rows;
		return fc.array(vector, { minLength: count, maxLength: count }).map((values) => {
			const vectors = Int16Array.from(values);
			const moved = Uint8Array.from({ length: columns * rows }, (_, i) =>
				vectors[2 * i] !== 0 || vectors[2 * i + 1] !== 0 ? 1 : 0,
			);
			return { motion: { columns, rows, moved, vectors } satisfies BlockMotion, seed };
		});
	});

/** Deterministic values in `low..high`. */
function noise(seed: number, length: number, low: number, high: number): number[] {
	let state = (seed ^ 0x9e3779b9) >>> 0;
	return Array.from({ length }, () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return low + Math.floor((state / 4294967296) * (high - low + 1));
	});
}

describe("warpPicture", () => {
	it("equals the formula at every vector, edges included", () => {
		fc.assert(
			fc.property(fields, ({ motion, seed }) => {
				const previous = noise(seed, 24 * 4 * motion.columns * motion.rows, 0, 255);
				const expected = plainPicture(previous, motion);
				expect(Array.from(warpPicture(Float32Array.from(previous), motion))).toEqual(expected);
				expect(Array.from(warpPicture(Uint8Array.from(previous), motion))).toEqual(expected);
			}),
			{ seed: 3, numRuns: 15 },
		);
	});

	it("copies where nothing moves", () => {
		const motion = { columns: 4, rows: 4, moved: new Uint8Array(16), vectors: new Int16Array(32) };
		const previous = Float32Array.from(noise(1, 24 * 64, 0, 255));
		expect(warpPicture(previous, motion)).toEqual(previous.map((s) => s - 128));
	});

	it("clips overshoot of the taps at both ends", () => {
		// A checkerboard of single black and white samples at half phase in x: the taps overshoot beyond 0..255.
		const previous = new Float32Array(24 * 64);
		previous.subarray(0, 16 * 64).forEach((_, i) => (previous[i] = (Math.floor(i / 64) & 3) < 2 ? 255 : 0));
		const vectors = new Int16Array(32).map((_, i) => (i & 1 ? 0 : 2));
		const motion = { columns: 4, rows: 4, moved: new Uint8Array(16).fill(1), vectors };
		const warped = Array.from(warpPicture(previous, motion));
		expect(warped).toEqual(plainPicture(previous, motion));
		expect(Math.max(...warped)).toBe(127);
		expect(Math.min(...warped)).toBe(-128);
	});

	it("refuses lengths that do not fit", () => {
		const motion = { columns: 4, rows: 4, moved: new Uint8Array(16), vectors: new Int16Array(32) };
		expect(() => warpPicture(new Float32Array(24 * 64 - 1), motion)).toThrowError(/previous picture has 1535/);
	});
});

describe("warpFeatures", () => {
	it("equals the formula in every channel", () => {
		fc.assert(
			fc.property(fields, fc.integer({ min: 1, max: 3 }), ({ motion, seed }, channels) => {
				const [w, h] = [motion.columns * 2, motion.rows * 2];
				const features = noise(seed, channels * w * h, -2048, 2047);
				const expected = Array.from({ length: channels }, (_, c) =>
					plainGrid(features.slice(c * w * h, (c + 1) * w * h), w, h, 4, (x, y) =>
						vectorAt(motion, x >> 1, y >> 1),
					),
				).flat();
				expect(Array.from(warpFeatures(Float32Array.from(features), channels, motion))).toEqual(expected);
			}),
			{ seed: 4, numRuns: 40 },
		);
	});

	it("copies where nothing moves", () => {
		const motion = { columns: 4, rows: 4, moved: new Uint8Array(16), vectors: new Int16Array(32) };
		const features = Float32Array.from(noise(2, 3 * 64, -2048, 2047));
		const copy = warpFeatures(features, 3, motion);
		expect(copy).toEqual(features);
		expect(copy).not.toBe(features);
		expect(() => warpFeatures(features, 4, motion)).toThrowError(/features has 192 values where 256/);
	});
});

describe("base warps", () => {
	it("equal the formula", () => {
		fc.assert(
			fc.property(fields, ({ motion, seed }) => {
				const { columns, rows } = motion;
				const luma = noise(seed, 4 * columns * rows, 0, 255);
				const chroma = noise(seed + 2, columns * rows, 0, 255);
				expect(Array.from(warpBaseLuma(Uint8Array.from(luma), motion))).toEqual(
					plainGrid(luma, 2 * columns, 2 * rows, 4, (x, y) => vectorAt(motion, x >> 1, y >> 1)),
				);
				expect(Array.from(warpBaseChroma(Uint8Array.from(chroma), motion))).toEqual(
					plainGrid(chroma, columns, rows, 5, (x, y) => vectorAt(motion, x, y)),
				);
			}),
			{ seed: 5, numRuns: 40 },
		);
	});
});
