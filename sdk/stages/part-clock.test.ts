import fc from "fast-check";
import { expect, it } from "vitest";
import { PartClock } from "./part-clock.ts";

/** Durations of the parts that pictures of these durations make; every `group`-th begins a group. */
const partsOf = (longest: number | undefined, durations: readonly number[], group: number): number[] => {
	const clock = new PartClock(longest);
	const parts: number[] = [];
	let timestamp = 0;
	for (const [index, duration] of durations.entries()) {
		const first = index % group === 0;
		if (clock.isOver({ first, timestamp, duration }) || first) {
			parts.push(0);
		}
		parts.push((parts.pop() ?? 0) + duration);
		timestamp += duration;
	}
	return parts;
};

it("cuts evenly where pictures come evenly", () => {
	const even = Array.from({ length: 50 }, () => 40_000);
	expect(partsOf(500_000, even, 50)).toEqual([480_000, 480_000, 480_000, 480_000, 80_000]);
	expect(partsOf(500_000, even, 25)).toEqual([480_000, 480_000, 40_000, 480_000, 480_000, 40_000]);
});

it("leaves whole groups whole where nobody waits for parts", () => {
	const even = Array.from({ length: 50 }, () => 40_000);
	expect(partsOf(undefined, even, 25)).toEqual([1_000_000, 1_000_000]);
});

it("makes no part longer than asked, unless one picture is; and loses none", () => {
	const duration = fc.integer({ min: 1000, max: 900_000 });
	fc.assert(
		fc.property(
			fc.array(duration, { minLength: 1, maxLength: 60 }),
			fc.integer({ min: 1, max: 30 }),
			(all, group) => {
				const parts = partsOf(500_000, all, group);
				const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
				expect(sum(parts)).toBe(sum(all));
				expect(parts.every((part) => part <= 500_000 || all.includes(part))).toBe(true);
			},
		),
		{ seed: 3 },
	);
});
