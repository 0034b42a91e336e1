import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openGpuPage } from "../../codec/model/test-gpu-page.ts";
import type { GpuPage } from "../../codec/model/test-gpu-page.ts";
import type { PathBench } from "./gpu-test-page.ts";

declare const bench: PathBench;

let gpu: GpuPage;

beforeAll(async () => {
	gpu = await openGpuPage(join(import.meta.dirname, "gpu-test-page.ts"));
});

afterAll(() => gpu?.close());

describe("frames on their way over the GPU", () => {
	it("keep their samples to within one where the browser hands them over well", async () => {
		const [same = 9, base = 9, smaller = 9] = await gpu.page.evaluate(() => bench.compare(0));
		expect(same).toBeLessThanOrEqual(1);
		// Filters with negative taps may add up what neighbours are off.
		expect(Math.max(base, smaller)).toBeLessThanOrEqual(2);
	});

	it("keep them exactly where it does not: colours that it blurs go by memory", async () => {
		expect(await gpu.page.evaluate(() => bench.compare(12))).toEqual([0, 0, 0]);
	});
});
