import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../testing/fixture-stream.ts";
import { PlayerHarness } from "../testing/harness.ts";
import type { CrescendoPlayerElement } from "./crescendo-player.ts";

/** `<crescendo-player>`: title, menu, key, accessibility, other controls, in a real browser. */
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

	it("has no fault that axe finds", async () => {
		await open("statistics");
		const { page } = harness;
		const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
		await page.evaluate(source);
		const violations = await page.evaluate(async () => {
			const { axe } = window as unknown as {
				axe: { run(context: string, options: RunOptions): Promise<AxeResults> };
			};
			// media-chrome names its time display otherwise than what is written on it.
			const rules = { "label-content-name-mismatch": { enabled: false } };
			const { violations: found } = await axe.run("#p", { resultTypes: ["violations"], rules });
			return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
		});
		expect(violations).toEqual([]);
	});

	it("offers every quality, and toggles the statistics by a key", async () => {
		await open("statistics");
		const { page } = harness;
		await page.click("media-rendition-menu-button");
		const rows = await page.locator("crescendo-quality-menu media-chrome-menu-item").allTextContents();
		expect(rows.map((row) => row.trim().split(" · ")[0])).toEqual([
			"Enhanced 32p",
			"Low 8p",
			expect.stringContaining("Auto"),
		]);
		await page.keyboard.press("Escape");
		await element((p) => p.dispatchEvent(new KeyboardEvent("keydown", { key: "i", bubbles: true })));
		expect(await element((p) => p.hasAttribute("statistics"))).toBe(false);
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
