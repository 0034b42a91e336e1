import { describe, expect, it } from "vitest";
import { type SimulatedStream, simulate } from "./simulate.ts";
import { constantTrace, TRACES } from "./traces.ts";

/** Two minutes of 640x360 at 25 frames a second; qualities are PSNR-Y of the order that the codec reaches. */
const stream: SimulatedStream = {
	seconds: 120,
	segmentSeconds: 2,
	baseBitrate: 150_000,
	enhancements: [
		{ id: "e20", bitrate: 350_000, quality: 33 },
		{ id: "e36", bitrate: 900_000, quality: 36 },
		{ id: "e50", bitrate: 2_200_000, quality: 39 },
	],
	baseQuality: 27,
	samplesPerSecond: 640 * 360 * 25,
	runtimeBytes: 6_000_000,
};
const GPU = 4 * stream.samplesPerSecond;

describe("policy over network traces", () => {
	it.each(TRACES)("never stalls where the base alone would not: $name", (trace) => {
		const ours = simulate(stream, trace, "diagonal", GPU);
		const base = simulate(stream, trace, "base-only", GPU);
		expect(ours.stalled).toBeLessThanOrEqual(base.stalled + 1e-9);
		expect(ours.startDelay).toBeLessThanOrEqual(base.startDelay + 1e-9);
		expect(ours.quality).toBeGreaterThanOrEqual(base.quality);
	});

	it.each(TRACES.filter(({ name }) => /commuting|lossy/.test(name)))(
		"is enhanced for longer than with the naive policy, with fewer switches: $name",
		(trace) => {
			const ours = simulate(stream, trace, "diagonal", GPU);
			const naive = simulate(stream, trace, "naive", GPU);
			expect(ours.enhancedShare).toBeGreaterThan(naive.enhancedShare);
			expect(ours.switches).toBeLessThan(naive.switches);
		},
	);

	it("fetches nothing beyond the base where the network carries no more", () => {
		const poor = simulate(stream, constantTrace(0.4e6), "diagonal", GPU);
		expect(poor.enhancedShare).toBe(0);
		expect(poor.bytes).toBeLessThan((1.01 * (stream.seconds * stream.baseBitrate)) / 8);
	});

	it("is enhanced for nearly the whole of the video on a good network, without fluttering", () => {
		const good = simulate(stream, constantTrace(6e6, 0.04), "diagonal", GPU);
		expect(good.enhancedShare).toBeGreaterThan(0.85);
		expect(good.quality).toBeGreaterThan(37);
		expect(good.switches).toBeLessThan(6);
	});

	it("leaves a device alone that is slower than the picture", () => {
		expect(simulate(stream, constantTrace(6e6), "diagonal", 0.8 * stream.samplesPerSecond).enhancedShare).toBe(0);
	});
});
