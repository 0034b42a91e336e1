import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QualityModels } from "./quality-coder.ts";
import { RansDecoder, RansEncoder } from "./rans.ts";

const GRID = { width: 4, height: 3 };
const BLOCKS = 12;

const offsets = fc.oneof(
	fc.constant(Array.from({ length: BLOCKS }, () => 0)),
	fc.array(fc.integer({ min: -4, max: 4 }), { minLength: BLOCKS, maxLength: BLOCKS }),
);

describe("quality offsets", () => {
	it("come back as they were put, frame after frame", () => {
		fc.assert(
			fc.property(fc.array(offsets, { minLength: 1, maxLength: 5 }), (frames) => {
				const [writing, reading] = [new QualityModels(), new QualityModels()];
				for (const frame of frames) {
					const encoder = new RansEncoder();
					writing.put(encoder, Int8Array.from(frame), GRID);
					const decoder = new RansDecoder(encoder.finish());
					const read = new Int8Array(BLOCKS);
					reading.get(decoder, read, GRID);
					decoder.finish();
					expect([...read]).toEqual(frame);
				}
			}),
			{ seed: 41 },
		);
	});

	it("stay as they were in a frame without bytes", () => {
		const models = new QualityModels();
		const read = new Int8Array(BLOCKS).fill(3);
		models.stay(read);
		expect([...read]).toEqual(Array.from({ length: BLOCKS }, () => 0));
		const first = Int8Array.from({ length: BLOCKS }, (_, i) => (i % 9) - 4);
		models.put(new RansEncoder(), first, GRID);
		models.stay(read);
		expect(read).toEqual(first);
	});

	it("cost little where they stay", () => {
		const models = new QualityModels();
		const same = Int8Array.from({ length: 300 }, (_, i) => ((i * 7) % 9) - 4);
		let bytes = 0;
		for (let frame = 0; frame < 6; frame++) {
			const encoder = new RansEncoder();
			models.put(encoder, same, { width: 20, height: 15 });
			bytes = encoder.finish().length;
		}
		expect(bytes).toBeLessThan(12);
	});

	it("refuse what is out of range or of another size", () => {
		const models = new QualityModels();
		expect(() => models.put(new RansEncoder(), new Int8Array(BLOCKS).fill(5), GRID)).toThrow(RangeError);
		expect(() => models.put(new RansEncoder(), new Int8Array(3), GRID)).toThrow(RangeError);
	});
});
