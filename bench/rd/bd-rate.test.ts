import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bdRate, rateAt, slopes } from "./bd-rate.ts";

const points = [
	{ rate: 100, quality: 30 },
	{ rate: 200, quality: 33.1 },
	{ rate: 420, quality: 36 },
	{ rate: 900, quality: 38.7 },
	{ rate: 2000, quality: 41 },
];
const scaled = (factor: number) => points.map(({ rate, quality }) => ({ rate: rate * factor, quality }));

describe("PCHIP", () => {
	it("has the slopes of the published algorithm", () => {
		// By hand: widths 1, 2, 1 and slopes 2, 0.5, 4; inside (5+4)/(5/2+4/0.5) and (4+5)/(4/0.5+5/4).
		const expected = [7.5 / 3, 9 / 10.5, 9 / 9.25, 15.5 / 3];
		slopes([0, 1, 3, 4], [0, 2, 3, 7]).forEach((slope, i) =>
			expect(slope).toBeCloseTo(expected[i] ?? Number.NaN, 12),
		);
	});

	it("is flat at an extremum", () => {
		expect(slopes([0, 1, 2], [0, 5, 0])[1]).toBe(0);
	});

	it("goes through the points and never leaves the interval between two of them", () => {
		for (const { rate, quality } of points) expect(rateAt(points, quality)).toBeCloseTo(rate, 6);
		for (let q = 30; q <= 33.1; q += 0.05) {
			expect(rateAt(points, q)).toBeGreaterThanOrEqual(100 - 1e-9);
			expect(rateAt(points, q)).toBeLessThanOrEqual(200 + 1e-9);
		}
	});
});

describe("BD-rate", () => {
	it("is zero against itself", () => {
		const result = bdRate(points, points);
		expect(result.percent).toBeCloseTo(0, 12);
		expect(result).toMatchObject({ from: 30, to: 41, overlap: 1 });
	});

	it("is the factor when every rate is scaled by one", () => {
		fc.assert(
			fc.property(fc.double({ min: 0.1, max: 10, noNaN: true }), (factor) => {
				expect(bdRate(points, scaled(factor)).percent).toBeCloseTo((factor - 1) * 100, 6);
			}),
			{ seed: 11 },
		);
	});

	it("inverts when the two change places", () => {
		const other = [
			{ rate: 90, quality: 29 },
			{ rate: 260, quality: 34 },
			{ rate: 700, quality: 38 },
			{ rate: 2600, quality: 42 },
		];
		const there = bdRate(points, other).percent / 100 + 1;
		const back = bdRate(other, points).percent / 100 + 1;
		expect(there * back).toBeCloseTo(1, 9);
	});

	it("compares only where both curves run, and says how much that is", () => {
		const upper = scaled(2).slice(2);
		const result = bdRate(points, upper);
		expect(result.from).toBe(36);
		expect(result.overlap).toBeCloseTo(5 / 11, 12);
		expect(result.percent).toBeGreaterThan(90);
	});

	it("does not depend on the order of the points, and drops one that costs more for less", () => {
		const worse = [...points, { rate: 500, quality: 35 }];
		expect(bdRate(points, worse.toReversed()).percent).toBeCloseTo(0, 12);
	});

	it("refuses curves that cannot be compared", () => {
		expect(() =>
			bdRate(points, [
				{ rate: 1, quality: 50 },
				{ rate: 2, quality: 51 },
			]),
		).toThrow("share no range");
		expect(() => bdRate(points, points.slice(0, 1))).toThrow("at least two points");
	});
});
