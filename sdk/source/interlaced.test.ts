import fc from "fast-check";
import { expect, it } from "vitest";
import { isInterlaced } from "./interlaced.ts";

const record = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

it("knows progressive streams: of Chromium's encoder", () => {
	const progressive = record("01640c0bffe1001367640c0bac191a828d7926a0202020f08846a001000468ce3c80fdf8f800");
	expect(isInterlaced(progressive)).toBe(false);
});

it("makes nothing of damaged records, and always ends", () => {
	expect(isInterlaced(new Uint8Array(0))).toBe(false);
	expect(isInterlaced(Uint8Array.of(1, 100, 0, 11, 255, 225, 0, 40, 103))).toBe(false);
	fc.assert(
		fc.property(fc.uint8Array({ minLength: 8, maxLength: 60 }), (bytes) => {
			expect(typeof isInterlaced(Uint8Array.of(1, ...bytes))).toBe("boolean");
		}),
		{ seed: 3 },
	);
});
