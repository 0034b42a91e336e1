import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type BrowserOptions, launchBrowser } from "../../test/e2e/browser.ts";
import type { CrescendoVideoElement } from "../element/crescendo-video.ts";
import { builtPlayer } from "./build-player.ts";
import { type FixtureServer, type Mount, startFixtureServer } from "./fixture-server.ts";
import { MODEL_FOLDER } from "./fixture-stream.ts";
import { type Pixels, readPng } from "./png.ts";

/** Longest wait for a state: pictures are really decoded, on whatever machine this is. Milliseconds. */
const WAIT = 180_000;

/** Records every event of the enhancement, before the player is there. */
const RECORDER = `
	window.events = [];
	for (const type of ["enhancementchange", "enhancementerror"]) addEventListener(type, ({ detail }) => window.events.push({ type, detail }));
`;

export type EnhancementEvent = { readonly type: string; readonly detail: Record<string, unknown> };
declare global {
	interface Window {
		events: EnhancementEvent[];
	}
}

export type HarnessOptions = {
	/** Prefix to files: streams above all. */
	readonly mounts: Readonly<Record<string, ReadonlyMap<string, Uint8Array>>>;
	/** Prefix to folder of an installed package. */
	readonly folders?: Readonly<Record<string, string>>;
	/** Frames a second of the streams. */
	readonly frameRate: number;
	readonly browser?: BrowserOptions;
	/** Folder of a built player; default: the sources as they are. */
	readonly player?: string;
};

/** A page's body, or more of it. */
export type PageOptions = {
	readonly origin?: string;
	/** Address of the player's script. */
	readonly script?: string;
	readonly style?: string;
	readonly context?: BrowserContextOptions;
	/** Runs before anything else in the page. */
	readonly init?: string;
};

/** `<crescendo-video id="v">` on WASM. */
export const video = (attributes: string, src = "/stream/master.m3u8"): string =>
	`<crescendo-video id="v" src="${src}" muted backend="wasm" ${attributes}></crescendo-video>`;

/** The built player in a real browser: streams and pages come from a small server of this machine. */
export class PlayerHarness {
	readonly server: FixtureServer;
	readonly browser: Browser;
	/** Of the built player: not to be written to. */
	readonly folder: string;
	readonly #pages: Map<string, Uint8Array>;
	readonly #frameRate: number;
	#page: Page | undefined;

	private constructor(
		server: FixtureServer,
		browser: Browser,
		folder: string,
		pages: Map<string, Uint8Array>,
		frameRate: number,
	) {
		this.server = server;
		this.browser = browser;
		this.folder = folder;
		this.#pages = pages;
		this.#frameRate = frameRate;
	}

	/** Builds the player where it has changed, starts server and browser. */
	static async start(options: HarnessOptions): Promise<PlayerHarness> {
		const folder = options.player ?? (await builtPlayer());
		const pages = new Map<string, Uint8Array>();
		const streams = Object.entries(options.mounts).map(([prefix, files]): Mount => ({ prefix, files }));
		const folders = Object.entries(options.folders ?? {}).map(([prefix, path]): Mount => ({
			prefix,
			folder: join(import.meta.dirname, "../../node_modules", path),
		}));
		const server = await startFixtureServer([
			...streams,
			...folders,
			{ prefix: "/pages/", files: pages },
			{ prefix: "/models/crescendo-1/", folder: MODEL_FOLDER },
			{ prefix: "/", folder },
		]);
		const browser = await launchBrowser(options.browser);
		return new PlayerHarness(server, browser, folder, pages, options.frameRate);
	}

