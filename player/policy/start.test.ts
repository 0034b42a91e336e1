import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baseWanted } from "./plan-fetch.ts";
import { decideStart, type StartObservation } from "./start.ts";

const good: StartObservation = {
	mode: "auto",
	choice: undefined,
	enhancements: 1,
	saveData: false,
	browserCapable: true,
	backend: "webgpu",
	samplesPerSecond: 640 * 360 * 30,
	bandwidth: 5e6,
	baseBitrate: 1e5,
	enhancementBitrate: 1e6,
	decoderBytes: 6e6,
	secondsLeft: 600,
	loops: false,
	baseBuffer: 10,
	baseBufferWanted: 6,
	baseComplete: false,
};

describe("decision to load the decoder", () => {
	it("starts where nothing stands in the way", () => {
		expect(decideStart(good)).toEqual({ start: true });
	});

	it.each([
		["off-by-choice", { mode: "off" }],
		["off-by-choice", { choice: "low" }],
		["no-enhancement", { enhancements: 0 }],
		["browser-incapable", { browserCapable: false }],
		["no-backend", { backend: undefined }],
		["data-saver", { saveData: true }],
		["too-large-for-wasm", { backend: "wasm" }],
		["bandwidth-too-low", { bandwidth: 6e5 }],
		["not-worth-loading", { secondsLeft: 20 }],
		["base-first", { baseBuffer: 2 }],
	] as const)("waits or stays away: %s", (reason, change) => {
		expect(decideStart({ ...good, ...change })).toEqual({ start: false, reason });
	});

	it.each([{ saveData: true }, { backend: "wasm" }, { bandwidth: 1e5 }, { secondsLeft: 7 }] as const)(
		"is forced past what is a matter of taste: %o",
		(change) => {
			expect(decideStart({ ...good, ...change, mode: "force" })).toEqual({ start: true });
		},
	);

	it("leaves the network to whoever chooses an enhancement, and the rest as it is", () => {
		const chosen = { ...good, choice: "enhancement" } as const;
		expect(decideStart({ ...chosen, bandwidth: 1e5 })).toEqual({ start: true });
		expect(decideStart({ ...chosen, secondsLeft: 7 })).toEqual({ start: true });
		expect(decideStart({ ...chosen, saveData: true })).toEqual({ start: false, reason: "data-saver" });
		expect(decideStart({ ...chosen, backend: "wasm" })).toEqual({ start: false, reason: "too-large-for-wasm" });
	});

	it("finds a short video worth it where it loops, and asks no more of a base that is all here", () => {
		const short = { ...good, secondsLeft: 4, baseBuffer: 4, baseComplete: true };
		expect(decideStart(short)).toEqual({ start: false, reason: "not-worth-loading" });
		expect(decideStart({ ...short, loops: true })).toEqual({ start: true });
		expect(decideStart({ ...good, baseBuffer: 0, baseComplete: true })).toEqual({ start: true });
	});

	it("loads for a viewer near the edge of a live stream, which has no end", () => {
		const live = { ...good, secondsLeft: Number.POSITIVE_INFINITY, baseBuffer: 1.6 };
		expect(decideStart({ ...live, baseBufferWanted: baseWanted(2.6, false) })).toEqual({ start: true });
	});

	it("is never forced past what is impossible", () => {
		for (const change of [{ enhancements: 0 }, { browserCapable: false }, { backend: undefined }]) {
			expect(decideStart({ ...good, ...change, mode: "force" }).start).toBe(false);
		}
	});

	it("trusts an unknown network, and the last seconds of a video need no full buffer", () => {
		expect(decideStart({ ...good, bandwidth: undefined }).start).toBe(true);
		expect(decideStart({ ...good, bandwidth: undefined, secondsLeft: 3, baseBuffer: 3 }).start).toBe(true);
	});

	it("never refuses more for having more bandwidth", () => {
		expect.hasAssertions();
		fc.assert(
			fc.property(
				fc.double({ min: 1e4, max: 1e8, noNaN: true }),
				fc.double({ min: 1, max: 10, noNaN: true }),
				fc.double({ min: 1, max: 1e4, noNaN: true }),
				(bandwidth, factor, secondsLeft) => {
					const poor = decideStart({ ...good, bandwidth, secondsLeft });
					const rich = decideStart({ ...good, bandwidth: bandwidth * factor, secondsLeft });
					expect(Number(rich.start)).toBeGreaterThanOrEqual(Number(poor.start));
				},
			),
			{ seed: 2 },
		);
	});
});
