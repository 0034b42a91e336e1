import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, SOFTWARE_WEBGPU } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import { CORPUS } from "../testing/corpus.ts";
import { decodeEnhanced } from "../testing/decode.ts";
import type { UploadAccount } from "../testing/page.ts";

/** A software adapter computes what a GPU computes, some hundred times slower. */
const SLOW = { timeout: 560_000 };

let bench: BrowserBench;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "crescendo-webgpu-"));
	CORPUS["stamps.mp4"](folder);
	bench = await openBrowser(folder, SOFTWARE_WEBGPU);
});

afterAll(async () => {
	await bench?.close();
	rmSync(folder, { recursive: true, force: true });
});

/** Two groups of two frames. */
const FILE = "/fixtures/stamps.mp4";
const OPTIONS = { enhancements: [24], gopSeconds: 0.5, resume: false } as const;

const finished = (account: UploadAccount, kind: "webgpu" | "wasm") => {
	expect(account.error).toBeUndefined();
	expect(account.result?.backend).toMatchObject({ kind, width: 64, height: 48 });
	const asset = bench.edge.only();
	expect(asset.completed).toBe(true);
	bench.edge.assets.clear();
	return asset;
};

const byProcessor = async () =>
	finished(
		await bench.page.evaluate(
			([address, options]) => globalThis.bench.upload(address, { ...options, backend: "wasm" }),
			[FILE, OPTIONS] as const,
		),
		"wasm",
	);

it("WebGPU, lost while the second group is coded and opened again, gives the bytes of WASM", SLOW, async () => {
	const expected = await byProcessor();
	const account = await bench.page.evaluate(
		([address, options]) => globalThis.bench.uploadLosingGpu(address, { ...options, backend: "webgpu" }),
		[FILE, OPTIONS] as const,
	);
	const byGpu = finished(account, "webgpu");
	expect(account.result?.backend.description).toMatch(/^WebGPU/);
	expect(account.devices).toBe(2);
	expect([...byGpu.parts.keys()]).toEqual(["base", "e24"]);
	for (const [track, parts] of expected.parts) {
		expect(byGpu.parts.get(track)).toEqual(parts);
	}
	expect((await decodeEnhanced(byGpu, "e24")).length).toBe(4);
});
