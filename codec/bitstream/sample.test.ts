import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "../hash/crc32c.ts";
import { readSample, type SampleParts, writeSample } from "./sample.ts";
import { codeOf } from "./test-damage.ts";

const hash = fc.nat(0xffffffff);
const NOTHING = new Uint8Array(0);
const samples: fc.Arbitrary<SampleParts> = fc
	.record({
		type: fc.constantFrom("intra" as const, "inter" as const, "bidirectional" as const),
		q: fc.nat(63),
		anyBaseHash: hash,
		hasBaseHash: fc.boolean(),
		pictureHash: fc.option(hash, { nil: undefined }),
		moves: fc.boolean(),
		hasLatents: fc.boolean(),
		bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
	})
	.map(({ type, q, anyBaseHash, hasBaseHash, pictureHash, moves, hasLatents, bytes }) => {
		const hasMotion = moves && type !== "intra";
		const baseHash = hasBaseHash || type === "intra" ? anyBaseHash : undefined;
		const payload = hasMotion || hasLatents ? bytes : NOTHING;
		return { type, q, baseHash, pictureHash, hasMotion, hasLatents, payload };
	});

/** Sample bytes with the check sum that they should have. */
function sealed(...body: number[]): Uint8Array {
	const crc = crc32c(Uint8Array.from(body));
	return Uint8Array.of(...body, crc >>> 24, (crc >>> 16) & 255, (crc >>> 8) & 255, crc & 255);
}

describe("sample", () => {
	it("comes back as it was, from any offset in a larger buffer", () => {
		fc.assert(
			fc.property(samples, fc.nat(9), (parts, offset) => {
				const bytes = writeSample(parts);
				const larger = new Uint8Array(bytes.length + offset + 3);
				larger.set(bytes, offset);
				expect(readSample(larger.subarray(offset, offset + bytes.length))).toEqual(parts);
			}),
			{ seed: 17 },
		);
	});

	it("has the layout of the specification", () => {
		const parts: SampleParts = {
			type: "inter",
			q: 40,
			baseHash: 0x01020304,
			pictureHash: 0x05060708,
			hasMotion: true,
			hasLatents: true,
			payload: Uint8Array.of(9, 10),
		};
		expect(writeSample(parts)).toEqual(sealed(0x67, 0xc0 + 40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
		const bidirectional = { ...parts, type: "bidirectional", baseHash: undefined, hasLatents: false } as const;
		expect(writeSample(bidirectional)).toEqual(sealed(0x6a, 0x80 + 40, 5, 6, 7, 8, 9, 10));
	});

	it("takes six bytes for a frame in which nothing happens", () => {
		const hashes = { baseHash: undefined, pictureHash: undefined };
		const still = {
			type: "inter",
			q: 3,
			...hashes,
			hasMotion: false,
			hasLatents: false,
			payload: NOTHING,
		} as const;
		expect(writeSample(still)).toHaveLength(6);
	});

	it("refuses every truncation and every flipped bit", () => {
		fc.assert(
			fc.property(samples, fc.nat(), fc.nat(7), (parts, at, bit) => {
				const bytes = writeSample(parts);
				const i = at % bytes.length;
				const damage = expect.objectContaining({ code: "damaged-sample" });
				expect(() => readSample(bytes.subarray(0, i))).toThrow(damage);
				expect(() => readSample(bytes.map((b, j) => (j === i ? b ^ (1 << bit) : b)))).toThrow(damage);
				expect(() => readSample(Uint8Array.of(...bytes, 0))).toThrow(damage);
			}),
			{ seed: 18, numRuns: 300 },
		);
	});

	it.each([
		["frame type 3", sealed(0x6c, 0)],
		["an intra frame without base hash", sealed(0x60, 0)],
		["an intra frame with motion", sealed(0x62, 0x40, 0, 0, 0, 0, 9)],
		["motion without payload", sealed(0x66, 0)],
		["latents without payload", sealed(0x65, 0)],
		["a payload of nothing", sealed(0x64, 0, 9)],
		["half a hash", sealed(0x64, 0x80, 1, 2)],
		["no header", sealed()],
	])("refuses %s even where the check sum fits", (_, bytes) => {
		expect(() => readSample(bytes)).toThrow(expect.objectContaining({ code: "damaged-sample" }));
	});

	it("names another version and says what to do", () => {
		for (const [version, hint] of [
			[5, "has to encode it again"],
			[7, "A newer player"],
			[15, "A newer player"],
		] as const) {
			const bytes = sealed((version << 4) | 1, 0, 0);
			const expected = { code: "unsupported-version", hint: expect.stringContaining(hint) };
			expect(() => readSample(bytes)).toThrow(expect.objectContaining(expected));
		}
	});

	it("throws nothing but CodecError on any bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (body) => {
				for (const bytes of [body, sealed(...body)]) {
					expect([undefined, "damaged-sample", "unsupported-version"]).toContain(
						codeOf(() => readSample(bytes)),
					);
				}
			}),
			{ seed: 19, numRuns: 500 },
		);
	});

	it("refuses to write what cannot be read", () => {
		const hashes = { baseHash: 1, pictureHash: undefined };
		const intra = {
			type: "intra",
			q: 3,
			...hashes,
			hasMotion: false,
			hasLatents: false,
			payload: NOTHING,
		} as const;
		expect(() => writeSample({ ...intra, baseHash: undefined })).toThrow(RangeError);
		expect(() => writeSample({ ...intra, hasMotion: true, payload: Uint8Array.of(1) })).toThrow(RangeError);
		expect(() => writeSample({ ...intra, payload: Uint8Array.of(1) })).toThrow(RangeError);
		expect(() => writeSample({ ...intra, hasLatents: true })).toThrow(RangeError);
		expect(() => writeSample({ ...intra, q: 64 })).toThrow(RangeError);
	});
});
