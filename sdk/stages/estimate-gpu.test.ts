import { describe, expect, it } from "vitest";
import { gpuSpeed, timePasses } from "./estimate-gpu.ts";

/** A GPU on its own clock. @param roundTrip milliseconds of asking it for nothing @param pass of one pass @param first of the first run */
const gpu = (roundTrip: number, pass: number, first: number) => {
	let now = 0;
	let runs = 0;
	const passes: number[] = [];
	const run = async (count: number) => {
		now += roundTrip + count * pass + (runs++ === 0 ? first : 0);
		passes.push(count);
	};
	return { run, now: () => now, passes };
};

describe("timePasses", () => {
	it("tells work from asking for it, and leaves out what the first run compiles", async () => {
		const { run, now, passes } = gpu(3, 1, 500);
		const costs = await timePasses(run, now);
		expect(costs.roundTrip).toBeCloseTo(0.003, 9);
		expect(costs.product).toBeCloseTo(0.001 / (32 * 32 * 16_384), 15);
		expect(passes).toEqual([1, 0, 0, 1, 2, 4, 8]);
	});

	it("ends on a GPU that is quicker than can be told", async () => {
		const { run, now, passes } = gpu(1, 0, 0);
		expect((await timePasses(run, now)).product).toBe(0);
		expect(passes.at(-1)).toBe(256);
	});
});

it("grows with the size by what GPU and processor each take for a pixel", () => {
	const processor = { fixed: 0.1, each: 1e-5 };
	const quick = gpuSpeed({ roundTrip: 0.001, product: 1e-13 }, processor);
	const slow = gpuSpeed({ roundTrip: 0.001, product: 1e-10 }, processor);
	expect(quick.each).toBeLessThan(slow.each);
	expect(quick.each).toBeGreaterThan(0);
	expect(quick.fixed).toBeGreaterThanOrEqual(0.012);
});
