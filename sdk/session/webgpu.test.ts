import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, SOFTWARE_WEBGPU } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import { CORPUS } from "../testing/corpus.ts";
import { decodeEnhanced } from "../testing/decode.ts";

/** A software adapter computes what a GPU computes, some hundred times slower. */
const SLOW = { timeout: 500_000 };

let bench: BrowserBench;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "crescendo-webgpu-"));
	CORPUS["stamp.mp4"](folder);
	bench = await openBrowser(folder, SOFTWARE_WEBGPU);
});

afterAll(async () => {
	await bench?.close();
	rmSync(folder, { recursive: true, force: true });
});

const upload = async (backend: "webgpu" | "wasm") => {
	bench.edge.assets.clear();
	const options = { backend, enhancements: [24], gopSeconds: 0.5, resume: false } as const;
	const account = await bench.page.evaluate(([address, given]) => globalThis.bench.upload(address, given), [
		"/fixtures/stamp.mp4",
		options,
	] as const);
	expect(account.error).toBeUndefined();
	expect(account.result?.backend).toMatchObject({ kind: backend, width: 64, height: 48 });
	const asset = bench.edge.only();
	expect(asset.completed).toBe(true);
	return { account, asset };
};

it("an upload on WebGPU completes, and its bytes are those of WASM", SLOW, async () => {
	const gpu = await upload("webgpu");
	expect(gpu.account.result?.backend.description).toMatch(/^WebGPU/);
	const processor = await upload("wasm");
	expect([...gpu.asset.parts.keys()]).toEqual(["base", "e24"]);
	for (const [track, parts] of processor.asset.parts) {
		expect(gpu.asset.parts.get(track)).toEqual(parts);
	}
	expect((await decodeEnhanced(gpu.asset, "e24")).length).toBe(2);
});
