import { describe, expect, it } from "vitest";
import type { Picture } from "../picture/picture.ts";
import { crc32c } from "./crc32c.ts";
import { hashPicture } from "./picture-hash.ts";

function ramp(width: number, height: number): Picture {
	const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
	return {
		width,
		height,
		y: Uint8Array.from({ length: width * height }, (_, i) => i),
		u: Uint8Array.from({ length: chroma }, (_, i) => 3 * i),
		v: Uint8Array.from({ length: chroma }, (_, i) => 7 * i),
		timestamp: 0,
	};
}

describe("hashPicture", () => {
	it("is the CRC of the planes one after the other", () => {
		const picture = ramp(17, 5);
		expect(hashPicture(picture)).toBe(crc32c(Uint8Array.of(...picture.y, ...picture.u, ...picture.v)));
	});

	it("sees one changed sample in any plane, and not the timestamp", () => {
		const hash = hashPicture(ramp(16, 16));
		for (const plane of ["y", "u", "v"] as const) {
			const picture = ramp(16, 16);
			picture[plane][5] = (picture[plane][5] ?? 0) ^ 1;
			expect(hashPicture(picture)).not.toBe(hash);
		}
		const later: Picture = { ...ramp(16, 16), timestamp: 40_000 };
		expect(hashPicture(later)).toBe(hash);
	});
});
