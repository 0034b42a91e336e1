import { describe, expect, it } from "vitest";
import { type SeekObservation, shouldGoOn } from "./after-seek.ts";

/** The decoder is at 5 in a segment from 4 to 6, pictures from 4.6 on wait, it decodes at twice the speed of playing. */
const busy: SeekObservation = {
	target: 4.8,
	playbackRate: 1,
	paused: false,
	segmentStart: 4,
	readyFrom: 4.6,
	decodedTo: 5,
	givenTo: 6,
	decodeSecondsPerSecond: 0.5,
};

describe("decoding after a seek", () => {
	it("goes on where the target is ready, or ahead within what the decoder holds", () => {
		expect(shouldGoOn(busy)).toBe(true);
		expect(shouldGoOn({ ...busy, paused: true })).toBe(true);
		expect(shouldGoOn({ ...busy, target: 5.9 })).toBe(true);
		expect(shouldGoOn({ ...busy, target: 4.95, givenTo: undefined })).toBe(true);
	});

	it("starts afresh beyond that, and where there is nothing to go on with", () => {
		expect(shouldGoOn({ ...busy, target: 6.5, segmentStart: 6 })).toBe(false);
		expect(shouldGoOn({ ...busy, decodedTo: undefined })).toBe(false);
		expect(shouldGoOn({ ...busy, segmentStart: undefined })).toBe(false);
	});

	it("goes on after a step back only where that shows enhanced pictures sooner", () => {
		// 0.1 s back: pictures are ready in 0.1 s; from the segment's start the decoder would need 0.5 s.
		expect(shouldGoOn({ ...busy, target: 4.5 })).toBe(true);
		// To the segment's start: decoding afresh is there at once.
		expect(shouldGoOn({ ...busy, target: 4 })).toBe(false);
		// A device slower than playing never catches up, so what is ahead is worth keeping...
		expect(shouldGoOn({ ...busy, target: 4, decodeSecondsPerSecond: 2 })).toBe(true);
		// ...but not for a paused picture, and not for longer than a viewer waits.
		expect(shouldGoOn({ ...busy, target: 4, decodeSecondsPerSecond: 2, paused: true })).toBe(false);
		expect(shouldGoOn({ ...busy, target: 4, decodeSecondsPerSecond: 2, readyFrom: 20, decodedTo: 21 })).toBe(false);
	});
});
