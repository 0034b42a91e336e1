import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { build } from "vite";
import { leaveRuntimeFiles } from "../../scripts/leave-runtime-files.ts";
import { launchBrowser } from "../../test/e2e/browser.ts";

const RUNTIME = fileURLToPath(new URL("../../node_modules/onnxruntime-web/dist", import.meta.url));

/** The browser's own drawing on the software adapter too: without that it imports no video frames. */
const SOFTWARE_DRAWING = ["--use-angle=swiftshader", "--enable-features=Vulkan", "--use-vulkan=swiftshader"];

/** Milliseconds that loading the page and starting the runtime may take on a slow machine. */
const LONGEST_WAIT = 300_000;

/** For tests: Chromium with WebGPU on the software adapter, and a page that ran a script. Nothing is fetched from a network. */
export type GpuPage = { readonly page: Page; close(): Promise<void> };

/** @param entry the script; it sets `globalThis.bench`, which is waited for. The runtime's files are at `/runtime/`. */
export const openGpuPage = async (entry: string): Promise<GpuPage> => {
	const built = await build({
		configFile: false,
		logLevel: "error",
		plugins: [leaveRuntimeFiles],
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
			if (pathname.startsWith("/runtime/")) {
				const body = await readFile(join(RUNTIME, basename(pathname)));
				return route.fulfill({ contentType: "application/wasm", body });
			}
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