	/** The page that was opened last. */
	get page(): Page {
		if (!this.#page) throw new TypeError("No page is open.");
		return this.#page;
	}

	/** Pages that the server serves under `/pages/`. */
	get pages(): Map<string, Uint8Array> {
		return this.#pages;
	}

	/** Opens a page with this body and waits until the player is defined. */
	async open(body: string, options: PageOptions = {}): Promise<void> {
		const { origin = this.server.origin, script = "/player.js", style = "" } = options;
		this.#pages.set("page.html", new TextEncoder().encode(pageOf(body, script, style)));
		await this.closePage();
		this.#page = await this.browser.newPage({ viewport: { width: 400, height: 260 }, ...options.context });
		// A machine that is busy with much else is slow, not wrong.
		this.#page.setDefaultTimeout(WAIT);
		if (options.init !== undefined) await this.#page.addInitScript(options.init);
		await this.page.goto(`${origin}/pages/page.html`);
		await this.until(() => customElements.get("crescendo-video") !== undefined);
	}

	/**
	 * Waits until something is true in the page. Asked by a timer: a browser without a screen may stop painting, and animation frames,
	 * by which Playwright asks unless told otherwise, stop with it.
	 */
	async until<Argument>(condition: (argument: Argument) => unknown, argument?: Argument): Promise<void> {
		const inPage = condition as (argument: unknown) => unknown;
		await this.page.waitForFunction(inPage, argument, { polling: 100, timeout: WAIT });
	}

	/** Acts on the element `#v` in the page. */
	element<Result>(
		act: (v: CrescendoVideoElement, argument: number) => Result | Promise<Result>,
		argument = 0,
	): Promise<Result> {
		const inPage = act as unknown as (node: Element, argument: number) => Result | Promise<Result>;
		return this.page.$eval("#v", inPage, argument) as Promise<Result>;
	}

	/** Begins to play, then stands on a frame. */
	async standOn(frame: number): Promise<void> {
		await this.element(async (v) => {
			await v.play();
			v.pause();
		});
		await this.seek(frame);
	}

	/** Seeks to the middle of a frame; resolves with `seeked`. */
	seek(frame: number): Promise<void> {
		return this.element(
			async (v, time) => {
				v.pause();
				const seeked = new Promise((resolve) => v.addEventListener("seeked", resolve, { once: true }));
				v.currentTime = time;
				await seeked;
			},
			(frame + 0.5) / this.#frameRate,
		);
	}

	async waitForState(state: string): Promise<void> {
		await this.until(
			(wanted) => document.querySelector<CrescendoVideoElement>("#v")?.enhancementState === wanted,
			state,
		);
	}

	/** Waits until the enhanced picture of the frame at the playhead is shown. */
	async waitForPicture(): Promise<void> {
		const until = performance.now() + WAIT;
		while (!(await this.element(async (v) => (await v.captureEnhanced()) !== undefined))) {
			if (performance.now() > until) {
				const { state, reason, error } = await this.element((v) => v.statistics);
				throw new Error(`No enhanced picture within ${WAIT} ms: ${state}, ${reason}, ${error}.`);
			}
			await this.page.waitForTimeout(100);
		}
	}

	/** Waits until the weights of the element with this id are loaded; says how it stands with it where they do not come. */
	async waitForDecoder(id: string): Promise<void> {
		const statistics = () => this.page.$eval(`#${id}`, (v) => (v as CrescendoVideoElement).statistics);
		const until = performance.now() + WAIT;
		while ((await statistics()).loadMilliseconds === undefined) {
			if (performance.now() > until) {
				const { state, reason, error, baseBuffer } = await statistics();
				throw new Error(
					`No decoder within ${WAIT} ms: ${state}, ${reason}, ${error}; base ahead: ${baseBuffer} s.`,
				);
			}
			await this.page.waitForTimeout(100);
		}
	}

	/** What `captureEnhanced` gives, as far as it travels. */
	captured(): Promise<{ hash: number; timestamp: number; pixels: number[] } | undefined> {
		return this.element(async (v) => {
			const capture = await v.captureEnhanced();
			return capture && { hash: capture.hash, timestamp: capture.timestamp, pixels: [...capture.pixels.data] };
		});
	}

	isCanvasShown(): Promise<boolean | undefined> {
		return this.element((v) =>
			v.shadowRoot?.querySelector("canvas")?.checkVisibility({ visibilityProperty: true }),
		);
	}

	/** Details of every `enhancementerror` so far. */
	faults(): Promise<Record<string, unknown>[]> {
		return this.page.evaluate(() =>
			window.events.filter(({ type }) => type === "enhancementerror").map(({ detail }) => detail),
		);
	}

	/** What the page really shows in a rectangle, in device pixels: taken from the compositor, not from any element. */
	async screen(clip: { x: number; y: number; width: number; height: number }): Promise<Pixels> {
		return readPng(await this.page.screenshot({ clip }));
	}

	async closePage(): Promise<void> {
		await this.#page?.close();
		this.#page = undefined;
	}

	async close(): Promise<void> {
		await this.browser.close();
		await this.server.close();
	}
}

const pageOf = (body: string, script: string, style: string): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Player</title>
<style>body { margin: 0; background: #123456 } crescendo-video { width: 384px; height: 256px } ${style}</style>
<script>${RECORDER}</script>
<body>${body}
<script type="module" src="${script}"></script></body></html>`;
