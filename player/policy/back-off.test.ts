import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backedOff, type BackOff, forgetFrames, NO_BACK_OFF, observeFrames, strike } from "./back-off.ts";

const bad = (at: number) => ({ at, rate: 1, due: 30, missed: 20 });
const fine = (at: number) => ({ at, rate: 1, due: 30, missed: 1 });
const isBackedOff = (state: BackOff, at: number) => backedOff(state, { at, rate: 1 }) !== undefined;

describe("back-off", () => {
	it("stops for longer each time, and never for good", () => {
		const first = observeFrames(NO_BACK_OFF, bad(0));
		expect(isBackedOff(first, 7_999)).toBe(true);
		expect(isBackedOff(first, 8_000)).toBe(false);
		const second = observeFrames(first, bad(10_000));
		expect(isBackedOff(second, 39_999)).toBe(true);
		expect(isBackedOff(second, 40_000)).toBe(false);
		const third = observeFrames(second, bad(50_000));
		expect(isBackedOff(third, 349_999)).toBe(true);
		expect(isBackedOff(third, 350_000)).toBe(false);
		expect(isBackedOff(observeFrames(third, bad(400_000)), 699_999)).toBe(true);
	});

	it("stops for decoding that is too slow as for missed frames, and says which it was", () => {
		const slow = strike(NO_BACK_OFF, "decoding-too-slow", { at: 0, rate: 1 });
		expect(backedOff(slow, { at: 7_999, rate: 1 })).toBe("decoding-too-slow");
		expect(backedOff(slow, { at: 8_000, rate: 1 })).toBeUndefined();
		expect(backedOff(observeFrames(slow, bad(9_000)), { at: 38_999, rate: 1 })).toBe("missed-frames");
	});

	it("lets a slower playback try at once, and a picture that stands", () => {
		const fast = strike(NO_BACK_OFF, "decoding-too-slow", { at: 0, rate: 2 });
		expect([0, 1, 2, 4].map((rate) => backedOff(fast, { at: 1, rate }) !== undefined)).toEqual([
			...[false, false, true, true],
		]);
	});

	it("bears a few missed frames, and judges only enough of them", () => {
		expect(isBackedOff(observeFrames(NO_BACK_OFF, fine(0)), 0)).toBe(false);
		expect(isBackedOff(observeFrames(NO_BACK_OFF, { ...bad(0), due: 10, missed: 10 }), 0)).toBe(false);
	});

	it("forgets what is older than its window, and everything at a seek", () => {
		const half = observeFrames(NO_BACK_OFF, { ...bad(0), due: 20 });
		expect(isBackedOff(observeFrames(half, { ...fine(5_000), due: 10, missed: 0 }), 5_000)).toBe(false);
		expect(isBackedOff(observeFrames(half, { ...fine(1_000), due: 10, missed: 0 }), 1_000)).toBe(true);
		expect(isBackedOff(observeFrames(forgetFrames(half), { ...fine(1_000), due: 10, missed: 0 }), 1_000)).toBe(
			false,
		);
	});

	it("forgives a strike after a good minute", () => {
		let state: BackOff = observeFrames(NO_BACK_OFF, bad(0));
		for (let at = 9_000; at < 80_000; at += 1_000) state = observeFrames(state, fine(at));
		expect(state.strikes).toBe(0);
	});

	it("never shortens a stop, and never counts while stopped", () => {
		fc.assert(
			fc.property(
				fc.array(
					fc.record({ step: fc.integer({ min: 1, max: 20_000 }), missed: fc.integer({ min: 0, max: 30 }) }),
				),
				(reports) => {
					let at = 0;
					let state: BackOff = NO_BACK_OFF;
					for (const { step, missed } of reports) {
						at += step;
						const next = observeFrames(state, { at, rate: 1, due: 30, missed });
						expect(next.until).toBeGreaterThanOrEqual(state.until);
						expect(isBackedOff(state, at) ? next : state).toBe(state);
						state = next;
					}
				},
			),
			{ seed: 5 },
		);
	});
});
