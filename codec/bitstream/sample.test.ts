import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "../hash/crc32c.ts";
import { readSample, type SampleParts, writeSample } from "./sample.ts";
import { codeOf } from "./test-damage.ts";

const hash = fc.nat(0xffffffff);
const payload = fc.uint8Array({ maxLength: 300 });
const samples: fc.Arbitrary<SampleParts> = fc.oneof(
	fc.record({
		type: fc.constant("intra" as const),
		q: fc.nat(63),
		baseHash: hash,
		pictureHash: fc.option(hash, { nil: undefined }),
		motion: fc.constant(new Uint8Array(0)),
		latents: payload,
	}),
	fc.record({
		type: fc.constantFrom("inter" as const, "bidirectional" as const),
		q: fc.nat(63),
		baseHash: fc.option(hash, { nil: undefined }),
		pictureHash: fc.option(hash, { nil: undefined }),
		motion: payload,
		latents: payload,
	}),
);

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
				const { headerBytes, ...read } = readSample(larger.subarray(offset, offset + bytes.length));
				expect(read).toEqual(parts);
				expect(headerBytes).toBe(bytes.length - parts.motion.length - parts.latents.length);
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
			motion: Uint8Array.of(9),
			latents: new Uint8Array(200).fill(7),
		};
		const latents = Array.from({ length: 200 }, () => 7);
		expect(writeSample(parts)).toEqual(sealed(0x51, 40, 3, 1, 0xc8, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...latents));
	});

	it("takes nine bytes for a frame in which nothing happens", () => {
		const none = new Uint8Array(0);
		const still = {
			type: "inter",
			q: 3,
			baseHash: undefined,
			pictureHash: undefined,
			motion: none,
			latents: none,
		} as const;
		expect(writeSample(still)).toHaveLength(9);
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
		["frame type 3", sealed(0x53, 0, 0, 0, 0)],
		["quality 64", sealed(0x51, 64, 0, 0, 0)],
		["an unknown flag", sealed(0x51, 0, 4, 0, 0)],
		["an intra frame without base hash", sealed(0x50, 0, 0, 0, 0)],
		["an intra frame with motion", sealed(0x50, 0, 2, 1, 0, 0, 0, 0, 0, 9)],
		["lengths beyond the sample", sealed(0x51, 0, 0, 1, 1, 9)],
		["lengths short of the sample", sealed(0x51, 0, 0, 0, 0, 9)],
		["a length in long form", sealed(0x51, 0, 0, 0x80, 0, 0)],
		["no header", sealed()],
	])("refuses %s even where the check sum fits", (_, bytes) => {
		expect(() => readSample(bytes)).toThrow(expect.objectContaining({ code: "damaged-sample" }));
	});

	it("names another version and says what to do", () => {
		for (const [version, hint] of [
			[4, "has to encode it again"],
			[6, "A newer player"],
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
		const none = new Uint8Array(0);
		const intra = {
			type: "intra",
			q: 3,
			baseHash: 1,
			pictureHash: undefined,
			motion: none,
			latents: none,
		} as const;
		expect(() => writeSample({ ...intra, baseHash: undefined })).toThrow(RangeError);
		expect(() => writeSample({ ...intra, motion: Uint8Array.of(1) })).toThrow(RangeError);
		expect(() => writeSample({ ...intra, q: 64 })).toThrow(RangeError);
	});
});
