import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "./bytes.ts";

describe("fields", () => {
	it("come back, big-endian", () => {
		fc.assert(
			fc.property(fc.nat(255), fc.nat(65535), fc.nat(0xffffffff), (a, b, c) => {
				const reader = new ByteReader(new ByteWriter().u8(a).u16(b).u32(c).finish());
				expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([a, b, c]);
				expect(reader.error).toBe(false);
				reader.u8();
				expect(reader.error).toBe(true);
			}),
			{ seed: 14 },
		);
		expect(new ByteWriter().u32(0x01020304).finish()).toEqual(Uint8Array.of(1, 2, 3, 4));
	});

	it("take no more bytes than there are", () => {
		const reader = new ByteReader(Uint8Array.of(1, 2, 3));
		expect(reader.take(2)).toEqual(Uint8Array.of(1, 2));
		expect(reader.take(2)).toHaveLength(0);
		expect(reader.error).toBe(true);
	});
});
