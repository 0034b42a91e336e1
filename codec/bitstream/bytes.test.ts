import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter, LARGEST_LENGTH } from "./bytes.ts";

describe("fields", () => {
	it("come back, big-endian", () => {
		fc.assert(
			fc.property(fc.nat(255), fc.nat(65535), fc.nat(0xffffffff), fc.nat(LARGEST_LENGTH), (a, b, c, d) => {
				const reader = new ByteReader(new ByteWriter().u8(a).u16(b).u32(c).leb128(d).finish());
				expect([reader.u8(), reader.u16(), reader.u32(), reader.leb128()]).toEqual([a, b, c, d]);
				expect(reader.error).toBe(false);
				reader.u8();
				expect(reader.error).toBe(true);
			}),
			{ seed: 14 },
		);
		expect(new ByteWriter().u32(0x01020304).leb128(300).finish()).toEqual(Uint8Array.of(1, 2, 3, 4, 0xac, 0x02));
	});

	it("refuse lengths in long form and beyond four bytes", () => {
		const error = (...bytes: number[]) => {
			const reader = new ByteReader(Uint8Array.from(bytes));
			reader.leb128();
			return reader.error;
		};
		expect(error(0x80, 0x00)).toBe(true);
		expect(error(0xff, 0xff, 0xff, 0xff, 0x01)).toBe(true);
		expect(error(0xff, 0xff, 0xff)).toBe(true);
		expect(error(0xff, 0xff, 0xff, 0x7f)).toBe(false);
		expect(() => new ByteWriter().leb128(LARGEST_LENGTH + 1)).toThrow(RangeError);
		expect(() => new ByteWriter().leb128(-1)).toThrow(RangeError);
	});

	it("take no more bytes than there are", () => {
		const reader = new ByteReader(Uint8Array.of(1, 2, 3));
		expect(reader.take(2)).toEqual(Uint8Array.of(1, 2));
		expect(reader.take(2)).toHaveLength(0);
		expect(reader.error).toBe(true);
	});
});
