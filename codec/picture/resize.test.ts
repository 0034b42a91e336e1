import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Picture } from "./picture.ts";
import { Resizer } from "./resize.ts";

const paint = (width: number, height: number, luma: (x: number, y: number) => number, chroma = 90): Picture => {
	const y = new Uint8Array(width * height);
	for (let row = 0; row < height; row++) {
		for (let column = 0; column < width; column++) {
			y[row * width + column] = luma(column, row);
		}
	}
	const size = ((width + 1) >> 1) * ((height + 1) >> 1);
	return {
		width,
		height,
		y,
		u: new Uint8Array(size).fill(chroma),
		v: new Uint8Array(size).fill(255 - chroma),
		timestamp: 7,
	};
};

describe("Resizer", () => {
	it("copies exactly when the size stays", () => {
		const picture = paint(33, 17, (x, y) => (x * 37 + y * 91) & 255);
		expect(new Resizer(33, 17, 33, 17).resize(picture)).toEqual(picture);
	});

	it("keeps a flat picture flat at any two sizes", () => {
		const size = fc.integer({ min: 1, max: 70 });
		fc.assert(
			fc.property(size, size, size, size, fc.integer({ min: 0, max: 255 }), (w, h, outW, outH, value) => {
				const out = new Resizer(w, h, outW, outH).resize(paint(w, h, () => value, value));
				expect(out.y.length).toBe(outW * outH);
				expect(out.u.length).toBe(((outW + 1) >> 1) * ((outH + 1) >> 1));
				expect(out.y.every((sample) => sample === value)).toBe(true);
				expect(out.u.every((sample) => sample === value)).toBe(true);
				expect(out.v.every((sample) => sample === 255 - value)).toBe(true);
			}),
			{ seed: 3, numRuns: 200 },
		);
	});

	it("keeps a ramp a ramp when halving", () => {
		const out = new Resizer(128, 8, 64, 4).resize(paint(128, 8, (x) => x));
		for (let x = 4; x < 60; x++) {
			expect(Math.abs((out.y[x] as number) - (2 * x + 0.5))).toBeLessThanOrEqual(1);
		}
	});

	it("does not alias: a one-pixel checkerboard becomes grey", () => {
		const out = new Resizer(64, 64, 16, 16).resize(paint(64, 64, (x, y) => ((x + y) & 1 ? 255 : 0)));
		for (let y = 2; y < 14; y++) {
			for (let x = 2; x < 14; x++) {
				expect(Math.abs((out.y[y * 16 + x] as number) - 127.5)).toBeLessThan(6);
			}
		}
	});
});
