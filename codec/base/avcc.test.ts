import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError } from "../errors.ts";
import { concatenate } from "../mp4/box.ts";
import { splitAccessUnits, splitNalUnits, toAvcSample, writeAvcConfiguration } from "./avcc.ts";

const LONG = [0, 0, 0, 1];
const SHORT = [0, 0, 1];
const AUD = [9, 0x10];
const SPS = [0x67, 0x42, 0xc0, 0x1e, 0xda, 0x05];
const PPS = [0x68, 0xce, 0x38, 0x80];
const SEI = [6, 5, 1, 0xff, 0x80];
const IDR = [0x65, 0x88, 0x84, 0x21];
const SLICE = [0x41, 0x9a, 0x24];

/** NAL units as an encoder may write them: no start code inside, no zero at the end. */
const unitArbitrary = fc
	.uint8Array({ minLength: 2, maxLength: 40 })
	.map((bytes) =>
		bytes.map((byte, index) => (index === 0 ? 0x41 : byte <= 3 && index === bytes.length - 1 ? 0x80 : byte)),
	)
	.map((bytes) =>
		bytes.map((byte, index) => (byte <= 3 && bytes[index - 1] === 0 && bytes[index - 2] === 0 ? 0xff : byte)),
	);

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
	yield* chunks;
}

describe("a byte stream", () => {
	it("falls apart into the units it was made of", () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(fc.constantFrom(LONG, SHORT), unitArbitrary), { maxLength: 6 }), (rows) => {
				const stream = concatenate(rows.flat());
				expect(splitNalUnits(stream)).toEqual(rows.map(([, unit]) => unit));
			}),
			{ seed: 11, numRuns: 300 },
		);
	});

	it("becomes samples of slices only, parameter sets apart", () => {
		const sample = toAvcSample(concatenate([LONG, AUD, LONG, SPS, LONG, PPS, SHORT, SEI, SHORT, IDR]));
		expect([...sample.data]).toEqual([0, 0, 0, 4, ...IDR]);
		expect(sample.sync).toBe(true);
		expect(sample.sps).toEqual([Uint8Array.from(SPS)]);
		expect(sample.pps).toEqual([Uint8Array.from(PPS)]);
		expect(toAvcSample(concatenate([LONG, AUD, LONG, SLICE]))).toMatchObject({ sync: false, sps: [], pps: [] });
	});

	it("is cut into access units however it arrives", async () => {
		const units = [
			concatenate([LONG, AUD, LONG, SPS, LONG, PPS, SHORT, IDR]),
			concatenate([LONG, AUD, SHORT, SLICE]),
			concatenate([SHORT, AUD, SHORT, SLICE, SHORT, SLICE]),
			concatenate([LONG, AUD, LONG, IDR]),
		];
		const stream = concatenate(units);
		await fc.assert(
			fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 12 }), async (cuts) => {
				const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
				const chunks = edges.slice(1).map((end, index) => stream.subarray(edges[index], end));
				const found: Uint8Array[] = [];
				for await (const unit of splitAccessUnits(each(chunks))) found.push(unit.slice());
				expect(found).toEqual(units);
			}),
			{ seed: 12, numRuns: 200 },
		);
	});

	it("without delimiters is refused, not misread", async () => {
		const read = async () => {
			for await (const unit of splitAccessUnits(each([concatenate([LONG, SPS, LONG, PPS, LONG, IDR])])))
				void unit;
		};
		await expect(read()).rejects.toMatchObject({ code: "backend-failed" });
	});
});

describe("avcC", () => {
	it("holds profile, level and the parameter sets", () => {
		const record = writeAvcConfiguration([Uint8Array.from(SPS)], [Uint8Array.from(PPS)]);
		expect([...record]).toEqual([1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 6, ...SPS, 1, 0, 4, ...PPS]);
	});

	it("announces level 1.1 for level 1b, which no browser knows by its number 9", () => {
		const level1b = Uint8Array.of(0x67, 100, 0x0c, 9, 0b10101100, 0x80);
		const record = writeAvcConfiguration([level1b], [Uint8Array.from(PPS)]);
		expect(record[3]).toBe(11);
		expect([...record.subarray(8, 14)]).toEqual([...level1b]);
	});

	it("says 4:2:0 and 8 bits again for the high profile, and refuses others", () => {
		// After profile, constraints and level: sps_id 0 "1", chroma_format_idc 1 "010", depths 0 "1" "1"
		const high = Uint8Array.of(0x67, 100, 0, 11, 0b10101100, 0x80);
		expect([...writeAvcConfiguration([high], [Uint8Array.from(PPS)]).slice(-4)]).toEqual([0xfd, 0xf8, 0xf8, 0]);
		const chroma444 = Uint8Array.of(0x67, 244, 0, 11, 0b10010011, 0x80); // chroma_format_idc 3 "00100"
		expect(() => writeAvcConfiguration([chroma444], [Uint8Array.from(PPS)])).toThrow(CodecError);
		expect(() => writeAvcConfiguration([], [])).toThrow(CodecError);
	});
});
