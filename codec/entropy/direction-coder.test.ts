import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DirectionModels } from "./direction-coder.ts";
import { RansDecoder, RansEncoder } from "./rans.ts";

const grid = { width: 4, height: 3 };
const maps = fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }).map((directions) => Uint8Array.from(directions));

describe("directions", () => {
	it("come back as they were, frame after frame", () => {
		fc.assert(
			fc.property(fc.array(maps, { minLength: 1, maxLength: 5 }), (frames) => {
				const [writes, reads] = [new DirectionModels(), new DirectionModels()];
				for (const directions of frames) {
					const encoder = new RansEncoder();
					writes.put(encoder, directions, grid);
					const decoder = new RansDecoder(encoder.finish());
					expect(reads.get(decoder, grid)).toEqual(directions);
					decoder.finish();
				}
			}),
			{ seed: 71 },
		);
	});

	it("are chosen where they save more than they cost, without learning from the choice", () => {
		const models = new DirectionModels();
		const none = new Float32Array(12);
		const [future, past] = [none.slice(), none.slice()];
		future[3] = 20;
		past[3] = 19;
		past[7] = 20;
		future[9] = 1;
		const expected = new Uint8Array(12);
		expected[3] = 1;
		expected[7] = 2;
		expect(models.choose([future, past], grid)).toEqual(expected);
		expect(models.choose([future, past], grid)).toEqual(expected);
		expect(models.choose([none, none], grid)).toEqual(new Uint8Array(12));
	});
});
