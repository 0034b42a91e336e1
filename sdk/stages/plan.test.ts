import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choosePlan, fitWithin, REALTIME_COST, speedSeen } from "./plan.ts";
import type { Backend, Task } from "./plan.ts";

const task = (change: Partial<Task> = {}): Task => ({
	width: 1920,
	height: 1080,
	duration: 60,
	frameRate: 30,
	maxSize: 3840,
	patience: 2,
	layers: 1,
	insisted: false,
	live: false,
	...change,
});

/** A backend that encodes `fps` frames a second at 1920x1080. */
const backend = (fps: number, kind: "webgpu" | "wasm" = "webgpu", fellBack?: string): Backend => ({
	kind,
	speed: { fixed: 0, each: 1 / (fps * 1920 * 1080) },
	fellBack,
});

describe("choosePlan", () => {
	it("takes the full size where the machine is fast enough, and says nothing", () => {
		expect(choosePlan(task(), backend(20))).toMatchObject({
			width: 1920,
			height: 1080,
			enhanced: true,
			notice: undefined,
		});
	});

	it("takes the largest size that keeps the wait within patience", () => {
		const plan = choosePlan(task(), backend(4.8));
		expect(plan).toMatchObject({ width: 960, height: 540, enhanced: true });
		expect(plan.predictedFps).toBeGreaterThanOrEqual(15);
		expect(plan.notice).toContain("960x540 instead of 1920x1080");
	});

	it("names the processor and the reason where there is no GPU", () => {
		const plan = choosePlan(task({ duration: 10 }), backend(1, "wasm", "no WebGPU adapter"));
		expect(plan.notice).toMatch(/^no WebGPU adapter\. .*processor.*takes about/);
	});

	it("makes a live picture smaller first, then leaves frames out, then makes it smaller still", () => {
		const live = (fps: number, change: Partial<Task> = {}) =>
			choosePlan(task({ duration: undefined, live: true, ...change }), backend(fps));
		expect(live(60)).toMatchObject({ width: 1920, height: 1080, pace: undefined, notice: undefined });
		// 10 frames a second at full size are 40 at 960x540: more than 30 with a margin.
		expect(live(10)).toMatchObject({ width: 960, height: 540, enhanced: true, pace: undefined });
		// With a margin, 30 of all frames at the effort `live` are 55 at `realtime`.
		expect(live(56)).toMatchObject({ width: 1920, effort: "live" });
		expect(live(56).predictedFps).toBeCloseTo(56 * 0.8 * REALTIME_COST, 5);
		expect(live(54)).toMatchObject({ width: 1920, effort: "realtime", givenUp: [] });
		const paced = live(2.5);
		expect(paced).toMatchObject({ width: 640, height: 360, enhanced: true });
		expect(paced.pace).toBeCloseTo(2.5 * 9 * 0.8, 5);
		expect(paced.notice).toBe(
			"The enhancement is computed here at 640x360 instead of 1920x1080, with 18.0 of 30.0 frames a second.",
		);
		expect(live(0.7)).toMatchObject({ width: 426, enhanced: true });
		expect(live(0.01)).toMatchObject({ width: 640, height: 360, enhanced: false, pace: undefined });
		expect(live(0.01).notice).toContain("could not keep up");
		expect(live(0.01, { insisted: true })).toMatchObject({ width: 320, enhanced: true });
	});

	it("keeps a decided size of a live picture, or says that the backend cannot keep up with it", () => {
		const live = (fps: number, change: Partial<Task> = {}) =>
			choosePlan(task({ duration: undefined, live: true, ...change }), backend(fps, "wasm"), {
				width: 1280,
				height: 720,
			});
		expect(live(60)).toMatchObject({ width: 1280, height: 720, enhanced: true, pace: undefined });
		expect(live(10).pace).toBeCloseTo(10 * 2.25 * 0.8, 5);
		expect(live(2)).toMatchObject({ enhanced: false });
		expect(live(2, { insisted: true })).toMatchObject({ width: 1280, height: 720, enhanced: true });
	});

	it("follows the rate that was seen, up and down", () => {
		const size = { width: 640, height: 360 };
		const seen = (fps: number, layers: number) => {
			const speed = speedSeen(fps, size, layers);
			const film = task({ ...size, duration: undefined, live: true, layers, insisted: true });
			return choosePlan(film, { kind: "wasm", speed, fellBack: undefined }, size);
		};
		expect(seen(40, 1)).toMatchObject({ pace: undefined, givenUp: [] });
		expect(seen(20, 2)).toMatchObject({ givenUp: ["frames"] });
		expect(seen(20, 2).pace).toBeCloseTo(16, 5);
		expect(seen(1, 1).pace).toBeCloseTo(0.8, 5);
	});

	it("gives frames without a known end `patience` seconds for each of theirs", () => {
		const open = task({ duration: undefined });
		expect(choosePlan(open, backend(20))).toMatchObject({ width: 1920, enhanced: true, pace: undefined });
		expect(choosePlan(open, backend(4.8))).toMatchObject({ width: 960, enhanced: true });
		expect(choosePlan(open, backend(0.001)).enhanced).toBe(false);
	});

	it("tells what a decided size takes, however long that is", () => {
		const plan = choosePlan(task({ duration: 600 }), backend(0.2, "wasm"), { width: 1280, height: 720 });
		expect(plan).toMatchObject({ width: 1280, height: 720, enhanced: true });
		expect(plan.predictedFps).toBeCloseTo((0.2 * 2.25 * 0.8) / 0.68, 5);
		expect(plan.notice).toContain("1280x720 instead of 1920x1080, with less effort, which takes about 9.4 hours");
	});

	it("leaves the enhancement out where even the smallest size takes far too long", () => {
		const plan = choosePlan(task({ duration: 7200 }), backend(0.01, "wasm"));
		expect(plan).toMatchObject({ width: 640, height: 360, enhanced: false });
		expect(plan.notice).toContain("hours");
		expect(choosePlan(task({ duration: 7200, insisted: true }), backend(0.01, "wasm")).enhanced).toBe(true);
	});

	it("lets a short video take a minute, and no longer", () => {
		// 120 frames: at 320x180 36 times as many a second as at 1920x1080, of which four fifths count.
		const short = (seconds: number) =>
			task({ duration: 4, patience: 2, maxSize: 320, frameRate: 30 * (seconds / 60) });
		const speed = backend((30 * 4) / 60 / 36 / 0.8, "wasm");
		expect(choosePlan(short(59), speed)).toMatchObject({
			width: 320,
			height: 180,
			enhanced: true,
			effort: "normal",
		});
		expect(choosePlan(short(61), speed)).toMatchObject({ width: 320, enhanced: true, effort: "realtime" });
		expect(choosePlan(short(101), speed)).toMatchObject({ enhanced: false, givenUp: ["enhancement"] });
		expect(choosePlan(short(101), speed).notice).toMatch(/would take .*, more than the 60 seconds that it may/);
	});

	it("tries less hard before it takes a smaller size, and says so", () => {
		expect(choosePlan(task(), backend(20))).toMatchObject({ effort: "normal", givenUp: [] });
		const plan = choosePlan(task(), backend(15));
		expect(plan).toMatchObject({ width: 1920, effort: "realtime", givenUp: ["effort"] });
		expect(plan.notice).toContain("with less effort");
		expect(choosePlan(task(), backend(4.8))).toMatchObject({ givenUp: ["size"] });
	});

	it("gives nothing up where the developer wants to wait", () => {
		expect(choosePlan(task({ patience: Infinity }), backend(0.001))).toMatchObject({
			...{ width: 1920, enhanced: true, effort: "normal", givenUp: [] },
		});
	});

	it("never lets a person wait longer than patience allows, or a minute for short videos", () => {
		const duration = fc.double({ min: 0.1, max: 20_000, noNaN: true });
		const fps = fc.double({ min: 0.0001, max: 500, noNaN: true });
		const patience = fc.double({ min: 0.1, max: 10, noNaN: true });
		fc.assert(
			fc.property(duration, fps, patience, (seconds, speed, most) => {
				const given = task({ duration: seconds, patience: most });
				const plan = choosePlan(given, backend(speed));
				const wait = plan.enhanced ? (seconds * given.frameRate) / (plan.predictedFps ?? 0) : 0;
				expect(wait).toBeLessThanOrEqual(Math.max(60, most * seconds) * (1 + 1e-9));
				// What is given up is said; where nothing is, there is nothing to say.
				const whole = plan.enhanced && plan.width === given.width && plan.effort === "normal";
				expect(plan.notice === undefined).toBe(whole);
				expect(plan.givenUp.length === 0).toBe(whole);
				expect(plan.notice?.includes("Only the base is uploaded") ?? false).toBe(!plan.enhanced);
			}),
			{ seed: 7 },
		);
	});

	it("counts on four fifths of the measured speed: the base and the rest of the machine take theirs", () => {
		expect(choosePlan(task(), backend(20)).predictedFps).toBeCloseTo(16, 5);
	});

	it("halves the speed for two layers", () => {
		expect(choosePlan(task({ layers: 2 }), backend(20)).width).toBeLessThan(1920);
	});

	it("must keep up with a live source", () => {
		const live = choosePlan(task({ duration: undefined, live: true }), backend(10));
		expect(live.predictedFps).toBeGreaterThanOrEqual(30);
	});

	it("uploads the base alone where nothing computes, and only explains what was not chosen", () => {
		expect(choosePlan(task(), { kind: "none", reason: "r.", chosen: true }).notice).toBeUndefined();
		expect(choosePlan(task(), { kind: "none", reason: "no WASM.", chosen: false })).toMatchObject({
			width: 640,
			height: 360,
			enhanced: false,
			notice: "Only the base is uploaded, at 640x360: no WASM.",
		});
	});

	it("never exceeds the source or the limit, and keeps odd sizes that fit", () => {
		expect(choosePlan(task({ width: 333, height: 187 }), backend(99))).toMatchObject({ width: 333, height: 187 });
		const side = fc.integer({ min: 16, max: 8192 });
		fc.assert(
			fc.property(
				side,
				side,
				fc.integer({ min: 64, max: 8192 }),
				fc.double({ min: 0.001, max: 500, noNaN: true }),
				(w, h, most, fps) => {
					const plan = choosePlan(task({ width: w, height: h, maxSize: most }), backend(fps));
					expect(plan.width).toBeLessThanOrEqual(Math.max(16, w));
					expect(plan.height).toBeLessThanOrEqual(Math.max(16, h));
					expect(Math.max(plan.width, plan.height)).toBeLessThanOrEqual(most);
					expect(Math.min(plan.width, plan.height)).toBeGreaterThanOrEqual(16);
				},
			),
			{ seed: 23 },
		);
	});
});

describe("fitWithin", () => {
	it("keeps the shape", () => {
		expect(fitWithin(1080, 1920, 640)).toEqual({ width: 360, height: 640 });
		expect(fitWithin(854, 480, 480)).toEqual({ width: 480, height: 270 });
	});
});
