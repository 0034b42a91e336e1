import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import type { EdgeDouble } from "./edge-double.ts";
import { serveBench } from "./serve-bench.ts";

/** For tests only: Chromium with a page that has the SDK's sources, bundled once. */
export type BrowserBench = {
	readonly page: Page;
	/** Ends with a slash. */
	readonly origin: string;
	/** Answers under the page's own origin. */
	readonly edge: EdgeDouble;
	/** What was asked for and acknowledged, see `StaticServer`. */
	readonly order: string[];
	/** Loads the page again: whatever it did dies, only its storage stays. */
	readonly reload: () => Promise<void>;
	/** Another tab with the same page. @param path of another one that `serveBench` has */
	readonly another: (path?: string) => Promise<Page>;
	/** Resident bytes now: of the page's process, its workers included, and of all of the browser's processes. */
	readonly memory: () => Promise<{ readonly page: number; readonly all: number }>;
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

const residentMemory = async (browser: Browser): Promise<{ readonly page: number; readonly all: number }> => {
	const session = await browser.newBrowserCDPSession();
	try {
		const { processInfo } = await session.send("SystemInfo.getProcessInfo");
		const bytes = (ids: readonly number[]) =>
			execFileSync("ps", ["-o", "rss=", "-p", ids.join(",")], { encoding: "utf8" })
				.trim()
				.split("\n")
				.map((line) => Number(line) * 1024);
		const renderers = processInfo.filter(({ type }) => type === "renderer");
		return {
			// The largest renderer is the one with the page: Chromium keeps a spare one.
			page: Math.max(...bytes(renderers.map(({ id }) => id))),
			all: bytes(processInfo.map(({ id }) => id)).reduce((sum, one) => sum + one, 0),
		};
	} finally {
		await session.detach();
	}
};

/**
 * Bundles the SDK's sources, serves them and opens an empty page.
 * @param files folder that the page finds under `/fixtures/`.
 */
export const openBrowser = async (files: string, flags: readonly string[] = []): Promise<BrowserBench> => {
	const server = await serveBench(files);
	const { edge, origin } = server;
	let browser: Browser | undefined;
	try {
		browser = await chromium.launch({ executablePath: findChromium(), args: [...FLAGS, ...flags] });
		const context = await browser.newContext();
		const page = await context.newPage();
		const load = async (tab = page, path = "blank") => {
			tab.setDefaultTimeout(180_000);
			await tab.goto(`${origin}${path}`);
			await tab.waitForFunction(() => "bench" in globalThis, undefined, { polling: 100 });
		};
		await load();
		const opened = browser;
		return {
			page,
			origin,
			edge,
			order: server.order,
			reload: () => load(),
			another: async (path) => {
				const tab = await context.newPage();
				await load(tab, path);
				return tab;
			},
			memory: () => residentMemory(opened),
			close: async () => {
				await opened.close();
				await server.close();
			},
		};
	} catch (error) {
		await browser?.close();
		await server.close();
		throw error;
	}
};
