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

it("takes for a frame what the GPU multiplies, what stays on the processor, and what they wait for each other", () => {
	const speed = gpuSpeed({ roundTrip: 0.001, product: 1e-12 }, { fixed: 0.1, each: 1e-5 });
	// Thirteen round trips of a millisecond, and 0.11 of a tenth of a second.
	expect(speed.fixed).toBeCloseTo(0.024, 9);
	// 24,400 products of a picosecond, and 0.11 of ten microseconds.
	expect(speed.each).toBeCloseTo(0.0244e-6 + 1.1e-6, 12);
});
