import { describe, expect, it } from "vitest";
import type { Picture } from "../../codec/picture/picture.ts";
import { bitrateFor, detailOf } from "./base-rate.ts";

const facts = { detail: 8, width: 160, height: 90, framesPerSecond: 25, crf: 33 };

describe("the rate of the base", () => {
	it("doubles each four and a half steps of quality, and follows the frame rate", () => {
		expect(bitrateFor({ ...facts, crf: 28.516 }) / bitrateFor(facts)).toBeCloseTo(2, 2);
		expect(bitrateFor({ ...facts, framesPerSecond: 50 }) / bitrateFor(facts)).toBeCloseTo(2, 2);
	});

	it("grows with detail, and less than with the number of samples", () => {
		expect(bitrateFor({ ...facts, detail: 16 })).toBeGreaterThan(1.8 * bitrateFor(facts));
		const larger = bitrateFor({ ...facts, width: 320, height: 180 }) / bitrateFor(facts);
		expect(larger).toBeGreaterThan(3);
		expect(larger).toBeLessThan(4);
	});

	it("is never too little to work with", () => {
		expect(bitrateFor({ ...facts, detail: 0, width: 16, height: 16 })).toBe(24_000);
	});

	it("comes near what was measured: 57 kbit/s for a roundabout of 160x90 at CRF 30", () => {
		const rate = bitrateFor({ detail: 10.1, width: 160, height: 90, framesPerSecond: 24, crf: 30 });
		expect(Math.abs(Math.log2(rate / 56_889))).toBeLessThan(0.5);
	});
});

const drawn = (width: number, height: number, luma: (x: number, y: number) => number): Picture => ({
	width,
	height,
	y: Uint8Array.from({ length: width * height }, (_, i) => luma(i % width, Math.floor(i / width))),
	u: new Uint8Array((width * height) / 4),
	v: new Uint8Array((width * height) / 4),
	timestamp: 0,
});

it("a flat picture has no detail, a checkered one all there can be", () => {
	const flat = drawn(32, 16, () => 90);
	expect(detailOf(flat)).toBe(0);
	expect(detailOf(drawn(32, 16, (x, y) => ((x + y) % 2) * 255))).toBe(255);
});
