import { describe, expect, it } from "vitest";
import { frameGeometry } from "./geometry.ts";
import { adaptiveOffsets, blockDetail, patchSums, qualityMap } from "./quality-map.ts";

const { grid32 } = frameGeometry(96, 64);
const WIDTH = 96;

/** Detail of noise of an amplitude per block. */
const detailOf = (amplitude: (block: number) => number) => blockDetail(patchSums(noise(amplitude), grid32), grid32);

const noise = (amplitude: (block: number) => number) =>
	Uint8Array.from({ length: WIDTH * 64 }, (_, i) => {
		const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
		const block = (y >> 5) * 3 + (x >> 5);
		return 128 + (((x * 7 + y * 13) % 11) / 5 - 1) * amplitude(block);
	});

describe("block quality", () => {
	it("moves by four indices for each offset, within its range", () => {
		expect([...qualityMap(30, Int8Array.of(-4, -1, 0, 2, 4))]).toEqual([14, 26, 30, 38, 46]);
		expect([...qualityMap(60, Int8Array.of(4, -4))]).toEqual([63, 44]);
		expect([...qualityMap(2, Int8Array.of(-4, 1))]).toEqual([0, 6]);
	});

	it("is finer where the picture is flat", () => {
		const offsets = adaptiveOffsets(
			detailOf((block) => [0, 1, 4, 12, 40, 110][block] ?? 0),
			3,
		);
		expect([...offsets]).toEqual([...offsets].toSorted((a, b) => b - a));
		expect(offsets[0]).toBeGreaterThan(2);
		expect(offsets[5]).toBeLessThan(-2);
		expect(
			[
				...adaptiveOffsets(
					detailOf((block) => block * 20),
					0,
				),
			].every((offset) => offset === 0),
		).toBe(true);
	});

	it("is finer where later pictures inherit", () => {
		const detail = detailOf(() => 50);
		const offsets = adaptiveOffsets(detail, 4, undefined, Float32Array.of(0, 1, 2, 3, 3, 0));
		expect([...offsets]).toEqual([-2, -1, 1, 2, 2, -2]);
	});

	it("is the same everywhere in a picture that is alike everywhere", () => {
		expect(
			[
				...adaptiveOffsets(
					detailOf(() => 50),
					8,
				),
			].every((offset) => offset === 0),
		).toBe(true);
	});

	it("stays as it was where it is nearly so", () => {
		const detail = detailOf((block) => [0, 1, 4, 12, 40, 110][block] ?? 0);
		const offsets = adaptiveOffsets(detail, 3);
		for (const [moved, kept] of [
			[0, true],
			[1, false],
		] as const) {
			const before = offsets.map((offset) => Math.max(Math.min(offset + 2 * moved, 4), -4));
			const after = adaptiveOffsets(detail, 3, before);
			expect([moved, after.every((offset, i) => offset === before[i])]).toEqual([moved, kept]);
		}
	});
});
