import { describe, expect, it } from "vitest";
import { boundsOf } from "./bounds.ts";
import { DECODER_BYTES } from "../decoder-bytes.ts";
import { exampleStream } from "./example-stream.ts";
import { simulate } from "./simulate.ts";
import type { Strategy } from "./session.ts";
import { constantTrace, type Trace, TRACES } from "./traces.ts";
import type { SimulationResult } from "./viewer.ts";

/** So near to the share of the video that no policy exceeds, one cannot ask for more. */
const NEAR = 0.01;

/** A viewer who has the decoder in the cache, and one who comes for the first time and stays for longer. */
const WARM = exampleStream(120, 0);
const COLD = exampleStream(600, DECODER_BYTES);
const GPU = 4 * WARM.samplesPerSecond;

const play = (stream: typeof WARM, trace: Trace) => {
	const results = new Map<Strategy, SimulationResult>();
	return (strategy: Strategy): SimulationResult => {
		const result = results.get(strategy) ?? simulate(stream, trace, strategy, GPU);
		results.set(strategy, result);
		return result;
	};
};

describe.each([
	{ viewer: "decoder cached", stream: WARM },
	{ viewer: "cold cache", stream: COLD },
])("policy over network traces, $viewer", ({ stream }) => {
	it.each(TRACES)("never stalls where the base alone would not, and beats it: $name", (trace) => {
		const by = play(stream, trace);
		expect(by("diagonal").stalled).toBeLessThanOrEqual(by("base-only").stalled + 1e-9);
		expect(by("diagonal").startDelay).toBeLessThanOrEqual(by("base-only").startDelay + 1e-9);
		expect(by("diagonal").quality).toBeGreaterThanOrEqual(by("base-only").quality);
	});

	it.each(TRACES)("is at least as good as hls.js on a ladder of equal qualities: $name", (trace) => {
		const by = play(stream, trace);
		const highest = boundsOf(stream, trace, by("base-only").startDelay).quality;
		expect(by("diagonal").quality).toBeGreaterThanOrEqual(by("ladder").quality - 1e-9);
		expect(by("diagonal").quality).toBeLessThanOrEqual(highest);
		expect(by("diagonal").stalled).toBeLessThanOrEqual(by("ladder").stalled + 1e-9);
	});
});

/** A network is hard where the naive policy shows the enhancement for less than this share of the time: hardly twice as much is left. */
const HARD = 0.52;

describe.each([
	// Two minutes by train are one tunnel and two minutes of poor coverage: what was not ahead then is not there.
	{ viewer: "decoder cached", stream: WARM, networks: ["train, 3G and 4G with tunnels"], times: 1.7 },
	{ viewer: "cold cache", stream: COLD, networks: ["bus, 3G", "car, 4G with handovers"], times: 2 },
])("policy on hard networks, $viewer", ({ stream, networks, times }) => {
	const hard = TRACES.filter((trace) => {
		const share = simulate(stream, trace, "naive", GPU).enhancedShare;
		return share > 0 && share < HARD;
	});

	it("has hard networks to be tried on: a naive policy shows the enhancement for half of the time at most", () => {
		expect(hard.map(({ name }) => name)).toEqual(networks);
	});

	it.each(hard)(
		`is enhanced for ${times} times as long as the naive policy, or as long as can be, with fewer changes: $name`,
		(trace) => {
			const by = play(stream, trace);
			const wanted = times * by("naive").enhancedShare;
			const longest = boundsOf(stream, trace, by("base-only").startDelay).enhancedShare;
			expect(by("diagonal").enhancedShare).toBeGreaterThanOrEqual(Math.min(wanted, longest - NEAR));
			expect(by("diagonal").switches).toBeLessThan(0.6 * by("naive").switches);
		},
	);
});

describe("policy at its limits", () => {
	it("fetches nothing beyond the base where the network carries no more", () => {
		const poor = simulate(COLD, constantTrace(0.17e6), "diagonal", GPU);
		expect(poor.enhancedShare).toBe(0);
		expect(poor.bytes).toBeLessThan((1.01 * (COLD.seconds * COLD.baseBitrate)) / 8);
	});

	it("does not load the decoder for what would be over before it is there", () => {
		const short = simulate(exampleStream(4, DECODER_BYTES), constantTrace(1.5e6), "diagonal", GPU);
		expect(short.bytes).toBeLessThan(DECODER_BYTES / 4);
	});

	it("does not flutter on a steady network", () => {
		for (const rate of [0.8e6, 1.5e6, 3e6, 6e6]) {
			expect(simulate(WARM, constantTrace(rate), "diagonal", GPU).switches).toBeLessThan(6);
		}
	});

	it("leaves a device alone that is slower than the picture, but for a look now and then", () => {
		const slow = simulate(WARM, constantTrace(6e6), "diagonal", 0.8 * WARM.samplesPerSecond);
		expect(slow.enhancedShare).toBeLessThan(0.05);
		expect(slow.bytes).toBeLessThan(0.25 * simulate(WARM, constantTrace(6e6), "diagonal", GPU).bytes);
	});

	it("comes back after a device was busy with something else", () => {
		const busy = (from: number, to: number) => (t: number) => (from < t && t < to ? GPU / 100 : GPU);
		const share = (device: (t: number) => number) =>
			simulate(WARM, constantTrace(6e6), "diagonal", device).enhancedShare;
		const always = share(() => GPU);
		// A hiccup costs itself at most; three seconds cost a stop of eight.
		expect(share(busy(40, 40.5))).toBeGreaterThan(always - 0.01);
		expect(share(busy(40, 43))).toBeGreaterThan(always - 0.15);
	});

	it("notices that a network has become good after the base had all it needs", () => {
		const minute = exampleStream(60, 0);
		const trace: Trace = { ...constantTrace(0.3e6), bitsPerSecond: (t) => (t < 31 ? 0.3e6 : 6e6) };
		expect(simulate(minute, trace, "diagonal", GPU).enhancedShare).toBeGreaterThan(0.2);
	});
});
