import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DOWNSCALE_FIRST_TAP, DOWNSCALE_TAPS, downscalePicture, downscalePlane } from "./downscale.ts";
import { cropPicture, extendPicture } from "./extend.ts";
import { foldPicture, unfoldPicture } from "./fold.ts";
import { chromaSide, geometryOf } from "./geometry.ts";
import type { Picture } from "./picture.ts";
import { measureMsSsim, measurePsnr } from "./quality.ts";
import { testPicture } from "./test-pictures.ts";

const flat = (width: number, height: number, value: number): Picture => ({
	width,
	height,
	y: new Uint8Array(width * height).fill(value),
	u: new Uint8Array(chromaSide(width) * chromaSide(height)).fill(value),
	v: new Uint8Array(chromaSide(width) * chromaSide(height)).fill(value),
	timestamp: 0,
});

describe("geometry", () => {
	it("is the table of SPEC section 1", () => {
		expect(geometryOf(640, 360)).toEqual({
			width: 640,
			height: 360,
			codedWidth: 640,
			codedHeight: 384,
			baseWidth: 160,
			baseHeight: 90,
		});
		expect(geometryOf(33, 17)).toMatchObject({ codedWidth: 64, codedHeight: 32, baseWidth: 10, baseHeight: 6 });
	});

	it("never has a base larger than a quarter of the coded size, and always an even one", () => {
		const side = fc.integer({ min: 16, max: 8192 });
		fc.assert(
			fc.property(side, side, (width, height) => {
				const { codedWidth, codedHeight, baseWidth, baseHeight } = geometryOf(width, height);
				expect(baseWidth <= codedWidth / 4 && 4 * baseWidth >= width).toBe(true);
				expect(baseHeight <= codedHeight / 4 && 4 * baseHeight >= height).toBe(true);
				expect((baseWidth | baseHeight) & 1).toBe(0);
			}),
			{ seed: 5 },
		);
	});

	it.each([
		[15, 64],
		[64, 8193],
		[64.5, 64],
		[Number.NaN, 64],
	])("refuses %dx%d", (width, height) => {
		expect(() => geometryOf(width, height)).toThrow(expect.objectContaining({ code: "invalid-picture" }));
	});
});

describe("extension", () => {
	it("repeats the last column and row, and cropping undoes it", () => {
		const picture = testPicture(17, 5);
		const extended = extendPicture(picture, 32, 32);
		expect(extended.y[31]).toBe(picture.y[16]);
		expect(extended.y[31 * 32 + 3]).toBe(picture.y[4 * 17 + 3]);
		expect(extended.u[15]).toBe(picture.u[8]);
		expect(cropPicture(extended, 17, 5)).toEqual(picture);
	});

	it("refuses planes that are not as long as the size says", () => {
		const picture = { ...testPicture(16, 16), u: new Uint8Array(63) };
		expect(() => extendPicture(picture, 32, 32)).toThrow(expect.objectContaining({ code: "invalid-picture" }));
	});
});

describe("folding", () => {
	it("puts luma (4x+i, 4y+j) into plane 4j+i and chroma (2x+i, 2y+j) into 16+4p+2j+i", () => {
		const picture = testPicture(32, 64);
		const folded = foldPicture(picture, -128);
		const at = (plane: number, x: number, y: number) => (folded[(plane * 16 + y) * 8 + x] ?? Number.NaN) + 128;
		expect(at(4 * 2 + 3, 5, 6)).toBe(picture.y[(4 * 6 + 2) * 32 + 4 * 5 + 3]);
		expect(at(16 + 2 + 0, 5, 6)).toBe(picture.u[(2 * 6 + 1) * 16 + 2 * 5]);
		expect(at(16 + 4 + 1, 5, 6)).toBe(picture.v[2 * 6 * 16 + 2 * 5 + 1]);
	});

	it("is undone by unfolding, cropped to the visible size", () => {
		const side = fc.integer({ min: 16, max: 70 });
		fc.assert(
			fc.property(side, side, (width, height) => {
				const { codedWidth, codedHeight } = geometryOf(width, height);
				const picture = testPicture(width, height);
				const coded = { width: codedWidth, height: codedHeight };
				const folded = foldPicture(extendPicture(picture, codedWidth, codedHeight));
				expect(unfoldPicture(folded, coded, picture, picture.timestamp)).toEqual(picture);
			}),
			{ seed: 6, numRuns: 20 },
		);
	});
});

