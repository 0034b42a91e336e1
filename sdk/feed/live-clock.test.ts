import { expect, it } from "vitest";
import { LiveClock } from "./live-clock.ts";

it("places tracks by when their first item arrived, and follows their own times from there", () => {
	let now = 5000;
	const clock = new LiveClock(() => now);
	const [pictures, sound] = [clock.track(), clock.track()];
	expect(pictures(90_000_000)).toBe(0);
	now += 30;
	expect(sound(7_000_000)).toBe(30_000);
	now += 45; // late, but by its own time 40 ms after the first
	expect(pictures(90_040_000)).toBe(40_000);
	expect(sound(7_010_000)).toBe(40_000);
});

it("leaves a pause out, also for a track that begins after it", () => {
	let now = 0;
	const clock = new LiveClock(() => now);
	const [pictures, sound] = [clock.track(), clock.track()];
	expect(pictures(0)).toBe(0);
	now = 1000;
	clock.pause();
	clock.pause();
	expect(clock.isPaused).toBe(true);
	now = 11_000;
	clock.resume();
	expect(clock.isPaused).toBe(true);
	clock.resume();
	expect(clock.isPaused).toBe(false);
	expect(pictures(11_000_000)).toBe(1_000_000);
	expect(sound(3)).toBe(1_000_000);
	now = 11_500;
	expect(sound(500_003)).toBe(1_500_000);
});
