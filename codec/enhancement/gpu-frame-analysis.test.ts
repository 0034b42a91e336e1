import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GpuPage, openGpuPage } from "../model/test-gpu-page.ts";
import type { AnalysisBench } from "./gpu-test-page.ts";

declare const bench: AnalysisBench;

let gpu: GpuPage;

beforeAll(async () => {
	gpu = await openGpuPage(join(import.meta.dirname, "gpu-test-page.ts"));
});

afterAll(() => gpu?.close());

describe("what the encoder asks of samples, on a GPU", () => {
	it.each([
		[64, 32],
		[45, 71],
	])("equals what a CPU says, at %ix%i", async (width, height) => {
		const [cpu, onGpu] = await gpu.page.evaluate((size) => bench.analyse(...size), [width, height] as const);
		expect(onGpu).toEqual(cpu);
		expect(new Set(cpu?.detail).size).toBeGreaterThan(1);
		expect(new Set(cpu?.added).size).toBeGreaterThan(1);
	});
});

/** Waves that can be looked at anywhere. */
const texture = (seed: number) => (x: number, y: number) =>
	128 +
	40 * Math.sin(x / 5 + seed) * Math.cos(y / 7 + seed) +
	30 * Math.sin((x + 2 * y) / 11 + 2 * seed) +
	20 * Math.cos((x - y) / 3.3 + seed);

const render = (width: number, height: number, at: (x: number, y: number) => number): number[] =>
	Array.from({ length: width * height }, (_, i) => Math.round(at(i % width, Math.floor(i / width))));

const [WIDTH, HEIGHT] = [160, 96];
const LAMBDA = 300;

const search = (planes: readonly number[][], effort: "fast" | "normal" | "thorough" = "normal") =>
	gpu.page.evaluate((request) => bench.search(...request), [WIDTH, HEIGHT, planes, LAMBDA, effort] as const);

describe("motion search on a GPU", () => {
	it.each([
		["quarter samples", 2.25, -1.5],
		["whole samples", -7, 3],
		["far", 41.5, -22.75],
	])("finds a pan in %s", async (_, dx, dy) => {
		const at = texture(7);
		const planes = [render(WIDTH, HEIGHT, at), render(WIDTH, HEIGHT, (x, y) => at(x + dx, y + dy))];
		const { total, vectors } = await search(planes);
		const middle = 2 * (6 * (WIDTH / 8) + 7);
		expect(vectors[0]?.slice(middle, middle + 2)).toEqual([4 * dx, 4 * dy]);
		expect(total.gpu).toBeLessThan(1.05 * total.processor);
	});

	it("leaves a still scene still", async () => {
		const plane = render(WIDTH, HEIGHT, texture(3));
		const { total, vectors } = await search([plane, plane, plane]);
		expect(vectors.flat().every((v) => v === 0)).toBe(true);
		expect(total.gpu).toBe(total.processor);
	});

	it.each(["fast", "normal", "thorough"] as const)("costs what the %s search on a CPU costs", async (effort) => {
		const [ground, object] = [texture(1), texture(2)];
		const scene = (t: number) =>
			render(WIDTH, HEIGHT, (x, y) => {
				const [left, top] = [30 + 5.25 * t, 20 + 2.5 * t];
				const inside = x >= left && x < left + 50 && y >= top && y < top + 40;
				return inside ? object(x - left, y - top) : ground(x * (1 + 0.004 * t), y);
			});
		const { total } = await search([0, 1, 2, 3].map(scene), effort);
		expect(total.processor).toBeLessThan(0.5 * total.still);
		expect(total.gpu).toBeLessThan(1.05 * total.processor);
	});
});
