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
