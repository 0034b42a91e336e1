import { describe, expect, it } from "vitest";
import { type DecodableSegment, type DecodeObservation, isHopeless, isPassedBy, nextSegment } from "./next-segment.ts";

const segment = (sequence: number, state: Partial<DecodableSegment> = {}): DecodableSegment => ({
	sequence,
	start: 2 * sequence,
	duration: 2,
	ready: true,
	coming: false,
	spent: false,
	...state,
});
const observation = (
	segments: readonly DecodableSegment[],
	change: Partial<DecodeObservation> = {},
): DecodeObservation => ({
	segments,
	position: 0.1,
	playbackRate: 1,
	paused: false,
	decodeSecondsPerSecond: 0.5,
	decodedTo: undefined,
	...change,
});

describe("next segment for the decoder", () => {
	it("is the one under the playhead, then the ones after it", () => {
		expect(nextSegment(observation([segment(0), segment(1)]))).toBe(0);
		expect(nextSegment(observation([segment(0, { spent: true }), segment(1)]))).toBe(1);
	});

	it("is the next one where the one under the playhead would come too late", () => {
		expect(nextSegment(observation([segment(0), segment(1)], { position: 1.5 }))).toBe(1);
		expect(nextSegment(observation([segment(0), segment(1)], { position: 1.5, paused: true }))).toBe(0);
	});

	it("waits for a segment that is coming, and passes over one that is not", () => {
		expect(nextSegment(observation([segment(0, { ready: false, coming: true }), segment(1)]))).toBeUndefined();
		expect(nextSegment(observation([segment(0, { ready: false }), segment(1)]))).toBe(1);
	});

	it("does not fill the decoder far ahead", () => {
		expect(nextSegment(observation([segment(20)]))).toBeUndefined();
	});
});

describe("giving a segment up", () => {
	const segments = [segment(0, { spent: true }), segment(1)];

	it("happens where decoding cannot reach the playhead before the segment ends", () => {
		expect(isHopeless(observation(segments, { position: 1.5, decodedTo: 0.2 }))).toBe(true);
		expect(isHopeless(observation(segments, { position: 0.8, decodedTo: 0.2 }))).toBe(false);
		expect(isHopeless(observation(segments, { position: 0.8, decodedTo: 0.2, decodeSecondsPerSecond: 1.5 }))).toBe(
			true,
		);
	});

	it("does not happen while paused, ahead, or only a little behind", () => {
		expect(isHopeless(observation(segments, { position: 1.5, decodedTo: 0.2, paused: true }))).toBe(false);
		expect(isHopeless(observation(segments, { position: 1.5, decodedTo: 1.9 }))).toBe(false);
		expect(isHopeless(observation(segments, { position: 1, decodedTo: 0.9, decodeSecondsPerSecond: 2 }))).toBe(
			false,
		);
		expect(isHopeless(observation(segments, { position: 1.5 }))).toBe(false);
	});
});

describe("a frame that stands and was passed by", () => {
	const standing = { position: 1, paused: true };

	it("is one that the decoder has come past, whether its segment was decoded or passed over", () => {
		for (const spent of [true, false]) {
			const segments = [segment(0, { spent }), segment(1)];
			expect(isPassedBy(observation(segments, { ...standing, decodedTo: 1.04 }))).toBe(true);
			expect(isPassedBy(observation(segments, { ...standing, decodedTo: 2.4 }))).toBe(true);
		}
	});

	it("is none that is on its way, whose bytes are not here or are damaged, or that plays", () => {
		const spent = [segment(0, { spent: true })];
		expect(isPassedBy(observation(spent, { ...standing, decodedTo: 0.9 }))).toBe(false);
		expect(isPassedBy(observation(spent, { ...standing, decodedTo: undefined }))).toBe(false);
		expect(isPassedBy(observation(spent, { position: 1, decodedTo: 1.04 }))).toBe(false);
		const missing = [segment(0, { ready: false, spent: true }), segment(1)];
		expect(isPassedBy(observation(missing, { ...standing, decodedTo: 2.4 }))).toBe(false);
	});
});
