import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupIndex, groupStart, withDurations } from "./timing.ts";
import type { Timed } from "./timing.ts";

const run = async (frames: readonly Timed[]) => {
	const dropped: Timed[] = [];
	const out: { timestamp: number; duration: number }[] = [];
	const source = (async function* () {
		yield* frames;
	})();
	for await (const { frame, duration } of withDurations(source, (frame) => dropped.push(frame))) {
		out.push({ timestamp: frame.timestamp, duration });
	}
	return { out, dropped };
};

describe("withDurations", () => {
	it("closes gaps and overlaps of a variable rate", async () => {
		const { out } = await run([
			{ timestamp: 0, duration: 33_333 },
			{ timestamp: 50_000, duration: 90_000 },
			{ timestamp: 60_000, duration: 0 },
			{ timestamp: 1_060_000, duration: 20_000 },
		]);
		expect(out).toEqual([
			{ timestamp: 0, duration: 50_000 },
			{ timestamp: 50_000, duration: 10_000 },
			{ timestamp: 60_000, duration: 1_000_000 },
			{ timestamp: 1_060_000, duration: 20_000 },
		]);
	});

	it("drops frames that stand still or go back", async () => {
		const { out, dropped } = await run([
			{ timestamp: 0, duration: 0 },
			{ timestamp: 0, duration: 0 },
			{ timestamp: 40_000, duration: 0 },
			{ timestamp: 30_000, duration: 0 },
		]);
		expect(out).toEqual([
			{ timestamp: 0, duration: 40_000 },
			{ timestamp: 40_000, duration: 40_000 },
		]);
		expect(dropped.length).toBe(2);
	});

	it("gives a lone picture without a duration a twenty-fifth of a second", async () => {
		expect((await run([{ timestamp: 5, duration: 0 }])).out).toEqual([{ timestamp: 5, duration: 40_000 }]);
	});

	it("covers the time line without gaps, and loses no frame", async () => {
		const steps = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 60 });
		await fc.assert(
			fc.asyncProperty(steps, async (gaps) => {
				let timestamp = 0;
				const frames = gaps.map((gap) => ({ timestamp: (timestamp += gap), duration: 10_000 }));
				const { out, dropped } = await run(frames);
				expect(out.length + dropped.length).toBe(frames.length);
				for (let i = 1; i < out.length; i++) {
					const before = out[i - 1];
					expect((before?.timestamp ?? 0) + (before?.duration ?? 0)).toBe(out[i]?.timestamp);
				}
			}),
			{ seed: 11 },
		);
	});

	it("hands the held frame back when the reader stops", async () => {
		const dropped: Timed[] = [];
		const source = (async function* () {
			for (let i = 0; ; i++) {
				yield { timestamp: i * 40_000, duration: 0 };
			}
		})();
		for await (const { frame } of withDurations(source, (frame) => dropped.push(frame))) {
			expect(frame.timestamp).toBe(0);
			break;
		}
		expect(dropped.map((frame) => frame.timestamp)).toEqual([40_000]);
	});
});

describe("groups", () => {
	it("begin where they say", () => {
		const first = fc.integer({ min: 100_000, max: 2_000_000 });
		const length = fc.integer({ min: 500_000, max: 10_000_000 });
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 5000 }), first, length, (index, start, size) => {
				expect(groupIndex(groupStart(index, start, size), start, size)).toBe(index);
				expect(groupIndex(groupStart(index + 1, start, size) - 1000, start, size)).toBe(index);
			}),
			{ seed: 13 },
		);
	});
	it("forgive the rounding of 29.97 frames a second", () => {
		const timestamp = Math.round((60 * 1001 * 1e6) / 30_000);
		expect(groupIndex(timestamp, 2_002_000, 2_002_000)).toBe(1);
		expect(groupIndex(timestamp - 1, 2_002_000, 2_002_000)).toBe(1);
	});
});
