import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BAR_COLOURS, BARS, barsPicture } from "./testing/bars.ts";
import { testPictures } from "../codec/picture/test-pictures.ts";
import type { Sample } from "../codec/sample.ts";
import type { ColourSpace } from "../codec/track.ts";
import { launchBrowser } from "../test/e2e/browser.ts";
import type { CrescendoVideoElement } from "./element/crescendo-video.ts";
import { buildPlayer } from "./testing/build-player.ts";
import { type FixtureServer, startFixtureServer } from "./testing/fixture-server.ts";
import { type FixtureStream, makeFixtureStream, MODEL_FOLDER, replaceSegment } from "./testing/fixture-stream.ts";

/**
 * The player in Chromium, on WASM: the stream is made by the codec itself, served by a small static server, and decoded in
 * the page. Pictures are tiny, because every one of them is really decoded; nothing is asked of time but that it passes.
 */
const WIDTH = 92;
const HEIGHT = 60;
const FRAME_RATE = 25;
const SEGMENT_FRAMES = 10;
const FRAMES = 40;
const ID = "e36";
const RUNTIME_FOLDER = join(import.meta.dirname, "../node_modules/onnxruntime-web/dist");
const WAIT = 180_000;

const COLOURS: Readonly<Record<string, ColourSpace>> = {
	bt709: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
	"bt601-full": { primaries: 6, transfer: 6, matrix: 6, fullRange: true },
	unspecified: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
};

type EnhancementEvent = { readonly type: string; readonly detail: Record<string, unknown> };
declare global {
	interface Window {
		events: EnhancementEvent[];
	}
}

const html = (body: string, script = "/player.js") =>
	new TextEncoder().encode(`<!doctype html><meta charset="utf-8"><title>Player</title>
<style>body { margin: 0; background: #123456 } crescendo-video { width: 384px; height: 256px }</style>
<script>
	window.events = [];
	for (const type of ["enhancementchange", "enhancementerror"]) addEventListener(type, ({ detail }) => window.events.push({ type, detail }));
</script>
${body}
<script type="module" src="${script}"></script>`);

const video = (attributes: string, origin = "") =>
	`<crescendo-video id="v" src="${origin}/stream/master.m3u8" muted backend="wasm" ${attributes}></crescendo-video>`;

