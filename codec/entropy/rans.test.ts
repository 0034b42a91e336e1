import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError } from "../errors.ts";
import { FREQUENCY_TOTAL, RansDecoder, RansEncoder } from "./rans.ts";

type Step = { readonly start: number; readonly frequency: number };

/** Any symbol of any distribution, certain and nearly impossible ones more often. */
const step: fc.Arbitrary<Step> = fc
	.oneof(fc.constant(1), fc.constant(FREQUENCY_TOTAL), fc.integer({ min: 1, max: FREQUENCY_TOTAL }))
	.chain((frequency) =>
		fc.integer({ min: 0, max: FREQUENCY_TOTAL - frequency }).map((start) => ({ start, frequency })),
	);

function encode(steps: readonly Step[]): Uint8Array {
	const encoder = new RansEncoder();
	for (const { start, frequency } of steps) encoder.put(start, frequency);
	return encoder.finish();
}

/** Whether the decoder finds every step, given the distributions. */
function decodes(bytes: Uint8Array, steps: readonly Step[]): boolean {
	const decoder = new RansDecoder(bytes);
	for (const { start, frequency } of steps) {
		const slot = decoder.slot();
		if (slot < start || slot >= start + frequency) return false;
		decoder.advance(start, frequency);
	}
	decoder.finish();
	return true;
}

describe("rANS", () => {
	it("returns what it was given", () => {
		fc.assert(
			fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
				expect(decodes(encode(steps), steps)).toBe(true);
			}),
			{ seed: 6, numRuns: 200 },
		);
	});

	it("codes long runs of one symbol, cheap and dear", () => {
		for (const frequency of [1, 2, 8191, 8192, 16383, 16384]) {
			const steps = Array.from({ length: 3001 }, () => ({ start: FREQUENCY_TOTAL - frequency, frequency }));
			const bytes = encode(steps);
			expect(decodes(bytes, steps)).toBe(true);
			const bits = steps.length * Math.log2(FREQUENCY_TOTAL / frequency);
			expect(8 * bytes.length).toBeLessThan(1.005 * bits + 96);
		}
	});

	it("spends two bytes on nothing", () => {
		expect(encode([])).toEqual(Uint8Array.of(0, 0));
		expect(encode([{ start: 0, frequency: FREQUENCY_TOTAL }])).toEqual(Uint8Array.of(0, 0));
	});

	it("writes known bytes", () => {
		// By hand: state 0 takes the second step back to front first, and so on; see SPEC section 5.
		const steps = [
			{ start: 0, frequency: 8192 },
			{ start: 8192, frequency: 8192 },
			{ start: 8192, frequency: 4096 },
		];
		// State 0: 2^16, step 2: (16 << 14) + 8192 = 270336, step 0: (33 << 14) + 0 = 540672; less 2^16: 475136.
		// State 1: 2^16, step 1: (8 << 14) + 8192 = 139264; less 2^16: 73728.
		expect(encode(steps)).toEqual(Uint8Array.of(0x80, 0x80, 0x1d, 0x80, 0xc0, 0x04));
	});

	it("refuses impossible symbols", () => {
		const encoder = new RansEncoder();
		expect(() => encoder.put(0, 0)).toThrow(RangeError);
		expect(() => encoder.put(-1, 5)).toThrow(RangeError);
		expect(() => encoder.put(FREQUENCY_TOTAL - 1, 2)).toThrow(RangeError);
	});

	it("reports missing and surplus bytes, at whatever length", () => {
		const steps = Array.from({ length: 50 }, (_, i) => ({ start: 37 * i, frequency: 40 + i }));
		const bytes = encode(steps);
		for (let length = 0; length < bytes.length; length++) {
			const decoder = new RansDecoder(bytes.subarray(0, length));
			for (const { start, frequency } of steps) decoder.advance(start, frequency);
			expect(() => decoder.finish()).toThrow(CodecError);
		}
		const decoder = new RansDecoder(Uint8Array.of(...bytes, 0));
		for (const { start, frequency } of steps) decoder.advance(start, frequency);
		expect(decoder.error).toBe(false);
		expect(() => decoder.finish()).toThrow(CodecError);
	});

	it("refuses states that are not in shortest form or too large", () => {
		for (const bytes of [
			[0x80, 0x00, 0],
			[0xff, 0xff, 0xff, 0xff, 0x0f, 0],
			[0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0],
			[0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0],
			[...Array.from({ length: 148 }, () => 0x80), 0x01, 0],
		]) {
			expect(new RansDecoder(Uint8Array.from(bytes)).error).toBe(true);
		}
		expect(new RansDecoder(Uint8Array.of(0xff, 0xff, 0xfb, 0xff, 0x0f, 0)).error).toBe(false);
	});
});
