import { describe, expect, it } from "vitest";
import { FrameOnScreen } from "./frame-on-screen.ts";

/** 25 frames a second. */
const DURATION = 40_000;
const frame = (number: number) => ({ mediaTime: number * DURATION, duration: DURATION });
const middle = (number: number) => (number + 0.5) * DURATION;
const telling = (number: number, playhead: number, playing = false) => ({
	...{ mediaTime: number * DURATION, playing, playhead, frameDuration: DURATION },
});

describe("frame on screen", () => {
	it("goes by the playhead before anything was told", () => {
		const screen = new FrameOnScreen();
		expect(screen.certain).toBeUndefined();
		expect([2, 3, 4].map((number) => screen.shows(frame(number), middle(3)))).toEqual([false, true, false]);
	});

	it("stays on the frame of a pause, though the playhead stands frames before it", () => {
		const screen = new FrameOnScreen();
		screen.tell(telling(5, middle(4), true));
		expect(screen.certain).toBe(5 * DURATION);
		expect(screen.shows(frame(5), middle(2))).toBe(true);
		expect(screen.shows(frame(2), middle(2))).toBe(false);
		// A callback that comes after the pause has the same right.
		screen.tell(telling(6, middle(2)));
		expect(screen.shows(frame(6), middle(2))).toBe(true);
	});

	it("does not take a late callback of the frame before a jump for the one after it", () => {
		const screen = new FrameOnScreen();
		screen.tell(telling(5, middle(5), true));
		screen.jump();
		screen.tell(telling(5, middle(12)));
		expect(screen.certain).toBeUndefined();
		expect(screen.shows(frame(5), middle(12))).toBe(false);
		expect(screen.shows(frame(12), middle(12))).toBe(false);
		screen.tell(telling(12, middle(12)));
		expect(screen.certain).toBe(12 * DURATION);
		expect(screen.shows(frame(12), middle(12))).toBe(true);
	});

	it("believes a frame far from the playhead once nothing else has come: sound beyond the picture, gaps", () => {
		const screen = new FrameOnScreen();
		screen.jump();
		screen.tell(telling(19, middle(40)));
		expect(screen.shows(frame(19), middle(40))).toBe(false);
		screen.rest();
		expect(screen.certain).toBe(19 * DURATION);
		expect(screen.shows(frame(19), middle(40))).toBe(true);
	});

	it("keeps the frame from before a jump that shows the same one again, without a callback", () => {
		const screen = new FrameOnScreen();
		screen.tell(telling(19, middle(19), true));
		screen.jump();
		expect(screen.told).toBeUndefined();
		screen.rest();
		expect(screen.certain).toBe(19 * DURATION);
	});

	it("goes by the picture that was drawn at the playhead where no callback ever comes", () => {
		const screen = new FrameOnScreen();
		screen.tell(telling(1, middle(1), true));
		screen.jump();
		expect(screen.shows(frame(3), middle(3))).toBe(true);
		screen.rest(frame(3).mediaTime);
		expect(screen.certain).toBe(3 * DURATION);
		expect(screen.shows(frame(3), middle(3))).toBe(true);
	});

	it("knows nothing after a rest where nothing was ever told", () => {
		const screen = new FrameOnScreen();
		screen.rest();
		expect(screen.certain).toBeUndefined();
		expect(screen.shows(frame(3), middle(3))).toBe(true);
	});
});
