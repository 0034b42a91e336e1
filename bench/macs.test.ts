import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { macsPerPixel } from "./macs.ts";

const model = (name: string): Promise<Uint8Array> =>
	readFile(fileURLToPath(new URL(`../models/crescendo-1/${name}.onnx`, import.meta.url)));

describe("multiplications per pixel", () => {
	it("of the intra graph are its one 1x1 convolution on the quarter grid", async () => {
		expect(macsPerPixel(await model("intra"))).toBe((32 * 64) / 16);
	});

	it("stay within the budget: 15,000 to decode a frame", async () => {
		const names = ["base", "keep", "context", "synthesis", "prior-first", "prior-second"];
		const parts = await Promise.all(names.map(async (name) => macsPerPixel(await model(name))));
		expect(Math.min(...parts)).toBeGreaterThan(100);
		expect(parts.reduce((sum, part) => sum + part, 0)).toBeLessThan(15_000);
	});
});
