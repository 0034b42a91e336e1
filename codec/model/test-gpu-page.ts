import type { Page } from "playwright-core";
import { build } from "vite";
import { launchBrowser } from "../../test/e2e/browser.ts";

/** The browser's own drawing on the software adapter too: without that it imports no video frames. */
const SOFTWARE_DRAWING = ["--use-angle=swiftshader", "--enable-features=Vulkan", "--use-vulkan=swiftshader"];

/** Milliseconds that loading the page and making the shaders may take on a slow machine. */
const LONGEST_WAIT = 300_000;

/** For tests: Chromium with WebGPU on the software adapter, and a page that ran a script. Nothing is fetched from a network. */
export type GpuPage = { readonly page: Page; close(): Promise<void> };

/** @param entry the script; it sets `globalThis.bench`, which is waited for. */
export const openGpuPage = async (entry: string): Promise<GpuPage> => {
	const built = await build({
		configFile: false,
		logLevel: "error",
		build: {
			write: false,
			minify: false,
			target: "es2023",
			rolldownOptions: {
				input: entry,
				output: { entryFileNames: "page.js", chunkFileNames: "[name].js" },
				preserveEntrySignatures: "strict",
			},
		},
	});
	const scripts = new Map<string, string>();
	for (const result of [built].flat()) {
		if (!("output" in result)) continue;
		for (const file of result.output) if (file.type === "chunk") scripts.set(file.fileName, file.code);
	}
	const browser = await launchBrowser({ webgpu: true, flags: SOFTWARE_DRAWING });
	try {
		const page = await browser.newPage();
		page.setDefaultTimeout(LONGEST_WAIT);
		await page.route("https://codec.test/**", async (route) => {
			const { pathname } = new URL(route.request().url());
			const script = scripts.get(pathname.slice(1));
			if (script !== undefined) return route.fulfill({ contentType: "text/javascript", body: script });
			return route.fulfill({
				contentType: "text/html",
				body: '<!doctype html><script type="module" src="/page.js"></script>',
			});
		});
		await page.goto("https://codec.test/");
		// By timer: a page that draws nothing has no animation frames on a busy machine.
		await page.waitForFunction(() => "bench" in globalThis, undefined, { polling: 100 });
		return { page, close: () => browser.close() };
	} catch (error) {
		await browser.close();
		throw error;
	}
};
