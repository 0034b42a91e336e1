import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	baseWanted,
	type FetchObservation,
	planFetch,
	shareOfEnhancement,
	shouldYield,
	worthStarting,
} from "./plan-fetch.ts";

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
		// A segment takes 2.2 seconds, and seven more should follow it in time.
		const slow = { ...steady, position: 0.1, bandwidth: 2e6 / 2.05 };
		expect(planFetch(slow)).toEqual({ fetch: 2 });
		// One that follows others needs only be in time itself.
		expect(planFetch({ ...slow, have: (index) => index === 0 })).toEqual({ fetch: 1 });
		expect(planFetch({ ...slow, bandwidth: 1e6, position: 1.9, have: (index) => index === 0 })).not.toEqual({
			fetch: 1,
		});
	});

	it("begins a run as far ahead as it takes for its segments to arrive in time", () => {
		// Each takes a second longer than it lasts: the first of eight begins so late that the last is not.
		const plan = planFetch({ ...steady, position: 0, bandwidth: 2e6 / 2.85, baseBufferedEnd: 40, ahead: 40 });
		expect(plan).toEqual({ fetch: 5 });
	});

	it("gives the network back when the base is about to run dry", () => {
		expect(shouldYield({ ...steady, baseBufferedEnd: 2.5 })).toBe(true);
		expect(shouldYield({ ...steady, baseBufferedEnd: undefined })).toBe(true);
		expect(shouldYield({ ...steady, baseBufferedEnd: 3.5 })).toBe(false);
		expect(shouldYield({ ...steady, baseBufferedEnd: 2.5, baseComplete: true })).toBe(false);
		expect(shouldYield({ ...steady, baseBufferedEnd: 2.5, paused: true })).toBe(false);
	});

	it("leaves to the enhancement what the base does not take", () => {
		const network = { bandwidth: 1e6, baseBitrate: 2e5, baseBuffer: 29, baseComplete: false };
		expect(shareOfEnhancement(network)).toBe(8e5);
		expect(shareOfEnhancement({ ...network, baseBuffer: 10 })).toBe(5e5);
		expect(shareOfEnhancement({ ...network, baseBuffer: 10, baseComplete: true })).toBe(1e6);
		expect(shareOfEnhancement({ ...network, bandwidth: undefined })).toBeUndefined();
	});

	it("does not ask a viewer near the edge of a live stream for more base than there is", () => {
		// Pieces of a second, 2.6 s behind the edge; the newest is on its way.
		const live = Array.from({ length: 20 }, (_, index) => ({ index, start: index, duration: 1, bytes: 50_000 }));
		const wanted = baseWanted(20 - 17.4, false);
		const near = { ...steady, segments: live, position: 17.4, baseBufferedEnd: 19, baseBufferWanted: wanted };
		expect(planFetch(near)).toEqual({ fetch: 18 });
		expect(shouldYield(near)).toBe(false);
		expect(shouldYield({ ...near, baseBufferedEnd: 17.8 })).toBe(true);
		// Far behind the edge, and where the video has one end, as ever.
		expect([baseWanted(60, false), baseWanted(60, true), baseWanted(2, true)]).toEqual([6, 6, 6]);
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
