import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PRODUCTS_A_PIXEL } from "../sdk/stages/estimate-gpu.ts";
import { REALTIME_COST } from "../sdk/stages/plan.ts";
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

	it("of an inter frame are what an upload is planned with", async () => {
		const sum = async (...names: readonly string[]) =>
			(await Promise.all(names.map(async (name) => macsPerPixel(await model(name))))).reduce((a, b) => a + b);
		const once = await sum("base", "keep", "context", "prior-first", "prior-second", "analysis", "synthesis");
		// To choose copied blocks the encoder makes the picture without them, and codes the latents again that are left.
		const twice = once + (await sum("prior-second", "synthesis"));
		expect(Math.round(twice / 100) * 100).toBe(PRODUCTS_A_PIXEL);
		expect(once / twice).toBeCloseTo(REALTIME_COST, 1);
	});
});
