import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CopiedModels } from "./copied-coder.ts";
import { RansDecoder, RansEncoder } from "./rans.ts";

const GRID = { width: 5, height: 3 };
const BLOCKS = 15;

const maps = fc.array(
	fc.record({
		flags: fc.array(fc.nat(1), { minLength: BLOCKS, maxLength: BLOCKS }),
		levels: fc.array(fc.nat(3), { minLength: BLOCKS, maxLength: BLOCKS }),
		empty: fc.boolean(),
	}),
	{ minLength: 1, maxLength: 6 },
);

describe("copied blocks", () => {
	it("come back as they were put, frame after frame", () => {
		fc.assert(
			fc.property(maps, (frames) => {
				const [writing, reading] = [new CopiedModels(), new CopiedModels()];
				for (const frame of frames) {
					if (frame.empty) {
						writing.allCopied(BLOCKS);
						reading.allCopied(BLOCKS);
						continue;
					}
					const encoder = new RansEncoder();
					const levels = Uint8Array.from(frame.levels);
					writing.put(encoder, Uint8Array.from(frame.flags), levels, GRID);
					const decoder = new RansDecoder(encoder.finish());
					const flags = new Uint8Array(BLOCKS);
					reading.get(decoder, flags, levels, GRID);
					decoder.finish();
					expect([...flags]).toEqual(frame.flags);
				}
			}),
			{ seed: 31 },
		);
	});

	it("cost next to nothing where everything stays", () => {
		const models = new CopiedModels();
		const flags = new Uint8Array(900).fill(1);
		let bytes = 0;
		for (let frame = 0; frame < 4; frame++) {
			const encoder = new RansEncoder();
			models.put(encoder, flags, new Uint8Array(900), { width: 30, height: 30 });
			bytes = encoder.finish().length;
		}
		expect(bytes).toBeLessThan(12);
	});

	it("are chosen where they save more bits than their flags cost", () => {
		const models = new CopiedModels();
		const levels = new Uint8Array(BLOCKS);
		const gains = new Float32Array(BLOCKS).fill(-1000);
		gains[7] = 1000;
		const expected = Array.from({ length: BLOCKS }, (_, i) => (i === 7 ? 1 : 0));
		expect([...models.choose(gains, levels, GRID)]).toEqual(expected);
		// Without a gain, whichever is cheaper to say: one among many that are not copied is not.
		gains[7] = 0;
		expect(models.choose(gains, levels, GRID).includes(1)).toBe(false);
	});

	it("choose without learning", () => {
		const models = new CopiedModels();
		const levels = new Uint8Array(BLOCKS).fill(2);
		const gains = Float32Array.from({ length: BLOCKS }, (_, i) => (i % 2 === 0 ? 3 : -3));
		const first = models.choose(gains, levels, GRID);
		expect(models.choose(gains, levels, GRID)).toEqual(first);
	});

	it("refuse maps of another size", () => {
		const models = new CopiedModels();
		expect(() => models.put(new RansEncoder(), new Uint8Array(4), new Uint8Array(15), GRID)).toThrow(RangeError);
		expect(() => models.choose(new Float32Array(15), new Uint8Array(4), GRID)).toThrow(RangeError);
	});
});
