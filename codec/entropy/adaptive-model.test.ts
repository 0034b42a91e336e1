import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdaptiveModel } from "./adaptive-model.ts";
import { RansDecoder, RansEncoder } from "./rans.ts";

const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 16 });

describe("AdaptiveModel", () => {
	it("returns what it was given and leaves both sides alike", () => {
		fc.assert(
			fc.property(weights, fc.array(fc.nat(), { maxLength: 400 }), (initial, values) => {
				const symbols = values.map((v) => v % initial.length);
				const writer = new AdaptiveModel(initial);
				const encoder = new RansEncoder();
				for (const s of symbols) writer.put(encoder, s);
				const reader = new AdaptiveModel(initial);
				const decoder = new RansDecoder(encoder.finish());
				expect(symbols.map(() => reader.get(decoder))).toEqual(symbols);
				decoder.finish();
				for (let s = 0; s < initial.length; s++) expect(reader.cost(s)).toBe(writer.cost(s));
			}),
			{ seed: 8 },
		);
	});

	it("never lets a frequency fall below 1 nor the total change", () => {
		fc.assert(
			fc.property(
				weights,
				fc.array(fc.tuple(fc.nat(15), fc.integer({ min: 1, max: 300 })), { maxLength: 12 }),
				(w, runs) => {
					const model = new AdaptiveModel(w);
					for (const [symbol, count] of runs) {
						for (let i = 0; i < count; i++) model.learn(symbol % w.length);
						let sum = 0;
						for (let s = 0; s < w.length; s++) {
							expect(model.cost(s)).toBeLessThanOrEqual(14);
							sum += 2 ** -model.cost(s);
						}
						expect(sum).toBeCloseTo(1, 5);
					}
				},
			),
			{ seed: 9 },
		);
	});

	it("learns: a constant symbol becomes nearly free, a half-half one costs a bit", () => {
		const model = new AdaptiveModel([1, 1, 1, 1]);
		for (let i = 0; i < 200; i++) model.learn(2);
		expect(model.cost(2)).toBeLessThan(0.02);
		let bits = 0;
		for (let i = 0; i < 2000; i++) {
			bits += model.cost(i % 2);
			model.learn(i % 2);
		}
		expect(bits / 2000).toBeLessThan(1.1);
	});

	it("starts from its weights and returns to them", () => {
		const model = new AdaptiveModel([3, 1]);
		expect(model.cost(0)).toBeCloseTo(Math.log2(4 / 3), 2);
		expect(model.cost(1)).toBeCloseTo(2, 2);
		const copy = new AdaptiveModel([1, 1]);
		model.learn(1);
		copy.copyFrom(model);
		expect(copy.cost(1)).toBe(model.cost(1));
		model.reset();
		expect(model.cost(1)).toBeCloseTo(2, 2);
	});

	it("refuses alphabets of other sizes", () => {
		expect(() => new AdaptiveModel([1])).toThrow(RangeError);
		expect(() => new AdaptiveModel(Array.from({ length: 17 }, () => 1))).toThrow(RangeError);
	});
});
