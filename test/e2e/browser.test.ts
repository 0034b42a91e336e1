import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";

describe("the browser of the tests", () => {
	let browser: Browser;
	beforeAll(async () => {
		browser = await launchBrowser({ webgpu: true });
	});
	afterAll(() => browser.close());

	it("encodes and decodes H.264 and offers WebGPU", async () => {
		const page = await browser.newPage();
		// WebCodecs and WebGPU exist only where the page is trusted; a route answers for a local origin.
		await page.route("http://localhost/", (route) =>
			route.fulfill({ contentType: "text/html", body: "<title>x</title>" }),
		);
		await page.goto("http://localhost/");
		const found = await page.evaluate(async () => {
			const config = { codec: "avc1.42001e", width: 160, height: 96 };
			const encoder = await VideoEncoder.isConfigSupported({ ...config, bitrate: 80_000, framerate: 25 });
			const decoder = await VideoDecoder.isConfigSupported(config);
			const adapter = await navigator.gpu.requestAdapter();
			return { encoder: encoder.supported, decoder: decoder.supported, adapter: adapter !== null };
		});
		expect(found).toEqual({ encoder: true, decoder: true, adapter: true });
	});
});
