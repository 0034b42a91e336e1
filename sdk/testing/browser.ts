import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { createServer } from "vite";
import type { ViteDevServer } from "vite";
import { EdgeDouble } from "./edge-double.ts";

/** For tests only: Chromium with a page that imports the SDK's sources, bundled on the fly. */
export type BrowserBench = {
	readonly page: Page;
	/** Ends with a slash. */
	readonly origin: string;
	/** Answers under the page's own origin. */
	readonly edge: EdgeDouble;
	/** Loads the page again: whatever it did dies, only its storage stays. */
	readonly reload: () => Promise<void>;
	/** Another tab with the same page. */
	readonly another: () => Promise<Page>;
	/** Bytes of memory that the page's process takes, its workers included. */
	readonly memory: () => Promise<number>;
	readonly close: () => Promise<void>;
};

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const FLAGS = [
	"--headless=new",
	"--no-sandbox",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** Flags for WebGPU without a GPU: exact, and very slow. */
export const SOFTWARE_WEBGPU: readonly string[] = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Flags for a camera, a microphone and a screen that need nobody's consent. */
export const FAKE_DEVICES: readonly string[] = [
	"--use-fake-device-for-media-stream",
	"--use-fake-ui-for-media-stream",
	"--auto-select-desktop-capture-source=Entire screen",
];

export const findChromium = (): string => {
	const found = [process.env["CRESCENDO_CHROMIUM"], ...CHROMIUM].find(
		(path) => path !== undefined && existsSync(path),
	);
	if (found === undefined) {
		throw new Error("No Chromium found; set CRESCENDO_CHROMIUM to its path.");
	}
	return found;
};

/** Resident bytes of the largest renderer: the one with the page. */
const rendererMemory = async (browser: Browser): Promise<number> => {
	const session = await browser.newBrowserCDPSession();
	try {
		const { processInfo } = await session.send("SystemInfo.getProcessInfo");
		const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => String(id));
		const lines = execFileSync("ps", ["-o", "rss=", "-p", renderers.join(",")], { encoding: "utf8" });
		return Math.max(...lines.trim().split("\n").map(Number)) * 1024;
	} finally {
		await session.detach();
	}
};

/**
 * Starts a server for the repository's sources and opens an empty page of it.
 * @param files folder that the page finds under `/fixtures/`.
 */
export const openBrowser = async (files: string, flags: readonly string[] = []): Promise<BrowserBench> => {
	const edge = new EdgeDouble();
	const cache = mkdtempSync(join(tmpdir(), "crescendo-vite-"));
	const server: ViteDevServer = await createServer({
		configFile: false,
		root: resolve(import.meta.dirname, "../.."),
		cacheDir: cache,
		logLevel: "error",
		appType: "custom",
		server: { host: "127.0.0.1", port: 0, hmr: false, watch: null },
		optimizeDeps: { include: ["mediabunny", "valibot", "idb"], exclude: ["onnxruntime-web"] },
		plugins: [
			{
				name: "fixtures",
				configureServer: ({ middlewares }) => {
					middlewares.use("/blank", (_request, response) => {
						response.setHeader("content-type", "text/html");
						response.end(
							'<!doctype html><title>bench</title><script type="module" src="/sdk/testing/page.ts"></script>',
						);
					});
					middlewares.use((request, response, next) => {
						if (request.url?.startsWith("/v1/") !== true) {
							next();
							return;
						}
						edge.handle(request, response, `http://${request.headers.host}/`).catch((error: unknown) => {
							response.statusCode = 500;
							response.end(String(error));
						});
					});
					middlewares.use("/fixtures", (request, response) => {
						const name = (request.url ?? "/").slice(1).split("?")[0] ?? "";
						const path = join(files, name);
						if (!/^[\w.-]+$/.test(name) || !existsSync(path)) {
							response.statusCode = 404;
							response.end();
							return;
						}
						createReadStream(path).pipe(response);
					});
				},
			},
		],
	});
	let browser: Browser | undefined;
	try {
		await server.listen();
		const origin = server.resolvedUrls?.local[0] ?? "";
		browser = await chromium.launch({ executablePath: findChromium(), args: [...FLAGS, ...flags] });
		const page = await browser.newPage();
		const load = async (tab = page) => {
			tab.setDefaultTimeout(180_000);
			await tab.goto(`${origin}blank`);
			await tab.waitForFunction(() => "bench" in globalThis);
		};
		await load();
		const opened = browser;
		return {
			page,
			origin,
			edge,
			reload: () => load(),
			another: async () => {
				const tab = await page.context().newPage();
				await load(tab);
				return tab;
			},
			memory: () => rendererMemory(opened),
			close: async () => {
				await opened.close();
				await server.close();
				rmSync(cache, { recursive: true, force: true });
			},
		};
	} catch (error) {
		await browser?.close();
		await server.close();
		throw error;
	}
};
