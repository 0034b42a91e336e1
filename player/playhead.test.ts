import { describe, expect, it } from "vitest";
import { Playhead, playheadOf } from "./playhead.ts";
import type { DecodeObservation } from "./policy/next-segment.ts";

const FRAME_RATE = 25;
const video = (currentTime: number, duration = 10) => ({ currentTime, duration });
/** One segment of ten seconds, decoded up to `decodedTo`. */
const decoded = (decodedTo: number | undefined): DecodeObservation => ({
	segments: [{ sequence: 0, start: 0, duration: 10, ready: true, coming: false, spent: true }],
	...{ position: 0, playbackRate: 1, paused: true, decodeSecondsPerSecond: 0.5, decodedTo },
});

describe("playhead", () => {
	it("is the video's while it plays, and the middle of the last frame at the end", () => {
		const presenter = { standing: undefined, drawn: false };
		expect(new Playhead(video(4.2), FRAME_RATE, presenter).position).toBe(4.2);
		expect(new Playhead(video(10), FRAME_RATE, presenter).position).toBe(9.98);
		// Before a length is known there is no end.
		expect(playheadOf(video(0, Number.NaN), FRAME_RATE)).toBe(0);
	});

	it("is the middle of the frame on the screen where the video stands, before or behind its own", () => {
		for (const currentTime of [3.9, 4.3, 10]) {
			const presenter = { standing: 4_000_000, drawn: true };
			expect(new Playhead(video(currentTime), FRAME_RATE, presenter).position).toBeCloseTo(4.02, 9);
		}
	});

	it("says once of a standing frame that decoding has passed it, and again after the video has moved", () => {
		const presenter = { standing: 4_000_000, drawn: false };
		const playhead = new Playhead(video(4), FRAME_RATE, presenter);
		expect(playhead.passed(decoded(3.96))).toBe(false);
		expect(playhead.passed(decoded(undefined))).toBe(false);
		// The decoder's time of the frame itself, rounded down: its picture came too late.
		expect(playhead.passed(decoded(3.999_999))).toBe(true);
		expect(playhead.passed(decoded(5))).toBe(false);
		playhead.moved();
		expect(playhead.passed(decoded(5))).toBe(true);
		presenter.standing = 4_040_000;
		expect(playhead.passed(decoded(5))).toBe(true);
	});

	it("says nothing of a frame whose picture is on the canvas, or that is not known", () => {
		for (const presenter of [
			{ standing: 4_000_000, drawn: true },
			{ standing: undefined, drawn: false },
		]) {
			expect(new Playhead(video(4), FRAME_RATE, presenter).passed(decoded(5))).toBe(false);
		}
	});
});
