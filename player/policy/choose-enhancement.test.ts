import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseEnhancement, type ChoiceObservation } from "./choose-enhancement.ts";

const options = [
	{ id: "e20", bitrate: 3e5, samplesPerSecond: 7e6 },
	{ id: "e40", bitrate: 1e6, samplesPerSecond: 7e6 },
	{ id: "e55", bitrate: 3e6, samplesPerSecond: 7e6 },
];
const rich: ChoiceObservation = {
	options,
	chosen: undefined,
	current: undefined,
	bandwidth: 1e7,
	baseBitrate: 1e5,
	decodeSpeed: 2e7,
	playbackRate: 1,
	ahead: 0,
	forced: false,
};

describe("choice of the enhancement", () => {
	it("takes the best that network and device carry", () => {
		expect(chooseEnhancement(rich).id).toBe("e55");
		expect(chooseEnhancement({ ...rich, bandwidth: 2e6 }).id).toBe("e40");
		expect(chooseEnhancement({ ...rich, bandwidth: 6e5 }).id).toBe("e20");
		// Half of what the cheapest needs is spare: it can be shown for half of the time.
		expect(chooseEnhancement({ ...rich, bandwidth: 3e5 }).id).toBe("e20");
		expect(chooseEnhancement({ ...rich, bandwidth: 2.5e5 })).toEqual({ id: undefined, limit: "bandwidth-too-low" });
	});

	it("stops where the device is too slow, at a higher playback rate too", () => {
		expect(chooseEnhancement({ ...rich, decodeSpeed: 5e6 })).toEqual({ id: undefined, limit: "decoding-too-slow" });
		expect(chooseEnhancement({ ...rich, decodeSpeed: 1e7, playbackRate: 2 }).limit).toBe("decoding-too-slow");
		expect(chooseEnhancement({ ...rich, decodeSpeed: 5e6, playbackRate: 0 }).id).toBe("e55");
	});

	it("obeys the viewer against the network, not against the device", () => {
		expect(chooseEnhancement({ ...rich, chosen: "e55", bandwidth: 1e5 }).id).toBe("e55");
		expect(chooseEnhancement({ ...rich, chosen: "e20" }).id).toBe("e20");
		expect(chooseEnhancement({ ...rich, chosen: "e20", decodeSpeed: 1e6 }).id).toBeUndefined();
		expect(chooseEnhancement({ ...rich, chosen: "e20", decodeSpeed: 1e6, forced: true }).id).toBe("e20");
	});

	it("does not flutter: a bandwidth that keeps a choice does not always reach it", () => {
		const bandwidth = 1.2e6 / 0.95;
		expect(chooseEnhancement({ ...rich, bandwidth, current: "e40" }).id).toBe("e40");
		expect(chooseEnhancement({ ...rich, bandwidth, current: "e20" }).id).toBe("e20");
		expect(chooseEnhancement({ ...rich, bandwidth, current: "e20", ahead: 10 }).id).toBe("e40");
	});

	it("spends what lies ahead on more than the network carries, until little is left", () => {
		const spending = { ...rich, bandwidth: 1.9e6, current: "e40" };
		expect(chooseEnhancement({ ...spending, ahead: 20 }).id).toBe("e40");
		expect(chooseEnhancement({ ...spending, ahead: 25 }).id).toBe("e55");
		expect(chooseEnhancement({ ...spending, ahead: 10, current: "e55" }).id).toBe("e55");
		expect(chooseEnhancement({ ...spending, ahead: 5, current: "e55" }).id).toBe("e40");
		expect(chooseEnhancement({ ...spending, ahead: 25, bandwidth: 1e6 }).id).not.toBe("e55");
	});

	it("is stable: choosing again with the choice as current changes nothing", () => {
		fc.assert(
			fc.property(
				fc.double({ min: 1e5, max: 2e7, noNaN: true }),
				fc.constantFrom(undefined, "e20", "e40", "e55"),
				(bandwidth, current) => {
					const first = chooseEnhancement({ ...rich, bandwidth, current }).id;
					expect(chooseEnhancement({ ...rich, bandwidth, current: first }).id).toBe(
						first ?? chooseEnhancement({ ...rich, bandwidth }).id,
					);
				},
			),
			{ seed: 3 },
		);
	});
});
