import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError } from "../errors.ts";
import { geometryOf } from "../picture/geometry.ts";
import { readSequenceHeader, type SequenceHeader, writeSequenceHeader } from "./sequence-header.ts";
import { codeOf } from "./test-damage.ts";

const side = fc.integer({ min: 16, max: 8192 });
const byte = fc.nat(255);
const headers: fc.Arbitrary<SequenceHeader> = fc
	.record({
		modelId: fc
			.array(byte, { minLength: 16, maxLength: 16 })
			.map((id) => id.map((b) => b.toString(16).padStart(2, "0")).join("")),
		width: side,
		height: side,
		colour: fc.record({ primaries: byte, transfer: byte, matrix: byte, fullRange: fc.boolean() }),
		q: fc.nat(63),
	})
	.map((h) => {
		const { baseWidth, baseHeight } = geometryOf(h.width, h.height);
		return { ...h, baseWidth, baseHeight };
	});

const example: SequenceHeader = {
	modelId: "000102030405060708090a0b0c0d0e0f",
	width: 640,
	height: 361,
	baseWidth: 160,
	baseHeight: 92,
	colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
	q: 32,
};

describe("sequence header", () => {
	it("comes back as it was", () => {
		fc.assert(
			fc.property(headers, (header) => {
				expect(readSequenceHeader(writeSequenceHeader(header))).toEqual(header);
			}),
			{ seed: 15 },
		);
	});

	it("has the layout of the specification", () => {
		expect(Array.from(writeSequenceHeader(example))).toEqual([
			6,
			...Array.from({ length: 16 }, (_, i) => i),
			2,
			128,
			1,
			105,
			0,
			160,
			0,
			92,
			1,
			1,
			1,
			0,
			32,
		]);
	});

	it.each([
		["too small", { width: 15, baseWidth: 4 }],
		["too large", { height: 8193, baseHeight: 2050 }],
		["a base of another size", { baseWidth: 162 }],
		["quality", { q: 64 }],
		["a short model id", { modelId: "00" }],
		["an upper-case model id", { modelId: "000102030405060708090A0B0C0D0E0F" }],
	])("refuses to write %s", (_, change) => {
		expect(() => writeSequenceHeader({ ...example, ...change })).toThrow(CodecError);
	});

	it("names another version, whatever follows, and says what to do", () => {
		for (const [version, hint] of [
			[1, "has to encode it again"],
			[5, "has to encode it again"],
			[7, "A newer player"],
			[255, "A newer player"],
		] as const) {
			const bytes = Uint8Array.of(version);
			const expected = { code: "unsupported-version", hint: expect.stringContaining(hint) };
			expect(() => readSequenceHeader(bytes)).toThrow(expect.objectContaining(expected));
		}
	});

	it("throws nothing but CodecError on damage", () => {
		fc.assert(
			fc.property(headers, fc.nat(31), fc.integer({ min: 1, max: 255 }), (header, at, flip) => {
				const bytes = writeSequenceHeader(header);
				for (const damaged of [bytes.subarray(0, at % bytes.length), Uint8Array.of(...bytes, 0)]) {
					expect(() => readSequenceHeader(damaged)).toThrow(CodecError);
				}
				const flipped = bytes.map((b, i) => (i === at ? b ^ flip : b));
				const code = codeOf(() => readSequenceHeader(flipped));
				expect([undefined, "invalid-file", "unsupported-version"]).toContain(code);
			}),
			{ seed: 16 },
		);
	});
});
