import { describe, expect, it } from "vitest";
import { isFinal, nextState, STATES, STEPS } from "./state.ts";

describe("the state table", () => {
	it("leads from idle to done", () => {
		let state = STATES[0] ?? "done";
		for (const step of ["begin", "prepared", "pause", "resume", "coded", "completed"] as const) {
			state = nextState(state, step) ?? "failed";
		}
		expect(state).toBe("done");
	});

	it("can abort and fail from every state that is not final", () => {
		for (const state of STATES.filter((candidate) => !isFinal(candidate))) {
			expect(nextState(state, "abort")).toBe("aborted");
			expect(nextState(state, "fail")).toBe("failed");
		}
	});

	it("leaves a final state by no step", () => {
		for (const state of STATES.filter(isFinal)) {
			for (const step of STEPS) {
				expect(nextState(state, step)).toBeUndefined();
			}
		}
		expect(STATES.filter(isFinal)).toEqual(["done", "failed", "aborted"]);
	});

	it("reaches every state", () => {
		const reached = new Set(["idle"]);
		for (let round = 0; round < STATES.length; round++) {
			for (const state of STATES.filter((candidate) => reached.has(candidate))) {
				for (const step of STEPS) {
					reached.add(nextState(state, step) ?? state);
				}
			}
		}
		expect([...reached].sort()).toEqual([...STATES].sort());
	});
});
