import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "../../codec/sample.ts";
import { decodePart, MAX_PART_BYTES, partSize } from "../../protocol/part.ts";
import { PartMaker, splitIntoParts } from "./groups.ts";

const sample = (size: number, index: number): Sample => ({
	data: new Uint8Array(size).fill(index),
	timestamp: index * 40_000,
	duration: 40_000,
	sync: index === 0,
});

describe("splitIntoParts", () => {
	it("keeps order and bytes, and no part is too large", () => {
		const size = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: MAX_PART_BYTES - 21 }));
		fc.assert(
			fc.property(fc.array(size, { maxLength: 12 }), (sizes) => {
				const samples = sizes.map(sample);
				const runs = splitIntoParts(samples);
				expect(runs.flat()).toEqual(samples);
				expect(runs.every((run) => run.length > 0 && partSize(run) <= MAX_PART_BYTES)).toBe(true);
			}),
			{ seed: 29, numRuns: 30 },
		);
	});

	it("fills a part to the last byte", () => {
		expect(splitIntoParts([sample(MAX_PART_BYTES - 21, 0)]).length).toBe(1);
		expect(() => splitIntoParts([sample(MAX_PART_BYTES - 20, 0)])).toThrow("more than can be sent at once");
	});
});

describe("PartMaker", () => {
	it("numbers parts without gaps, and makes none of nothing", () => {
		const maker = new PartMaker("base", 3);
		expect(maker.cut(0)).toEqual([]);
		maker.add(sample(10, 0));
		maker.add(sample(20, 1));
		const [part] = maker.cut(0);
		expect(part).toMatchObject({ track: "base", number: 3, group: 0, frames: 2, duration: 80_000 });
		expect(decodePart(part?.bytes ?? new Uint8Array())).toEqual([sample(10, 0), sample(20, 1)]);
		maker.add(sample(5, 2));
		expect(maker.cut(0)[0]?.number).toBe(4);
		expect(maker.next).toBe(5);
	});
});
