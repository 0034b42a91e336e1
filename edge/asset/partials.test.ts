import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutPartials } from "./partials.ts";
import type { SampleHead } from "./segmenter.ts";

const TARGET = 400_000;

/** Samples one after the other. */
const heads = (durations: readonly number[]): SampleHead[] => {
	let timestamp = 0;
	return durations.map((duration, index) => {
		const head = { timestamp, duration, sync: index === 0, size: 1 };
		timestamp += duration;
		return head;
	});
};
const open = { start: 0, target: TARGET, end: undefined, horizon: Infinity, closed: false };
const even = (count: number, rate: number) =>
	heads(Array.from({ length: count }, (_, i) => Math.round(((i + 1) * 1e6) / rate) - Math.round((i * 1e6) / rate)));

describe("cutPartials", () => {
	it.each([
		[25, 10],
		[30, 12],
		[60, 24],
		[50, 20],
	])("gives a piece at %d pictures a second with its last, not with the one after", (rate, count) => {
		expect(cutPartials(even(count - 1, rate), open)).toEqual([]);
		const [piece] = cutPartials(even(count, rate), open);
		expect(piece).toMatchObject({ from: 0, count, independent: true });
		expect(cutPartials(even(count + 1, rate), open)).toEqual([piece]);
	});

	it("waits for the next sample where another may fit in, and until the segment is certain", () => {
		expect(cutPartials(heads([150_000, 150_000]), open)).toEqual([]);
		expect(cutPartials(heads([150_000, 150_000, 150_000]), open)).toMatchObject([{ count: 2, duration: 300_000 }]);
		expect(cutPartials(even(10, 25), { ...open, horizon: 359_999 })).toEqual([]);
		expect(cutPartials(even(10, 25), { ...open, horizon: 360_000 })).toHaveLength(1);
	});

	it("believes no sample of a segment once one has not lasted as long as it said", () => {
		const nominal = (times: readonly number[]) =>
			times.map((time, index) => ({ timestamp: time * 1000, duration: 40_000, sync: index === 0, size: 1 }));
		// The third picture is missing.
		const dropped = nominal([0, 40, 120, 160, 200, 240, 280, 320, 360]);
		expect(cutPartials(dropped, open)).toEqual([]);
		expect(cutPartials([...dropped, ...nominal([400])], open)).toMatchObject([{ count: 9, duration: 400_000 }]);
	});

	it("takes no sample's word for a piece longer than the target", () => {
		const even10 = even(10, 25);
		const liar = even10.map((head, index) => (index === 9 ? { ...head, duration: 1_000_000 } : head));
		const rest = heads([40_000, 40_000]).map((head) => ({ ...head, timestamp: head.timestamp + 400_000 }));
		expect(cutPartials([...liar, ...rest], { ...open, end: 480_000, closed: true })).toMatchObject([
			{ count: 9, duration: 360_000 },
			{ count: 3, duration: 120_000 },
		]);
	});

	it("gives every piece a duration, whatever samples say of theirs", () => {
		const samples = fc.array(
			fc.record({ gap: fc.integer({ min: 1, max: 500_000 }), duration: fc.integer({ min: 1, max: 500_000 }) }),
			{ minLength: 1, maxLength: 60 },
		);
		fc.assert(
			fc.property(samples, (rows) => {
				let timestamp = 0;
				const all = rows.map(({ gap, duration }, index) => {
					const head = { timestamp, duration, sync: index === 0, size: 1 };
					timestamp += gap;
					return head;
				});
				const whole = cutPartials(all, { ...open, end: timestamp, closed: true });
				expect(whole.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
				for (const { duration } of whole) expect(duration).toBeGreaterThan(0);
				for (let count = 0; count <= all.length; count++) {
					const early = cutPartials(all.slice(0, count), open);
					expect(whole.slice(0, early.length)).toEqual(early);
				}
			}),
			{ seed: 8 },
		);
	});

	it("decides nothing anew when more comes, and misses no sample", () => {
		const durations = fc.array(fc.integer({ min: 1, max: 500_000 }), { minLength: 1, maxLength: 60 });
		fc.assert(
			fc.property(durations, (lengths) => {
				const all = heads(lengths);
				const end = lengths.reduce((sum, length) => sum + length, 0);
				const whole = cutPartials(all, { ...open, end, closed: true });
				expect(whole.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
				expect(whole.reduce((sum, { duration }) => sum + duration, 0)).toBe(end);
				for (let count = 0; count <= all.length; count++) {
					const early = cutPartials(all.slice(0, count), open);
					expect(whole.slice(0, early.length)).toEqual(early);
				}
				for (const { duration, count } of whole) expect(count === 1 || duration <= TARGET).toBe(true);
			}),
			{ seed: 7 },
		);
	});
});
