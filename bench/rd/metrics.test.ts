import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Picture } from "../../codec/picture/picture.ts";
import { measureMsSsim, measurePsnr } from "../../codec/picture/quality.ts";
import { compareFrames, frameBytes, meanQuality, msSsim, msSsimDecibel } from "./metrics.ts";

const size = { width: 192, height: 176 };
const texture = (seed: number): Uint8Array => {
	let state = seed;
	return Uint8Array.from({ length: frameBytes(size) }, (_, i) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.min(255, ((i % size.width) + (state >>> 26)) & 255);
	});
};

describe("PSNR", () => {
	it("of equal pictures is the ceiling", () => {
		const picture = texture(1);
		expect(compareFrames(picture, picture, size)).toEqual({ psnrY: 100, psnrYuv: 100, msSsim: 1 });
	});

	it("follows its formula and weighs luma six times", () => {
		const source = new Uint8Array(frameBytes(size)).fill(100);
		const decoded = source.slice();
		const luma = size.width * size.height;
		decoded.fill(102, 0, luma);
		decoded.fill(110, luma, luma + luma / 4);
		const quality = compareFrames(source, decoded, size);
		const y = 10 * Math.log10(255 ** 2 / 4);
		const u = 10 * Math.log10(255 ** 2 / 100);
		expect(quality.psnrY).toBeCloseTo(y, 9);
		expect(quality.psnrYuv).toBeCloseTo((6 * y + u + 100) / 8, 9);
	});

	it("refuses a picture of another size", () => {
		expect(() => compareFrames(texture(1), texture(1).subarray(1), size)).toThrow("192x176");
	});

	it("handles odd sizes with chroma rounded up", () => {
		expect(frameBytes({ width: 17, height: 5 })).toBe(85 + 2 * 9 * 3);
	});
});

describe("MS-SSIM", () => {
	const luma = (picture: Uint8Array): Uint8Array => picture.subarray(0, size.width * size.height);
	const noisy = (picture: Uint8Array, strength: number): Uint8Array =>
		picture.map((value, i) => Math.max(0, Math.min(255, value + (i % 3 === 0 ? strength : -strength))));

	it("is symmetric, at most 1 and falls as noise grows", () => {
		const a = luma(texture(3));
		const values = [0, 4, 12, 40].map((strength) => msSsim(a, noisy(a, strength), size));
		expect(values[0]).toBeCloseTo(1, 6);
		for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThan(values[i - 1] ?? 0);
		expect(msSsim(noisy(a, 12), a, size)).toBeCloseTo(values[2] ?? 0, 9);
	});

	it("of flat pictures is the luminance term alone, at the coarsest scale", () => {
		fc.assert(
			fc.property(fc.nat(255), fc.nat(255), (a, b) => {
				const [x, y] = [new Uint8Array(192 * 176).fill(a), new Uint8Array(192 * 176).fill(b)];
				const c1 = (0.01 * 255) ** 2;
				const luminance = (2 * a * b + c1) / (a * a + b * b + c1);
				// 192x176 has room for five scales; the weights sum to 1, the last is 0.1333.
				expect(msSsim(x, y, size)).toBeCloseTo(luminance ** (0.1333 / 1.0001), 3);
			}),
			{ seed: 5, numRuns: 5 },
		);
	});

	it("in decibel grows without end", () => {
		expect(msSsimDecibel(0.99)).toBeCloseTo(20, 9);
		expect(msSsimDecibel(1)).toBe(100);
	});
});

describe("the mean over a clip", () => {
	it("is taken measure by measure", () => {
		const frames = [
			{ psnrY: 30, psnrYuv: 31, msSsim: 0.9 },
			{ psnrY: 40, psnrYuv: 43, msSsim: 1 },
		];
		expect(meanQuality(frames)).toEqual({ psnrY: 35, psnrYuv: 37, msSsim: 0.95 });
		expect(() => meanQuality([])).toThrow("no frames");
	});
});

describe("the fast measures of the bench", () => {
	it("agree with the plain ones of the codec", () => {
		const [source, decoded] = [texture(7), texture(7).map((value, i) => (value + (i % 5) * 3) & 255)];
		const [luma, chroma] = [size.width * size.height, (size.width * size.height) / 4];
		const picture = (data: Uint8Array): Picture => ({
			...size,
			y: data.subarray(0, luma),
			u: data.subarray(luma, luma + chroma),
			v: data.subarray(luma + chroma),
			timestamp: 0,
		});
		const quality = compareFrames(source, decoded, size);
		const psnr = measurePsnr(picture(source), picture(decoded));
		expect(quality.psnrY).toBeCloseTo(psnr.y, 9);
		expect(quality.psnrYuv).toBeCloseTo(psnr.yuv, 9);
		// The weights of the paper sum to 1.0001; the bench divides by their sum.
		expect(quality.msSsim ** 1.0001).toBeCloseTo(measureMsSsim(picture(source), picture(decoded)), 6);
	});
});
