import { describe, expect, it } from "vitest";
import { isEnough, speedThrough } from "./measure.ts";

const small = { width: 64, height: 64 };
const middle = { width: 256, height: 160 };

const seconds = ({ fixed, each }: ReturnType<typeof speedThrough>, width: number, height: number) =>
	fixed + each * width * height;

describe("speedThrough", () => {
	it("goes through both measurements", () => {
		const speed = speedThrough(small, 0.046, middle, 0.12);
		expect(seconds(speed, 64, 64)).toBeCloseTo(0.046, 9);
		expect(seconds(speed, 256, 160)).toBeCloseTo(0.12, 9);
		expect(1 / seconds(speed, 320, 180)).toBeCloseTo(6.5, 1);
	});

	it("does not believe that large frames cost no more than small ones", () => {
		const speed = speedThrough(small, 0.2, middle, 0.15);
		expect(seconds(speed, 256, 160)).toBeCloseTo(0.15, 9);
		expect(seconds(speed, 1920, 1080)).toBeGreaterThan(10 * 0.15);
	});

	it("takes nothing for fixed where the small frame was faster than its share", () => {
		const speed = speedThrough(small, 0.001, middle, 0.1);
		expect(speed.fixed).toBe(0);
		expect(seconds(speed, 256, 160)).toBeGreaterThanOrEqual(0.1);
	});
});

describe("isEnough", () => {
	it("ends after a quarter of a second on a quick machine, and after a dozen frames at the latest", () => {
		expect(isEnough(11, 0.2)).toBe(false);
		expect(isEnough(6, 0.26)).toBe(true);
		expect(isEnough(12, 0.01)).toBe(true);
	});

	it("does not judge a slow machine by the frames that compile", () => {
		expect(isEnough(1, 1.5)).toBe(false);
		expect(isEnough(4, 1.9)).toBe(false);
		expect(isEnough(5, 1.9)).toBe(true);
	});

	it("does not keep anybody waiting where every frame is slow", () => {
		expect(isEnough(1, 3)).toBe(false);
		expect(isEnough(2, 3)).toBe(true);
	});
});
