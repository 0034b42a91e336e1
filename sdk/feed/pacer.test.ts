import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pacer } from "./pacer.ts";

const taken = (timestamps: readonly number[], rate: number | undefined): number[] => {
	const pacer = new Pacer();
	return timestamps.filter((timestamp) => pacer.take(timestamp, rate));
};

const steady = (rate: number, seconds: number): number[] =>
	Array.from({ length: Math.round(rate * seconds) }, (_, i) => Math.round((i * 1e6) / rate));

describe("the pacer", () => {
	it("takes everything where nothing is planned, and at the source's own rate", () => {
		expect(taken(steady(30, 2), undefined).length).toBe(60);
		expect(taken(steady(30, 2), 30).length).toBe(60);
	});

	it("takes every second picture at half the rate, evenly", () => {
		expect(taken(steady(30, 1), 15)).toEqual(steady(30, 1).filter((_, i) => i % 2 === 0));
	});

	it("comes to any rate in the mean", () => {
		for (const rate of [7, 12, 20, 24, 29]) {
			expect(Math.abs(taken(steady(30, 10), rate).length - 10 * rate)).toBeLessThanOrEqual(rate / 4 + 2);
		}
	});

	it("never takes more than the plan, whenever pictures come", () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({ min: 1000, max: 200_000 }), { minLength: 20, maxLength: 200 }),
				fc.integer({ min: 5, max: 30 }),
				(gaps, rate) => {
					let now = 0;
					const times = gaps.map((gap) => (now += gap));
					const length = (now - (times[0] ?? 0)) / 1e6;
					expect(taken(times, rate).length).toBeLessThanOrEqual(length * rate * 2 + 2);
					expect(taken(times, rate)[0]).toBe(times[0]);
				},
			),
			{ seed: 5 },
		);
	});
});
