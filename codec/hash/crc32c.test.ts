import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32c.ts";

/** The definition, one bit at a time. */
function plain(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
	}
	return ~crc >>> 0;
}

describe("crc32c", () => {
	// RFC 3720, appendix B.4, and the usual check value.
	it.each([
		[new TextEncoder().encode("123456789"), 0xe3069283],
		[new Uint8Array(32), 0x8a9136aa],
		[new Uint8Array(32).fill(0xff), 0x62a8ab43],
		[Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
		[new Uint8Array(0), 0],
	])("matches the published value (case %#)", (bytes, value) => {
		expect(crc32c(bytes)).toBe(value);
	});

	it("equals the bitwise definition at every length and alignment", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), (bytes, skip) => {
				const view = bytes.subarray(Math.min(skip, bytes.length));
				expect(crc32c(view)).toBe(plain(view));
			}),
			{ seed: 1 },
		);
	});

	it("continues from a seed", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
				expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(crc32c(bytes));
			}),
			{ seed: 2 },
		);
	});
});
