import { describe, expect, it } from "vitest";
import { failed, isLastStart, NO_RESTARTS, type Restarts } from "./restarts.ts";

/** So many failures, one after the other, none after pictures were shown. */
const afterFailures = (count: number, shown = 0): Restarts | undefined => {
	let state: Restarts | undefined = NO_RESTARTS;
	for (let n = 0; n < count; n++) state = state && failed(state, 0, shown);
	return state;
};

describe("restarts", () => {
	it("wait for longer each time, and end", () => {
		expect([1, 2, 3, 4, 5].map((count) => afterFailures(count)?.notBefore)).toEqual([
			...[1000, 2000, 4000, 8000, undefined],
		]);
		expect(failed(NO_RESTARTS, 500, 0)?.notBefore).toBe(1500);
	});

	it("know the last one", () => {
		expect([0, 3, 4].map((count) => isLastStart(afterFailures(count) ?? NO_RESTARTS))).toEqual([
			false,
			false,
			true,
		]);
	});

	it("are forgotten after a good minute, not after a good while in all", () => {
		const state = afterFailures(4, 40);
		expect(state && failed(state, 0, 99)).toBeUndefined();
		expect(state && failed(state, 0, 100)).toEqual({ failures: 1, shown: 100, notBefore: 1000 });
	});
});