// Every picture is really encoded and decoded, on whatever machine this is: the limits only catch what hangs.
describe("the player in Chromium", { timeout: 400_000 }, () => {
	let folder: string;
	let stream: FixtureStream;
	let files: Map<string, Uint8Array>;
	let server: FixtureServer;
	let other: FixtureServer;
	let browser: Browser;
	let page: Page;
	const pages = new Map<string, Uint8Array>();
	const bars = new Map<string, Uint8Array>();

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "crescendo-player-"));
		await buildPlayer(folder, true);
		stream = await makeFixtureStream({
			pictures: testPictures(WIDTH, HEIGHT, FRAMES),
			frameRate: FRAME_RATE,
			segmentFrames: SEGMENT_FRAMES,
			qualities: [36],
		});
		files = new Map(stream.files);
		for (const [name, colour] of Object.entries(COLOURS)) {
			const pictures = Array.from({ length: 4 }, (_, i) =>
				barsPicture(WIDTH + 4, HEIGHT + 4, colour, i * 40_000),
			);
			const made = await makeFixtureStream({
				pictures,
				frameRate: FRAME_RATE,
				segmentFrames: 4,
				qualities: [50],
				colour,
			});
			for (const [path, bytes] of made.files) bars.set(`${name}/${path}`, bytes);
		}
		server = await startFixtureServer([
			{ prefix: "/stream/", files },
			{ prefix: "/bars/", files: bars },
			{ prefix: "/pages/", files: pages },
			{ prefix: "/runtime/", folder: RUNTIME_FOLDER },
			{ prefix: "/models/crescendo-1/", folder: MODEL_FOLDER },
			{ prefix: "/", folder },
		]);
		other = await startFixtureServer([{ prefix: "/pages/", files: pages }]);
		browser = await launchBrowser();
	}, 600_000);

	afterAll(async () => {
		await browser?.close();
		await server?.close();
		await other?.close();
		await rm(folder, { recursive: true, force: true });
	});

	afterEach(async () => {
		await page?.close();
		for (const [path, bytes] of stream.files) files.set(path, bytes);
		server.intercept = undefined;
		server.requests.length = 0;
	});

	const open = async (body: string, origin = server.origin, script?: string) => {
		pages.set("page.html", html(body, script));
		page = await browser.newPage({ viewport: { width: 400, height: 260 } });
		await page.goto(`${origin}/pages/page.html`);
		await page.waitForFunction(() => customElements.get("crescendo-video") !== undefined);
	};
	const element = <Result>(
		act: (v: CrescendoVideoElement, argument: number) => Result | Promise<Result>,
		argument = 0,
	) => page.$eval("#v", act as unknown as (node: Element, argument: number) => Result | Promise<Result>, argument);
	/** Begins to play, then stands on a frame. */
	const standOn = async (frame: number) => {
		await element(async (v) => {
			await v.play();
			v.pause();
		});
		await seek(frame);
	};
	const seek = (frame: number) =>
		element(
			async (v, time) => {
				v.pause();
				const seeked = new Promise((resolve) => v.addEventListener("seeked", resolve, { once: true }));
				v.currentTime = time;
				await seeked;
			},
			(frame + 0.5) / FRAME_RATE,
		);
	const waitForState = (state: string) =>
		page.waitForFunction(
			(wanted) => document.querySelector<CrescendoVideoElement>("#v")?.enhancementState === wanted,
			state,
			{
				timeout: WAIT,
			},
		);
	const waitForOther = (state: string) =>
		page.waitForFunction(
			(unwanted) => document.querySelector<CrescendoVideoElement>("#v")?.enhancementState !== unwanted,
			state,
		);
	const captured = () =>
		element(async (v) => {
			const capture = await v.captureEnhanced();
			return capture && { hash: capture.hash, timestamp: capture.timestamp, pixels: [...capture.pixels.data] };
		});
	/** Two pixels of the screen in the middle of each bar, one high, one low. */
	const readScreen = async () => {
		const screenshot = await page.screenshot({ clip: { x: 0, y: 0, width: 384, height: 256 } });
		return page.evaluate(
			async ({ png, count }) => {
				const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
				const canvas = new OffscreenCanvas(384, 256);
				const context = canvas.getContext("2d");
				context?.drawImage(bitmap, 0, 0);
				return Array.from({ length: 2 * count }, (_, i) => {
					const x = Math.round((384 * ((i >> 1) + 0.5)) / count);
					return [...(context?.getImageData(x, i % 2 === 0 ? 118 : 138, 1, 1).data ?? [])].slice(0, 3);
				});
			},
			{ png: screenshot.toString("base64"), count: BARS.length },
		);
	};
	const isCanvasShown = () =>
		element((v) => v.shadowRoot?.querySelector("canvas")?.checkVisibility({ visibilityProperty: true }));
	const faults = () =>
		page.evaluate(() =>
			window.events.filter(({ type }) => type === "enhancementerror").map(({ detail }) => detail),
		);

	/** What the browser makes of the encoder's own picture, drawn from its planes. */
	const pixelsOf = (frame: number) => {
		const picture = stream.reconstructions.get(ID)?.[frame];
		if (!picture) throw new TypeError(`There is no frame ${frame}.`);
		const data = [...picture.y, ...picture.u, ...picture.v];
		return page.evaluate(
			({ data, width, height }) => {
				const colorSpace = {
					primaries: "bt709",
					transfer: "bt709",
					matrix: "bt709",
					fullRange: false,
				} as const;
				const image = new VideoFrame(Uint8Array.from(data), {
					format: "I420",
					codedWidth: width,
					codedHeight: height,
					timestamp: 0,
					colorSpace,
				});
				const canvas = document.createElement("canvas");
				canvas.width = width;
				canvas.height = height;
				const context = canvas.getContext("2d", { alpha: false });
				context?.drawImage(image, 0, 0);
				image.close();
				return [...(context?.getImageData(0, 0, width, height).data ?? [])];
			},
			{ data, width: WIDTH, height: HEIGHT },
		);
	};

	it("keeps to its budget: the element without hls.js under 25 KB compressed", async () => {
		const scripts = new Map<string, string>();
		const add = async (path: string): Promise<void> => {
			if (scripts.has(path)) return;
			const code = await readFile(join(folder, path), "utf8");
			scripts.set(path, code);
			// Static imports only: what a dynamic import asks for comes later, or never.
			for (const [, from] of code.matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+)"/g)) {
				await add(join(dirname(path), from as string));
			}
		};
		await add("element.js");
		const bytes = [...scripts.values()].reduce((sum, code) => sum + gzipSync(code).length, 0);
		expect(bytes).toBeLessThan(25_000);
		expect([...scripts.values()].some((code) => code.includes("InferenceSession"))).toBe(false);
	});

	it("plays the base first, and fetches nothing of the enhancement's decoder before", async () => {
		await open(video('enhancement="force"'));
		await page.waitForFunction(() => (document.querySelector<CrescendoVideoElement>("#v")?.readyState ?? 0) >= 2);
		expect(await element((v) => [v.videoWidth, v.videoHeight, v.enhancementState, v.enhancementReason])).toEqual([
			24,
			16,
			"base",
			"playback-not-begun",
		]);
		expect(server.requests.filter((path) => /runtime|models|worker|enhancer|e36/.test(path))).toEqual([]);
	});

	it("draws the enhanced picture of exactly the frame that stands, equal to the encoder's, and follows a seek", async () => {
		await open(video('enhancement="force"'));
		await standOn(13);
		expect(await isCanvasShown()).toBe(false);
		await waitForState("active");
		expect(await isCanvasShown()).toBe(true);
		const expectFrame = async (frame: number) => {
			const capture = await captured();
			expect(capture?.timestamp).toBe((frame * 1e6) / FRAME_RATE);
			expect(capture?.hash).toBe(stream.hashes.get(ID)?.[frame]);
			expect(capture?.pixels).toEqual(await pixelsOf(frame));
		};
		await expectFrame(13);
		await seek(27);
		await waitForOther("active");
		expect(await isCanvasShown()).toBe(false);
		await waitForState("active");
		await expectFrame(27);
		expect(await element((v) => [v.videoWidth, v.videoHeight, v.error])).toEqual([WIDTH, HEIGHT, null]);
		expect(await faults()).toEqual([]);
	});

	it.each(Object.keys(COLOURS))(
		"shows base and enhancement in the same colours, in the same place: %s",
		async (name) => {
			await open(video('enhancement="force"').replace("/stream/", `/bars/${name}/`));
			await standOn(1);
			const base = await readScreen();
			await waitForState("active");
			const enhanced = await readScreen();
			expect(enhanced).toHaveLength(BARS.length * 2);
			const differences = enhanced.map((colour, i) =>
				colour.map((value, j) => Math.abs(value - (base[i]?.[j] ?? 0))),
			);
			// Flat bars survive the base's quarter size: what differs is the quantiser's doing. A wrong matrix or range is far off.
			expect(Math.max(...differences.flat())).toBeLessThanOrEqual(8);
			// And they are the colours that the bars were made of. A step of U moves blue by two, and both layers round it alike:
			// blue may be further off; a wrong matrix is 33 off in green, a wrong range 11 in yellow.
			BARS.forEach((bar, i) => {
				const wanted = BAR_COLOURS[bar].map((value) => Math.round(255 * value));
				const errors = enhanced[2 * i]?.map((value, j) => Math.abs(value - (wanted[j] ?? 0))) ?? [255];
				expect(Math.max(...errors)).toBeLessThanOrEqual(bar === "blue" ? 16 : 8);
			});
		},
	);

	it("plays on with the base and says why when the enhancement is damaged in any way", async () => {
		const samples = stream.enhancementSamples.get(ID) ?? [];
		const [intra, ...inter] = samples.slice(SEGMENT_FRAMES, 2 * SEGMENT_FRAMES) as [Sample, ...Sample[]];
		const truncated = { ...intra, data: intra.data.subarray(0, intra.data.length >> 1) };
		const flipped = { ...intra, data: intra.data.map((byte, i) => (i === 40 ? byte ^ 4 : byte)) };
		const init = stream.files.get(`tracks/${ID}/init.mp4`) as Uint8Array;
		const at = Buffer.from(init).indexOf("sveC") + 5;
		const otherModel = init.map((byte, i) => (i === at ? byte ^ 1 : byte));
		const elsewhere = samples
			.slice(0, SEGMENT_FRAMES)
			.map((sample, i) => ({ ...sample, timestamp: (samples[i + SEGMENT_FRAMES] as Sample).timestamp }));
		const kinds: readonly [string, readonly string[], () => void][] = [
			["truncated", ["damaged-sample"], () => replaceSegment({ ...stream, files }, ID, 1, [truncated, ...inter])],
			["flipped bit", ["damaged-sample"], () => replaceSegment({ ...stream, files }, ID, 1, [flipped, ...inter])],
			[
				"missing frame",
				["missing-reference", "damaged-sample"],
				() => replaceSegment({ ...stream, files }, ID, 1, inter),
			],
			["wrong model", ["model-mismatch"], () => files.set(`tracks/${ID}/init.mp4`, otherModel)],
			["wrong base", ["base-mismatch"], () => replaceSegment({ ...stream, files }, ID, 1, elsewhere)],
			["no MP4", ["invalid-file"], () => files.set(`tracks/${ID}/segments/1.m4s`, new Uint8Array(500))],
			[
				"cut segment",
				["invalid-file", "damaged-sample"],
				() =>
					files.set(
						`tracks/${ID}/segments/1.m4s`,
						(stream.files.get(`tracks/${ID}/segments/1.m4s`) as Uint8Array).slice(0, 700),
					),
			],
			["not found", ["network"], () => files.delete(`tracks/${ID}/segments/1.m4s`)],
		];
		for (const [kind, codes, damage] of kinds) {
			for (const [path, bytes] of stream.files) files.set(path, bytes);
			damage();
			await page?.close();
			await open(video('enhancement="force"'));
			await standOn(14);
			await page.waitForFunction(() => window.events.some(({ type }) => type === "enhancementerror"), undefined, {
				timeout: WAIT,
			});
			const [fault] = await faults();
			expect([kind, codes.includes(String(fault?.["code"]))]).toEqual([kind, true]);
			expect(String(fault?.["message"])).toMatch(/\.$/);
			expect(await isCanvasShown()).toBe(false);
			// The base goes on as if nothing had happened, to its end.
			const ended = await element(async (v) => {
				v.currentTime = 1.3;
				await v.play();
				await new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
				return [v.ended, v.error, v.statistics.error !== undefined];
			});
			expect([kind, ended]).toEqual([kind, [true, null, true]]);
		}
	});

	it("works in a page of another origin, by one script tag", async () => {
		await open(video('enhancement="force"', server.origin), other.origin, `${server.origin}/player.js`);
		await standOn(3);
		await waitForState("active");
		expect((await captured())?.hash).toBe(stream.hashes.get(ID)?.[3]);
	});

	it("frees everything when it leaves the document, keeps playing when it is moved, and goes on when it comes back", async () => {
		await open(`<div id="a">${video('enhancement="force"')}</div><div id="b"></div>`);
		await standOn(3);
		await waitForState("active");
		expect(page.workers()).toHaveLength(1);
		const moved = await element(async (v) => {
			document.querySelector("#b")?.append(v);
			await new Promise((resolve) => setTimeout(resolve, 50));
			return [v.readyState >= 2, v.enhancementState];
		});
		expect(moved).toEqual([true, "active"]);
		await page.evaluate(() => {
			const v = document.querySelector<CrescendoVideoElement>("#v") as CrescendoVideoElement;
			Object.assign(window, { kept: v });
			v.remove();
		});
		await expect.poll(() => page.workers().length).toBe(0);
		const left = await page.evaluate(() => {
			const v = (window as unknown as { kept: CrescendoVideoElement }).kept;
			const canvas = v.shadowRoot?.querySelector("canvas");
			return [canvas?.width, v.nativeEl.getAttribute("src"), v.videoRenditions.length];
		});
		expect(left).toEqual([0, null, 0]);
		await page.evaluate(() => document.body.append((window as unknown as { kept: CrescendoVideoElement }).kept));
		await page.waitForFunction(() => (document.querySelector<CrescendoVideoElement>("#v")?.readyState ?? 0) >= 2);
		expect(await element((v) => Math.abs(v.currentTime - 0.14) < 0.02)).toBe(true);
	});

	it("behaves as a media element does", async () => {
		await open('<crescendo-video id="v" muted></crescendo-video>');
		const early = await element((v) => {
			let refused = "";
			try {
				v.srcObject = new MediaStream();
			} catch (error) {
				refused = (error as DOMException).name;
			}
			return [v.paused, v.currentSrc, v.duration, v.readyState, v.error, v.srcObject, refused];
		});
		expect(early).toEqual([true, "", Number.NaN, 0, null, null, "NotSupportedError"]);
		const order = await element(async (v) => {
			const seen: string[] = [];
			for (const type of [
				"emptied",
				"loadstart",
				"durationchange",
				"loadedmetadata",
				"loadeddata",
				"canplay",
				"play",
				"playing",
				"ended",
			]) {
				v.addEventListener(type, () => seen.push(type), { once: true });
			}
			v.src = "/stream/master.m3u8";
			v.enhancement = "off";
			await new Promise((resolve) => v.addEventListener("canplay", resolve, { once: true }));
			v.playbackRate = 4;
			await v.play();
			await new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
			return seen.filter((type) => type !== "emptied" && type !== "loadstart");
		});
		expect(order).toEqual([
			"durationchange",
			"loadedmetadata",
			"loadeddata",
			"canplay",
			"play",
			"playing",
			"ended",
		]);
		expect(
			await element((v) => [v.currentSrc.endsWith("/stream/master.m3u8"), Math.round(v.duration * 10)]),
		).toEqual([true, 16]);
		expect(await element((v) => [...v.videoRenditions].map(({ id, height }) => [id, height]))).toEqual([
			["low", 16],
			[ID, HEIGHT],
		]);
		expect(server.requests.some((path) => path.includes("worker"))).toBe(false);
	});

	it("takes properties that were set before it was defined, and says when a source cannot be played", async () => {
		pages.set(
			"page.html",
			html(`<script>
				const v = document.createElement("crescendo-video");
				v.id = "v"; v.muted = true; v.src = "/stream/none.m3u8";
				v.addEventListener("error", () => (window.failed = v.error.code));
				document.currentScript.before(v);
			</script>`),
		);
		page = await browser.newPage();
		await page.goto(`${server.origin}/pages/page.html`);
		await page.waitForFunction(() => "failed" in window);
		expect(await element((v) => [v.getAttribute("src"), v.muted, v.error?.code])).toEqual([
			"/stream/none.m3u8",
			true,
			4,
		]);
	});

	it("loads nothing with preload none until it is played", async () => {
		await open(video('preload="none" enhancement="off"'));
		await page.waitForTimeout(200);
		expect(server.requests.filter((path) => path.startsWith("/stream/"))).toEqual([]);
		await element((v) => v.play());
		expect(await element((v) => [v.paused, v.readyState > 0])).toEqual([false, true]);
	});

	it("shows low when low is chosen, and the enhancement again when that is", async () => {
		await open(video('enhancement="force"'));
		await standOn(3);
		await waitForState("active");
		await element((v) => (v.videoRenditions.selectedIndex = 0));
		await page.waitForFunction(
			() => document.querySelector<CrescendoVideoElement>("#v")?.enhancementReason === "off-by-choice",
		);
		expect(await isCanvasShown()).toBe(false);
		await element((v) => (v.videoRenditions.selectedIndex = 1));
		await waitForState("active");
		expect(await isCanvasShown()).toBe(true);
	});

	it("has controls, a quality menu and statistics", async () => {
		await open(
			`<crescendo-player id="p" style="width: 390px" src="/stream/master.m3u8" muted video-title="A title" enhancement="off" statistics></crescendo-player>`,
		);
		await page.waitForFunction(() => (document.querySelector("crescendo-player")?.media.readyState ?? 0) >= 2);
		await page.waitForFunction(
			() => document.querySelector("crescendo-player")?.media.videoRenditions.length === 2,
		);
		await page.waitForFunction(
			() =>
				(document
					.querySelector("crescendo-player")
					?.shadowRoot?.querySelector("crescendo-statistics")
					?.shadowRoot?.querySelectorAll("dt").length ?? 0) > 3,
		);
		const seen = await page.$eval("#p", (p) => {
			const root = p.shadowRoot;
			return {
				title: root?.querySelector("[part=title]")?.textContent,
				badge: root?.querySelector("[part=badge]")?.textContent,
			};
		});
		expect(seen).toEqual({ title: "A title", badge: "Low 16p" });
		await page.click("media-rendition-menu-button");
		const rows = await page.locator("crescendo-quality-menu media-chrome-menu-item").allTextContents();
		expect(rows.map((row) => row.trim().split(" · ")[0])).toEqual([
			`Enhanced ${HEIGHT}p`,
			"Low 16p",
			expect.stringContaining("Auto"),
		]);
		await page.keyboard.press("Escape");
		await page.focus("#p");
		await page.$eval("#p", (p) => p.dispatchEvent(new KeyboardEvent("keydown", { key: "i", bubbles: true })));
		expect(await page.$eval("#p", (p) => p.hasAttribute("statistics"))).toBe(false);
	});
});
