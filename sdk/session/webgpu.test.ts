import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, SOFTWARE_WEBGPU } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import { CORPUS } from "../testing/corpus.ts";
import { decodeEnhanced } from "../testing/decode.ts";
import type { Fault } from "../testing/edge-double.ts";
import type { UploadAccount } from "../testing/page.ts";

/** A software adapter computes what a GPU computes, some hundred times slower. */
const SLOW = { timeout: 3_000_000 };

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

const finished = (account: UploadAccount) => {
	expect(account.error).toBeUndefined();
	expect(account.result?.backend).toMatchObject({ kind: "webgpu", width: 64, height: 48 });
	expect(account.result?.backend.description).toMatch(/^WebGPU/);
	const asset = bench.edge.only();
	expect(asset.completed).toBe(true);
	bench.edge.assets.clear();
	return asset;
};

it(
	"WebGPU, lost while the second group is coded and opened again, gives the bytes of an upload that lost nothing",
	SLOW,
	async () => {
		const request = [FILE, { ...OPTIONS, backend: "webgpu", runtimeUrl: "/stable/" }] as const;
		// The network is away once the runtime has come: what leads to it cannot be asked again.
		let asked = 0;
		bench.edge.fault = (method, path) =>
			method === "GET" && path.startsWith("/stable/") && ++asked > 1 ? "hang up" : undefined;
		const undisturbed = finished(
			await bench.page.evaluate(([address, options]) => globalThis.bench.upload(address, options), request),
		);
		// What makes the link work is at the edge before anything is asked for that only the enhancement needs.
		const loaded = bench.order.findIndex((path) => /^\/runtime\/|\.onnx$/.test(path));
		const before = bench.order.slice(0, loaded).map((path) => path.replace(/^.*tracks\//, ""));
		expect(loaded).toBeGreaterThan(0);
		expect(before).toEqual(expect.arrayContaining(["base/parts/0", "base/parts/1"]));
		expect(asked).toBeGreaterThan(0);
		// It is away before the runtime comes, and in the middle of it.
		const faults: Fault[] = ["hang up", "hang up", "lose answer"];
		bench.edge.fault = (method, path) => (method === "GET" && path.endsWith(".wasm") ? faults.shift() : undefined);
		const account = await bench.page.evaluate(
			([address, options]) => globalThis.bench.uploadLosingGpu(address, options),
			request,
		);
		const lost = finished(account);
		expect(faults).toEqual([]);
		// One to see what there is, one that is lost, one that takes over.
		expect(account.devices).toBe(3);
		expect([...lost.parts.keys()]).toEqual(["base", "e24"]);
		for (const [track, parts] of undisturbed.parts) {
			expect(lost.parts.get(track)).toEqual(parts);
		}
		expect((await decodeEnhanced(lost, "e24")).length).toBe(4);
	},
);

it("a recording whose GPU is lost goes on as base, and with its enhancement on the next device", SLOW, async () => {
	const account = await bench.page.evaluate(() => globalThis.bench.filmLosingGpu({ backend: "webgpu" }));
	expect(account.error).toBeUndefined();
	expect(account.result?.warnings.map(({ code }) => code)).toEqual(["enhancement-interrupted"]);
	expect(account.result?.backend).toMatchObject({ kind: "webgpu", width: 64, height: 48 });
	// One that is lost, one that takes over.
	expect(account.devices).toBe(2);
	const asset = bench.edge.only();
	expect(asset.completed).toBe(true);
	const base = asset.samples("base");
	expect(base.length).toBe(account.result?.frames);
	const enhanced = asset.samples("e24");
	expect(enhanced.length).toBeLessThan(base.length);
	expect((await decodeEnhanced(asset, "e24")).length).toBe(enhanced.length);
});

it.each(["/nowhere/", "/broken/"])(
	"a recording goes by WASM, and says why, with WebGPU's runtime at %s",
	SLOW,
	async (runtimeUrl) => {
		bench.edge.assets.clear();
		// A runtime that once failed fails for as long as its page lives.
		await bench.reload();
		const account = await bench.page.evaluate(
			(address) => globalThis.bench.filmToTheEnd({ runtimeUrl: address }),
			runtimeUrl,
		);
		expect(account.error).toBeUndefined();
		expect(account.result?.warnings).toEqual([]);
		expect(account.result?.backend).toMatchObject({ kind: "wasm", width: 64, height: 48 });
		expect(account.result?.backend.notice).toMatch(/^WebGPU: .*runtime/);
		expect(bench.edge.only().samples("e24").length).toBeGreaterThan(0);
	},
);
