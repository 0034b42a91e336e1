import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FetchObservation, planFetch, worthStarting } from "./plan-fetch.ts";

const segments = Array.from({ length: 20 }, (_, index) => ({ index, start: 2 * index, duration: 2, bytes: 250_000 }));
const steady: FetchObservation = {
	segments,
	have: () => false,
	position: 0,
	playbackRate: 1,
	paused: false,
	baseBufferedEnd: 20,
	baseBufferWanted: 6,
	baseComplete: false,
	bandwidth: 4e6,
	bitrate: 1e6,
	decodeSecondsPerSecond: 0.3,
	ahead: 20,
};

describe("diagonal fetch plan", () => {
	it("leaves the network to the base until that has what it wants", () => {
		expect(planFetch({ ...steady, baseBufferedEnd: 5 })).toEqual({ fetch: undefined, reason: "base-first" });
		expect(planFetch({ ...steady, baseBufferedEnd: undefined })).toEqual({
			fetch: undefined,
			reason: "base-first",
		});
		expect(planFetch({ ...steady, baseBufferedEnd: 5, paused: true })).toEqual({ fetch: 0 });
	});

	it("takes the segment under the playhead while it can still be shown, else the next", () => {
		expect(planFetch({ ...steady, position: 0.1 })).toEqual({ fetch: 0 });
		expect(planFetch({ ...steady, position: 1.2 })).toEqual({ fetch: 1 });
		expect(planFetch({ ...steady, position: 1.2, paused: true })).toEqual({ fetch: 0 });
	});

	it("skips what cannot arrive in time on a slow network", () => {
		// A segment takes four seconds: the one that begins in two is late, the one in four is not.
		expect(planFetch({ ...steady, position: 0.1, bandwidth: 5e5 })).toEqual({ fetch: 2 });
	});

	it("does not run ahead of the base, nor further than asked", () => {
		const have = (index: number) => index < 10;
		expect(planFetch({ ...steady, have })).toEqual({ fetch: undefined, reason: "base-missing" });
		expect(planFetch({ ...steady, have, baseComplete: true })).toEqual({ fetch: 10 });
		expect(planFetch({ ...steady, have, baseComplete: true, ahead: 10 })).toEqual({
			fetch: undefined,
			reason: "full",
		});
	});

	it("plans only segments that end in the future, are not here, and lie within reach", () => {
		fc.assert(
			fc.property(
				fc.record({
					position: fc.double({ min: 0, max: 40, noNaN: true }),
					buffer: fc.double({ min: 0, max: 40, noNaN: true }),
					bandwidth: fc.option(fc.double({ min: 1e4, max: 1e8, noNaN: true }), { nil: undefined }),
					decode: fc.double({ min: 0, max: 3, noNaN: true }),
					held: fc.uniqueArray(fc.integer({ min: 0, max: 19 })),
				}),
				({ position, buffer, bandwidth, decode, held }) => {
					const have = (index: number) => held.includes(index);
					const baseBufferedEnd = position + buffer;
					const plan = planFetch({
						...steady,
						position,
						baseBufferedEnd,
						bandwidth,
						decodeSecondsPerSecond: decode,
						have,
					});
					if (plan.fetch === undefined) return;
					const start = 2 * plan.fetch;
					expect(have(plan.fetch)).toBe(false);
					expect(start + 2).toBeGreaterThan(position);
					expect(start).toBeLessThanOrEqual(position + 20);
					expect(start + 2).toBeLessThanOrEqual(baseBufferedEnd + 0.05);
				},
			),
			{ seed: 4 },
		);
	});
});

describe("whether a segment is worth decoding", () => {
	const segment = { start: 10, duration: 2 };
	const base = { segment, playbackRate: 1, paused: false, fetchSeconds: 0, decodeSecondsPerSecond: 0.5 };

	it("is, where decoding overtakes the playhead before the segment ends", () => {
		expect(worthStarting({ ...base, position: 10.5 })).toBe(true); // both meet at 11
		expect(worthStarting({ ...base, position: 10.9 })).toBe(false); // they would meet at 11.8
		expect(worthStarting({ ...base, position: 10.9, paused: true })).toBe(true);
	});

	it("is not, where the device is slower than the playhead and already late", () => {
		expect(worthStarting({ ...base, position: 10.1, decodeSecondsPerSecond: 1.2 })).toBe(false);
		expect(worthStarting({ ...base, position: 9, decodeSecondsPerSecond: 1.2 })).toBe(true);
	});
});
