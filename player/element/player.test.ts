import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../testing/fixture-stream.ts";
import { PlayerHarness } from "../testing/harness.ts";
import type { CrescendoPlayerElement } from "./crescendo-player.ts";

/** `<crescendo-player>`: controls, menus, keys, preferences, accessibility, in a real browser. */
const FRAME_RATE = 25;
const TITLE = "A title of the stream";

const CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:10.000\n<b>Words</b> above the canvas\n";

const player = (attributes = "") =>
	`<crescendo-player id="p" style="width: 640px" src="/stream/master.m3u8" muted enhancement="off" ${attributes}>
		<track kind="captions" srclang="en" label="English" src="/stream/en.vtt">
	</crescendo-player>`;

describe("the player with controls", () => {
	let harness: PlayerHarness;

	beforeAll(async () => {
		const { files } = await makeFixtureStream({
			...{ pictures: testPictures(48, 32, 100), frameRate: FRAME_RATE, segmentFrames: 25, qualities: [36] },
		});
		const master = new TextDecoder().decode(files.get("master.m3u8"));
		const titled = master.replace(
			"#EXT-X-SESSION-DATA",
			`#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="${TITLE}"\n#EXT-X-SESSION-DATA`,
		);
		files.set("master.m3u8", new TextEncoder().encode(titled));
		files.set("en.vtt", new TextEncoder().encode(CAPTIONS));
		harness = await PlayerHarness.start({ mounts: { "/stream/": files }, frameRate: FRAME_RATE });
	});

	afterAll(() => harness?.close());

	const context = { viewport: { width: 700, height: 460 } };
	const open = async (attributes = "", body = player(attributes)) => {
		await harness.open(body, { context });
		await harness.page.waitForFunction(() => {
			const media = document.querySelector("crescendo-player")?.media;
			return (media?.readyState ?? 0) >= 2 && media?.videoRenditions.length === 2;
		});
	};
	const element = <Result>(act: (p: CrescendoPlayerElement) => Result | Promise<Result>): Promise<Result> =>
		harness.page.$eval("#p", act as unknown as (node: Element) => Result | Promise<Result>) as Promise<Result>;
	/** Text of the parts and the rows of a menu. */
	const text = (selector: string) =>
		element((p) => p.shadowRoot?.querySelector("[part=title]")?.textContent ?? "").then(async (title) =>
			selector === "title"
				? title
				: (await harness.page.locator(`#p ${selector}`).allTextContents()).map((row) => row.trim()).join("|"),
		);

	it("shows the stream's title unless the page gives another, and what is shown", async () => {
		await open();
		expect(await text("title")).toBe(TITLE);
		expect(await text("[part=badge]")).toBe("Low 8p");
		await element((p) => p.setAttribute("video-title", "The page's own"));
		expect(await text("title")).toBe("The page's own");
	});

	it("has no fault that axe finds: at rest, with a menu and with the statistics open, narrow and in other languages", async () => {
		await open("statistics");
		const { page } = harness;
		const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
		await page.evaluate(source);
		const violations = () =>
			page.evaluate(async () => {
				const { axe } = window as unknown as {
					axe: { run(context: string, options: RunOptions): Promise<AxeResults> };
				};
				const { violations: found } = await axe.run("#p", { resultTypes: ["violations"] });
				return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
			});
		expect(await violations()).toEqual([]);
		await page.click("media-rendition-menu-button");
		expect(await violations()).toEqual([]);
		await page.keyboard.press("Escape");
		await page.click("media-captions-menu-button");
		expect(await violations()).toEqual([]);
		await page.keyboard.press("Escape");
		await element((p) => {
			p.style.width = "320px";
			p.lang = "de";
		});
		expect(await violations()).toEqual([]);
	});

	it("offers every quality with its bitrate, and remembers that low was chosen", async () => {
		await open();
		const { page } = harness;
		await page.click("media-rendition-menu-button");
		const rows = (await text("crescendo-quality-menu media-chrome-menu-item")).split("|");
		expect(rows.map((row) => row.split(" · ")[0])).toEqual([
			"Enhanced 32p",
			"Low 8p",
			expect.stringContaining("Auto"),
		]);
		expect(rows[0]).toMatch(/bit\/s/);
		await page.locator("crescendo-quality-menu media-chrome-menu-item").nth(1).click();
		await page.waitForFunction(
			() => document.querySelector("crescendo-player")?.media.videoRenditions.selectedIndex === 0,
		);
		await page.reload();
		await page.waitForFunction(
			() => document.querySelector("crescendo-player")?.media.videoRenditions.selectedIndex === 0,
		);
		await page.evaluate(() => localStorage.clear());
	});

	it("draws captions above the canvas when they are chosen", async () => {
		await open();
		const { page } = harness;
		await page.click("media-captions-menu-button");
		await page.locator("media-captions-menu media-chrome-menu-item", { hasText: "English" }).click();
		await page.waitForFunction(
			() =>
				document.querySelector("crescendo-player")?.media.shadowRoot?.querySelector("[part=captions]")
					?.textContent === "Words above the canvas",
		);
		const layers = await element((p) => {
			const root = p.media.shadowRoot;
			const captions = root?.querySelector("[part=captions]");
			const canvas = root?.querySelector("canvas");
			return captions && canvas ? canvas.compareDocumentPosition(captions) & Node.DOCUMENT_POSITION_FOLLOWING : 0;
		});
		expect(layers).toBeGreaterThan(0);
	});

	it("obeys the keyboard", async () => {
		await open();
		const { page } = harness;
		await page.focus("#p media-time-range");
		await element((p) => p.shadowRoot?.querySelector<HTMLElement>("media-controller")?.focus());
		const press = async (key: string, done: string) => {
			await page.keyboard.press(key);
			await page.waitForFunction((condition) => {
				const p = document.querySelector("crescendo-player");
				return p !== null && new Function("p", "m", `return ${condition}`)(p, p.media);
			}, done);
		};
		await press("k", "!m.paused");
		await press("k", "m.paused");
		await press("m", "!m.muted");
		await press("m", "m.muted");
		await press("ArrowRight", "m.currentTime > 3");
		await press("ArrowLeft", "m.currentTime < 1");
		await press(">", "m.playbackRate > 1");
		await press("c", "[...m.textTracks].some(({ mode }) => mode === 'showing')");
		await press("i", "p.hasAttribute('statistics')");
		await press("i", "!p.hasAttribute('statistics')");
		expect(await element((p) => [p.media.paused, p.media.error])).toEqual([true, null]);
	});

	it("works inside other controls of media-chrome, and in an iframe", async () => {
		await harness.open(
			`<media-controller style="width: 640px"><crescendo-video id="v" slot="media" src="/stream/master.m3u8" muted enhancement="off"></crescendo-video>
			<media-play-button id="play"></media-play-button><media-time-display showduration id="time"></media-time-display>
			<media-rendition-menu-button id="quality"></media-rendition-menu-button></media-controller>`,
			{ context },
		);
		const { page } = harness;
		await page.waitForFunction(() =>
			(document.querySelector("#time")?.shadowRoot?.textContent ?? "").includes("0:04"),
		);
		await page.click("#play");
		await page.waitForFunction(() => document.querySelector("crescendo-video")?.paused === false);
		expect(await page.$eval("#play", (button) => button.hasAttribute("mediapaused"))).toBe(false);
		await page.waitForFunction(
			() => !document.querySelector("#quality")?.hasAttribute("mediarenditionunavailable"),
		);

		harness.pages.set(
			"inner.html",
			new TextEncoder().encode(
				`<!doctype html><title>In</title><script type="module" src="/player.js"></script>${player()}`,
			),
		);
		await harness.open(
			`<iframe src="/pages/inner.html" width="660" height="400" allow="autoplay; fullscreen"></iframe>`,
			{ context },
		);
		const frame = harness.page.frameLocator("iframe");
		await frame.locator("media-play-button").click();
		await expect
			.poll(
				() => frame.locator("crescendo-player").evaluate((p: CrescendoPlayerElement) => p.media.currentTime),
				{
					timeout: 60_000,
				},
			)
			.toBeGreaterThan(0.2);
	});
});
