import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { warpFeatures, warpPicture } from "../../codec/motion/warp.ts";
import { launchBrowser } from "../e2e/browser.ts";
import type { FrameHashes } from "./decode.ts";
import { readManifest } from "./files.ts";
import { type PageServer, servePage } from "./page-server.ts";
import type { ManifestFrame, ManifestStream } from "./streams.ts";

let server: PageServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
	server = await servePage();
	browser = await launchBrowser({ webgpu: true });
	page = await browser.newPage();
	await page.goto(server.url);
	await page.waitForFunction(() => "decodeInPage" in globalThis, undefined, { polling: 100, timeout: 180_000 });
});

afterAll(async () => {
	await browser?.close();
	await server?.close();
});

/** Decodes streams in the page, whole; answers the backend and the hashes. */
async function decodeInChromium(kind: "wasm" | "webgpu", streams: readonly ManifestStream[]) {
	const request = { kind, streams: streams.map(({ name }) => name) };
	return page.evaluate((r) => globalThis.decodeInPage(r), request);
}

/** The hashes that every backend has to give. */
function hashesOf(streams: readonly ManifestStream[]): Readonly<Record<string, readonly FrameHashes[]>> {
	const hashes = (frames: readonly ManifestFrame[]) => frames.map(({ latents, picture }) => ({ latents, picture }));
	return Object.fromEntries(streams.map(({ name, frames }) => [name, hashes(frames)]));
}

describe("conformance streams in Chromium", { timeout: 1_800_000 }, () => {
	it("decode to their hashes on WASM", async () => {
		const { streams } = await readManifest();
		const { description, hashes } = await decodeInChromium("wasm", streams);
		expect(description).toMatch(/^WASM/);
		expect(hashes).toEqual(hashesOf(streams));
	});

	it("decode to their hashes on WebGPU", async () => {
		// The software adapter takes seconds for a frame: small pictures of every kind, among them an odd size.
		const { streams } = await readManifest();
		const small = streams.filter(({ width, height }) => width * height <= 64 * 64);
		expect(small.map(({ name }) => name)).toContain("tiny-odd");
		const { description, hashes } = await decodeInChromium("webgpu", small);
		expect(description).toMatch(/^WebGPU/);
		expect(hashes).toEqual(hashesOf(small));
	});
});

describe("the warps in WGSL", () => {
	it("equal their twins in TypeScript, beyond every edge and at every phase", async () => {
		const [columns, rows, channels] = [8, 4, 11];
		const cells = 4 * columns * rows;
		let seed = 12345;
		const random = (low: number, high: number) => {
			seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
			return low + Math.floor((seed / 2 ** 32) * (high - low + 1));
		};
		const fill = (count: number, low: number, high: number) =>
			Array.from({ length: count }, () => random(low, high));
		const vectors = fill(2 * columns * rows, -80, 80);
		vectors[0] = -1024;
		vectors[1] = 1023;
		vectors.fill(0, 10, 20);
		const picture = fill(24 * cells, 0, 255);
		const features = fill(channels * cells, -1023, 1023);
		const motion = {
			columns,
			rows,
			moved: new Uint8Array(columns * rows).fill(1),
			vectors: Int16Array.from(vectors),
		};
		const request = { motion: { columns, rows, vectors }, picture, features, channels };
		const results = await page.evaluate((r) => globalThis.warpInPage(r), request);
		expect(results).toEqual([
			[...warpPicture(Float32Array.from(picture), motion)],
			[...warpFeatures(Float32Array.from(features), channels, motion)],
		]);
	});
});
