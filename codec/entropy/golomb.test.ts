import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { getGolomb, golombBits, putGolomb } from "./golomb.ts";
import { RansDecoder, RansEncoder } from "./rans.ts";

describe("Exp-Golomb", () => {
	it("returns every small value in every order, at the announced length", () => {
		for (let order = 0; order <= 5; order++) {
			for (let value = 0; value < 300; value++) {
				const encoder = new RansEncoder();
				for (let i = 0; i < 16; i++) putGolomb(encoder, value, order);
				const bytes = encoder.finish();
				expect(Math.abs(8 * bytes.length - 16 * golombBits(value, order))).toBeLessThan(72);
				const decoder = new RansDecoder(bytes);
				for (let i = 0; i < 16; i++) expect(getGolomb(decoder, order)).toBe(value);
				decoder.finish();
			}
		}
	});

	it("ends on any bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), (bytes, order) => {
				const decoder = new RansDecoder(bytes);
				for (let i = 0; i < 100; i++) expect(getGolomb(decoder, order)).toBeLessThan(1 << 14);
			}),
			{ seed: 7 },
		);
	});
});
