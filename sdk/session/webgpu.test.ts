import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { frameTypeOf } from "../../codec/bitstream/frame-header.ts";
import { openBrowser, SOFTWARE_WEBGPU } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import { CORPUS } from "../testing/corpus.ts";
import { decodeEnhanced } from "../testing/decode.ts";
import type { GpuFault, UploadAccount } from "../testing/page.ts";

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

beforeEach(() => {
	bench.edge.assets.clear();
	bench.edge.fault = () => undefined;
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
		const request = [FILE, { ...OPTIONS, backend: "webgpu", modelUrl: "/stable/crescendo-1/" }] as const;
		// What leads to the model's files has to be asked again, and the network is away then.
		let asked = new Map<string, number>();
		bench.edge.fault = (method, path) => {
			if (method !== "GET" || !path.startsWith("/stable/")) {
				return undefined;
			}
			asked.set(path, (asked.get(path) ?? 0) + 1);
			return asked.get(path) === 2 ? "hang up" : undefined;
		};
		const undisturbed = finished(
			await bench.page.evaluate(([address, options]) => globalThis.bench.upload(address, options), request),
		);
		// What makes the link work is at the edge before anything is asked for that only the enhancement needs.
		const loaded = bench.order.findIndex((path) => path.endsWith(".onnx"));
		const before = bench.order.slice(0, loaded).map((path) => path.replace(/^.*tracks\//, ""));
		expect(loaded).toBeGreaterThan(0);
		expect(before).toEqual(expect.arrayContaining(["base/parts/0", "base/parts/1"]));
		// The shaders are part of the script.
		expect(bench.order.filter((path) => path.endsWith(".wasm"))).toEqual([]);
		asked = new Map();
		const account = await bench.page.evaluate(
			([address, options]) => globalThis.bench.uploadLosingGpu(address, options),
			request,
		);
		const lost = finished(account);
		expect([...asked.keys()].filter((path) => path.endsWith(".onnx")).length).toBeGreaterThan(5);
		expect([...asked.values()].every((times) => times > 2)).toBe(true);
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

it("WebGPU computes where the page's policy forbids WebAssembly, bidirectional frames too", SLOW, async () => {
	const page = await bench.another("strict");
	// One group of four frames.
	const options = { ...OPTIONS, gopSeconds: 1, backend: "webgpu", worker: "none" } as const;
	const account = await page
		.evaluate(([address, given]) => globalThis.bench.upload(address, given), [FILE, options] as const)
		.finally(() => page.close());
	const asset = finished(account);
	const types = asset.samples("e24").map(({ data }) => frameTypeOf(data));
	expect(types).toEqual(["intra", "bidirectional", "inter", "inter"]);
	expect((await decodeEnhanced(asset, "e24")).length).toBe(4);
});

const FAULTS: readonly (readonly [GpuFault, RegExp])[] = [
	["no adapter", /^WebGPU: .*no WebGPU adapter/],
	["wrong results", /^WebGPU: The GPU computes wrong results/],
	["no shaders", /^The GPU refuse/],
];

it.each(FAULTS)("a recording goes by WASM, and says why, where WebGPU has %s", SLOW, async (fault, why) => {
	const account = await bench.page.evaluate((kind) => globalThis.bench.filmOnFaultyGpu(kind), fault);
	expect(account.error).toBeUndefined();
	expect(account.result?.warnings).toEqual([]);
	expect(account.result?.backend).toMatchObject({ kind: "wasm", width: 64, height: 48 });
	expect(account.result?.backend.notice).toMatch(why);
	expect(bench.edge.only().samples("e24").length).toBeGreaterThan(0);
});
