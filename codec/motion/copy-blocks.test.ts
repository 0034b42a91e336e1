import { describe, expect, it } from "vitest";
import { copyBlocks } from "./copy-blocks.ts";

describe("copyBlocks", () => {
	it("overwrites the cells of copied blocks in every channel, and no other", () => {
		const [columns, rows, channels] = [3, 2, 2];
		const [width, height] = [4 * columns, 4 * rows];
		const flags = Uint8Array.of(0, 1, 0, 1, 0, 1);
		const target = Float32Array.from({ length: channels * width * height }, (_, i) => -i);
		const source = Float32Array.from(target, (_, i) => i);
		const expected = Array.from(target, (value, i) => {
			const [x, y] = [i % width, Math.floor(i / width) % height];
			return flags[Math.floor(y / 4) * columns + Math.floor(x / 4)] === 1 ? i + 128 : value;
		});
		copyBlocks(target, source, { columns, rows, flags }, 128);
		expect(Array.from(target)).toEqual(expected);
	});
});
