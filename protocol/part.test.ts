import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "../codec/sample.ts";
import {
	decodePart,
	encodePart,
	MAX_PART_BYTES,
	PART_HEADER_BYTES,
	PartError,
	partSize,
	SAMPLE_HEADER_BYTES,
} from "./part.ts";

const samplesArbitrary = fc
	.array(
		fc.record({
			data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
			gap: fc.integer({ min: 1, max: 2 ** 40 }),
			duration: fc.integer({ min: 1, max: 0xffff_ffff }),
			sync: fc.boolean(),
		}),
		{ minLength: 1, maxLength: 12 },
	)
	.map((rows) => {
		let timestamp = -1;
		return rows.map(({ gap, ...row }): Sample => ({ ...row, timestamp: (timestamp += gap) }));
	});

const sample = (overrides: Partial<Sample> = {}): Sample => ({
	data: new Uint8Array([1, 2, 3]),
	timestamp: 0,
	duration: 40_000,
	sync: true,
	...overrides,
});

/** The samples, or undefined where the part is refused; any other error is thrown. */
const decodeOrRefuse = (bytes: Uint8Array): Sample[] | undefined => {
	try {
		return decodePart(bytes);
	} catch (error) {
		if (error instanceof PartError) return undefined;
		throw error;
	}
};

describe("parts", () => {
	it("give back the samples that went in, and have the size that was foretold", () => {
		fc.assert(
			fc.property(samplesArbitrary, (samples) => {
				const part = encodePart(samples);
				expect(part.length).toBe(partSize(samples));
				expect(decodePart(part)).toEqual(samples);
			}),
			{ seed: 1 },
		);
	});

	it("are refused with a PartError, or read, whatever bytes arrive", () => {
		const damaged = fc
			.tuple(samplesArbitrary, fc.nat(), fc.nat(255), fc.nat(30))
			.map(([samples, at, value, cut]) => {
				const part = encodePart(samples);
				part[at % part.length] = value;
				return part.slice(0, part.length - Math.min(cut, part.length));
			});
		fc.assert(
			fc.property(damaged, (bytes) => {
				const samples = decodeOrRefuse(bytes);
				expect(samples === undefined ? bytes : encodePart(samples)).toEqual(bytes);
			}),
			{ seed: 2, numRuns: 500 },
		);
	});

	it("are refused when cut anywhere but between two samples", () => {
		const part = encodePart([sample(), sample({ timestamp: 1, sync: false })]);
		const boundary = 4 + SAMPLE_HEADER_BYTES + 3;
		for (let length = 0; length < part.length; length++) {
			expect(decodeOrRefuse(part.subarray(0, length))?.length).toBe(length === boundary ? 1 : undefined);
		}
	});

	it("are refused before reading when a sample claims more than the part has", () => {
		const part = encodePart([sample()]);
		part.set([0xff, 0xff, 0xff, 0xff], 5);
		expect(() => decodePart(part)).toThrow(/claims 4294967295 bytes where 3 are left/);
	});

	it.each([
		["no samples", []],
		["an empty sample", [sample({ data: new Uint8Array() })]],
		["a negative time", [sample({ timestamp: -1 })]],
		["a time that is no integer", [sample({ timestamp: 0.5 })]],
		["two samples at one time", [sample(), sample()]],
		["no duration", [sample({ duration: 0 })]],
		["too many bytes", [sample({ data: new Uint8Array(MAX_PART_BYTES) })]],
	])("cannot be made of %s", (_, samples) => {
		expect(() => encodePart(samples)).toThrow(PartError);
	});

	it("are refused at the first sample too many", () => {
		const sample = (timestamp: number) => ({ data: Uint8Array.of(1), timestamp, duration: 1, sync: true });
		const part = encodePart([sample(0), sample(1), sample(2)]);
		expect(decodePart(part, 3).length).toBe(3);
		expect(() => decodePart(part, 2)).toThrow(/more than 2 samples/);
	});

	it("take exactly `MAX_PART_BYTES` and no byte more, unless another limit is named", () => {
		const largest = sample({ data: new Uint8Array(MAX_PART_BYTES - 4 - SAMPLE_HEADER_BYTES) });
		const part = encodePart([largest]);
		expect(part.length).toBe(MAX_PART_BYTES);
		expect(decodePart(part).length).toBe(1);
		const longer = new Uint8Array(MAX_PART_BYTES + 1);
		longer.set(part);
		expect(() => decodePart(longer)).toThrow(`the most is ${MAX_PART_BYTES}`);
		const second = encodePart([sample({ timestamp: 1 })]).subarray(PART_HEADER_BYTES);
		const both = new Uint8Array(part.length + second.length);
		both.set(part);
		both.set(second, part.length);
		expect(() => decodePart(both)).toThrow(`the most is ${MAX_PART_BYTES}`);
		expect(decodePart(both, 2, both.length).length).toBe(2);
	});
});
