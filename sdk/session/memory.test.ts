import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import { CORPUS } from "../testing/corpus.ts";

const MEGABYTE = 2 ** 20;

let bench: BrowserBench;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "crescendo-memory-"));
	CORPUS["long.mp4"](folder);
	bench = await openBrowser(folder);
});

afterAll(async () => {
	await bench?.close();
	rmSync(folder, { recursive: true, force: true });
});

it("two hours of video: the page's process stays below 400 MB and does not grow", { timeout: 600_000 }, async () => {
	const id = await bench.page.evaluate(() =>
		globalThis.bench.beginUpload("/fixtures/long.mp4", { backend: "none", gopSeconds: 10 }),
	);
	const seen: { seconds: number; bytes: number }[] = [];
	const ended = bench.page.evaluate((upload) => globalThis.bench.finishUpload(upload), id);
	const over = new AbortController();
	void ended.then(() => over.abort());
	while (!over.signal.aborted) {
		await new Promise((resolve) => setTimeout(resolve, 500));
		const progress = await bench.page.evaluate((upload) => globalThis.bench.progressOf(upload), id);
		seen.push({ seconds: progress?.secondsEncoded ?? 0, bytes: await bench.memory() });
	}
	const account = await ended;
	expect(account.error).toBeUndefined();
	expect(account.result).toMatchObject({ frames: 14_400, duration: 7200 });
	expect(bench.edge.only().samples("base").length).toBe(14_400);
	const peak = (from: number, to: number) =>
		Math.max(0, ...seen.filter(({ seconds }) => seconds >= from && seconds < to).map(({ bytes }) => bytes)) /
		MEGABYTE;
	expect(peak(0, 7201)).toBeLessThan(400);
	expect(peak(5400, 7201)).toBeLessThan(peak(600, 2400) + 60);
	process.stdout.write(
		`peak ${peak(0, 7201).toFixed(0)} MB; early ${peak(600, 2400).toFixed(0)}, late ${peak(5400, 7201).toFixed(0)}\n`,
	);
});
