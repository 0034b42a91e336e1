import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError } from "../errors.ts";
import { RateControl } from "./rate-control.ts";

const FRAME_RATE = 25;
const INTERVAL = 50;
const PIXELS = 640 * 360;

/** What a frame takes in a scene, as the evaluation clips show it: growth with `q` is not what the controller takes it for. */
type Scene = { readonly frames: number; readonly complexity: number; readonly growth: number };

const scene = fc.record({
	frames: fc.integer({ min: 30, max: 250 }),
	complexity: fc.double({ min: 0.007, max: 0.022, noNaN: true }),
	growth: fc.double({ min: 0.028, max: 0.04, noNaN: true }),
});

/** Codes scenes one after the other, the base's part of 10 percent fixed; a cut makes an inter frame as dear as an intra frame. */
/** Frames in order of coding; with bidirectional ones, each inter frame has one behind it that takes two fifths of the bits. */
function simulate(scenes: readonly Scene[], bitrate: number, noise: readonly number[], bidirectional: boolean) {
	const buffer = 0.6 * bitrate;
	const options = { bitrate, frameRate: FRAME_RATE, interval: INTERVAL, pixels: PIXELS, buffer, bidirectional };
	const control = new RateControl(options);
	const sizes: number[] = [];
	const qualities: number[] = [];
	let fullness = 0;
	let overflow = 0;
	for (const { frames, complexity, growth } of scenes) {
		for (let i = 0; i < frames; i++) {
			const place = sizes.length % INTERVAL;
			const between = bidirectional && place > 0 && place % 2 === 0;
			const type = place === 0 ? "intra" : between ? "bidirectional" : "inter";
			const dear = (type === "intra" || i === 0 ? 6 : 1) * (between ? 0.4 : 1);
			// The base's intra frames are ten times as large as its inter frames.
			const fixed = (0.1 * (bitrate / FRAME_RATE) * (type === "intra" ? 10 : 1) * INTERVAL) / (INTERVAL + 9);
			const jitter = 1 + 0.25 * (noise[sizes.length % noise.length] ?? 0);
			const bitsAt = (q: number) => PIXELS * complexity * dear * jitter * Math.exp(growth * q);
			const { q: chosen, limit } = control.choose(type, fixed);
			let q = chosen;
			while (q > 0 && bitsAt(q) > limit) q--;
			control.done(bitsAt(q), q);
			const bits = fixed + bitsAt(q);
			fullness = Math.max(fullness + bits - bitrate / FRAME_RATE, -buffer);
			if (q > 0) overflow = Math.max(overflow, fullness - buffer + bitrate / FRAME_RATE);
			sizes.push(bits);
			qualities.push(q);
		}
	}
	return { sizes, qualities, overflow };
}

/** Largest deviation from the target of any ten seconds, as a part of it. */
function worstWindow(sizes: readonly number[], bitrate: number): number {
	const frames = 10 * FRAME_RATE;
	let worst = 0;
	for (let from = 0; from + frames <= sizes.length; from++) {
		const sum = sizes.slice(from, from + frames).reduce((a, b) => a + b, 0);
		worst = Math.max(worst, Math.abs(sum / (10 * bitrate) - 1));
	}
	return worst;
}

describe("rate control", () => {
	it("is within five percent of the target over any ten seconds, across scene cuts", () => {
		fc.assert(
			fc.property(
				fc.array(scene, { minLength: 5, maxLength: 9 }),
				fc.integer({ min: 320_000, max: 420_000 }),
				fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 7, maxLength: 40 }),
				fc.boolean(),
				(scenes, bitrate, noise, bidirectional) => {
					const { sizes, qualities } = simulate(scenes, bitrate, noise, bidirectional);
					// Where no quality is coarse or fine enough nothing can be held.
					fc.pre(qualities.every((q) => q > 0 && q < 63));
					expect(worstWindow(sizes, bitrate)).toBeLessThan(0.05);
				},
			),
			{ seed: 41, numRuns: 100 },
		);
	});

	it("lets no frame beyond the buffer, but at the coarsest quality", () => {
		fc.assert(
			fc.property(
				fc.array(scene, { minLength: 1, maxLength: 5 }),
				fc.integer({ min: 50_000, max: 4_000_000 }),
				fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 7, maxLength: 40 }),
				fc.boolean(),
				(scenes, bitrate, noise, bidirectional) => {
					expect(simulate(scenes, bitrate, noise, bidirectional).overflow).toBeLessThanOrEqual(
						bitrate / FRAME_RATE + 1,
					);
				},
			),
			{ seed: 42, numRuns: 100 },
		);
	});

	it("keeps a steady scene's inter frames at nearly one quality, and its intra frames finer", () => {
		const steady = { frames: 500, complexity: 0.015, growth: 0.033 };
		const { qualities } = simulate([steady], 600_000, [0], false);
		const inter = qualities.slice(100).filter((_, i) => i % INTERVAL !== 0);
		expect(Math.max(...inter) - Math.min(...inter)).toBeLessThanOrEqual(2);
		const intra = qualities.slice(100).filter((_, i) => i % INTERVAL === 0);
		expect(Math.min(...intra)).toBeGreaterThan(Math.max(...inter));
	});

	it("keeps bidirectional frames sixteen indices coarser than the inter frames they are coded with", () => {
		const steady = { frames: 500, complexity: 0.015, growth: 0.033 };
		const { sizes, qualities } = simulate([steady], 400_000, [0], true);
		for (let i = 100; i + INTERVAL < 500; i += INTERVAL) {
			for (let k = 1; k + 1 < INTERVAL; k += 2) {
				expect((qualities[i + k] ?? 0) - (qualities[i + k + 1] ?? 0)).toBe(16);
			}
		}
		expect(sizes.reduce((a, b) => a + b, 0) / sizes.length).toBeCloseTo(400_000 / FRAME_RATE, -3);
	});

	it("refuses numbers that are none", () => {
		const options = { bitrate: 1000, frameRate: 25, interval: 50, pixels: 1000 };
		for (const wrong of [{ bitrate: 0 }, { frameRate: Number.NaN }, { interval: -1 }, { buffer: 0 }]) {
			expect(() => new RateControl({ ...options, ...wrong })).toThrow(CodecError);
		}
		expect(() => new RateControl(options).done(5)).toThrow(RangeError);
	});
});
