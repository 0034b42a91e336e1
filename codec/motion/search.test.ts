import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MOTION_EFFORTS, MotionSearch } from "./search.ts";
import { SubpelReference } from "./subpel-reference.ts";
import { readMotion, writeMotion } from "./motion-bytes.ts";
import { type MotionField, MotionModels } from "./syntax.ts";
import { warpLuma } from "./warp.ts";

/** A smooth random texture that can be sampled anywhere. */
function texture(seed: number): (x: number, y: number) => number {
	const waves = Array.from({ length: 12 }, (_, i) => {
		const random = (k: number) => {
			const v = Math.sin((seed + 1) * 12.9898 + i * 78.233 + k * 37.719) * 43758.5453;
			return v - Math.floor(v);
		};
		return {
			fx: 0.9 * (random(0) - 0.5),
			fy: 0.9 * (random(1) - 0.5),
			phase: 6.28 * random(2),
			gain: 4 + 12 * random(3),
		};
	});
	return (x, y) => {
		let sum = 128;
		for (const { fx, fy, phase, gain } of waves) sum += gain * Math.sin(fx * x + fy * y + phase);
		return Math.max(0, Math.min(255, Math.round(sum)));
	};
}

function render(width: number, height: number, at: (x: number, y: number) => number): Uint8Array {
	return Uint8Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)));
}

function psnr(a: Uint8Array, b: Uint8Array): number {
	const error = a.reduce((sum, s, i) => sum + (s - (b[i] ?? 0)) ** 2, 0);
	return 10 * Math.log10((65025 * a.length) / Math.max(error, 1e-9));
}

function predict(reference: Uint8Array, field: MotionField): Uint8Array {
	const out = new Uint8Array(reference.length);
	warpLuma(reference, field.toBlockMotion(), out);
	return out;
}

const LAMBDA = 100;

describe("motion search", () => {
	it.each([
		["quarter samples", 2.25, -1.5],
		["whole samples", -7, 3],
		["far", 41.5, -22.75],
	])("finds a pan in %s", (_, dx, dy) => {
		const at = texture(7);
		const reference = render(192, 128, at);
		const current = render(192, 128, (x, y) => at(x + dx, y + dy));
		const field = new MotionSearch(192, 128).search({
			current,
			reference,
			models: new MotionModels(),
			lambda: LAMBDA,
		});
		// In the middle, where both pictures show the same part of the texture.
		const cell = 2 * (7 * field.columns + 11);
		expect([field.vectors[cell], field.vectors[cell + 1]]).toEqual([4 * dx, 4 * dy]);
		expect(writeMotion(field, new MotionModels()).length).toBeLessThan(400);
	});

	it("separates a moving object from a still background", () => {
		const ground = texture(1);
		const object = texture(2);
		const inside = (x: number, y: number, left: number) => x >= left && x < left + 40 && y >= 40 && y < 88;
		const scene = (left: number) =>
			render(160, 128, (x, y) => (inside(x, y, left) ? object(x - left, y) : ground(x, y)));
		const [reference, current] = [scene(56), scene(61)];
		const field = new MotionSearch(160, 128).search({
			current,
			reference,
			models: new MotionModels(),
			lambda: LAMBDA,
		});
		expect(psnr(current, predict(reference, field))).toBeGreaterThan(psnr(current, reference) + 4);
		const { moved, vectors } = field.toBlockMotion();
		expect(moved[0]).toBe(0);
		expect(moved[field.columns * field.rows - 1]).toBe(0);
		const middle = 8 * field.columns + 10;
		expect([vectors[2 * middle], vectors[2 * middle + 1]]).toEqual([-20, 0]);
	});

	it("leaves a still scene still, at no cost", () => {
		const picture = render(96, 64, texture(3));
		const field = new MotionSearch(96, 64).search({
			current: picture,
			reference: picture,
			models: new MotionModels(),
			lambda: LAMBDA,
		});
		expect(writeMotion(field, new MotionModels())).toHaveLength(0);
	});

	it("returns what the writer writes, whatever the pictures and the effort", () => {
		const efforts = fc.constantFrom(...Object.values(MOTION_EFFORTS));
		fc.assert(
			fc.property(fc.nat(1000), fc.integer({ min: 1, max: 2000 }), efforts, (seed, lambda, effort) => {
				const search = new MotionSearch(64, 64, effort);
				const writer = new MotionModels();
				const reader = new MotionModels();
				let reference = render(64, 64, texture(seed));
				for (let t = 1; t < 4; t++) {
					const at = texture(seed + (t === 3 ? 1 : 0));
					const current = render(64, 64, (x, y) => at(x + 3.3 * t, y * (1 + 0.02 * t)));
					const field = search.search({ current, reference, models: writer, lambda });
					const read = readMotion(writeMotion(field, writer), 8, 8, reader);
					expect(read.vectors).toEqual(field.vectors);
					expect(psnr(current, predict(reference, field))).toBeGreaterThanOrEqual(psnr(current, reference));
					reference = current;
				}
			}),
			{ seed: 24, numRuns: 12 },
		);
	});

	it("refuses planes of another size", () => {
		const request = {
			current: new Uint8Array(5),
			reference: new Uint8Array(5),
			models: new MotionModels(),
			lambda: 1,
		};
		expect(() => new MotionSearch(32, 32).search(request)).toThrow(RangeError);
	});
});

describe("SubpelReference", () => {
	it("holds what the warp gives, at every phase, inside and outside the picture", () => {
		const [width, height] = [96, 64];
		const reference = new SubpelReference(width, height);
		for (const seed of [4, 5]) {
			const luma = render(width, height, texture(seed));
			reference.load(luma);
			for (const [x, y] of [
				[-14, 9],
				[3, -31],
				[0, 0],
				[17, 5],
				[37, 30],
			] as const) {
				for (let phase = 0; phase < 16; phase++) {
					const field = stillExceptVector(width, height, 4 * x + (phase & 3), 4 * y + (phase >> 2));
					const warped = new Uint8Array(luma.length);
					warpLuma(luma, field, warped);
					for (const [column, row] of [
						[0, 0],
						[5, 3],
						[11, 7],
					] as const) {
						const [left, top] = [8 * column + x, 8 * row + y];
						const plane = reference.plane(phase & 3, phase >> 2, left, top, 8);
						for (let j = 0; j < 8; j++) {
							const from = reference.offset(left, top + j);
							const to = (8 * row + j) * width + 8 * column;
							expect(plane.subarray(from, from + 8)).toEqual(warped.subarray(to, to + 8));
						}
					}
				}
			}
		}
	});
});

/** A field with one vector everywhere. */
function stillExceptVector(width: number, height: number, x: number, y: number) {
	const [columns, rows] = [width / 8, height / 8];
	const vectors = new Int16Array(2 * columns * rows).map((_, i) => (i & 1 ? y : x));
	return { columns, rows, moved: new Uint8Array(columns * rows).fill(1), vectors };
}