describe("downscaling", () => {
	it("has weights that are symmetric and sum to 256", () => {
		expect(DOWNSCALE_TAPS.reduce((sum: number, tap) => sum + tap, 0)).toBe(256);
		expect(DOWNSCALE_TAPS.toReversed()).toEqual([...DOWNSCALE_TAPS]);
	});

	it("keeps a flat picture flat, at every size", () => {
		const side = fc.integer({ min: 16, max: 50 });
		fc.assert(
			fc.property(side, side, fc.integer({ min: 0, max: 255 }), (width, height, value) => {
				const { baseWidth, baseHeight } = geometryOf(width, height);
				expect(downscalePicture(flat(width, height, value))).toEqual(flat(baseWidth, baseHeight, value));
			}),
			{ seed: 7, numRuns: 30 },
		);
	});

	it("is the sum that its definition says", () => {
		const { y: plane } = testPicture(40, 24);
		const result = downscalePlane(plane, 40, 24, 10, 6);
		for (const [x, y] of [
			[0, 0],
			[9, 5],
			[4, 3],
		] as const) {
			let sum = 0;
			for (const [j, vertical] of DOWNSCALE_TAPS.entries()) {
				for (const [i, horizontal] of DOWNSCALE_TAPS.entries()) {
					const column = Math.min(Math.max(4 * x + DOWNSCALE_FIRST_TAP + i, 0), 39);
					const row = Math.min(Math.max(4 * y + DOWNSCALE_FIRST_TAP + j, 0), 23);
					sum += vertical * horizontal * (plane[row * 40 + column] ?? 0);
				}
			}
			expect(result[y * 10 + x]).toBe(Math.min(Math.max((sum + 32768) >> 16, 0), 255));
		}
	});

	it("clips what overshoots an edge", () => {
		const plane = Uint8Array.from({ length: 64 * 16 }, (_, index) => (index % 64 < 32 ? 0 : 255));
		const result = downscalePlane(plane, 64, 16, 16, 4);
		expect(Math.min(...result)).toBe(0);
		expect(Math.max(...result)).toBe(255);
	});
});

describe("quality", () => {
	it("is 48.13 dB for an error of one everywhere, infinite for none", () => {
		const psnr = measurePsnr(flat(16, 16, 100), flat(16, 16, 101));
		expect(psnr.y).toBeCloseTo(48.1308, 4);
		expect(psnr.yuv).toBeCloseTo(48.1308, 4);
		expect(measurePsnr(flat(16, 16, 1), flat(16, 16, 1)).yuv).toBe(Number.POSITIVE_INFINITY);
	});

	it("weighs luma six times in PSNR-YUV", () => {
		const left = flat(16, 16, 100);
		const psnr = measurePsnr(left, {
			...left,
			y: left.y.map(() => 110),
			u: left.u.map(() => 101),
			v: left.v.map(() => 101),
		});
		expect(psnr.yuv).toBeCloseTo((6 * psnr.y + 2 * 48.1308) / 8, 3);
	});

	it("has MS-SSIM 1 for equal pictures, less for noise, least for more noise", () => {
		const picture = testPicture(192, 176);
		const noisy = (amount: number): Picture => ({
			...picture,
			y: picture.y.map((sample, index) => sample + (((index * 7919) % 17) - 8) * amount),
		});
		expect(measureMsSsim(picture, picture)).toBeCloseTo(1, 12);
		const [little, much] = [measureMsSsim(picture, noisy(1)), measureMsSsim(picture, noisy(3))];
		expect(little).toBeLessThan(1);
		expect(much).toBeLessThan(little);
		expect(much).toBeGreaterThan(0);
	});
});
