import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../testing/fixture-stream.ts";
import { POSTER_DATA_ID, STORYBOARD_DATA_ID } from "../../protocol/session-data.ts";
import { PlayerHarness } from "../testing/harness.ts";
import type { CrescendoPlayerElement } from "./crescendo-player.ts";

/** `<crescendo-player>`: title, menu, key, accessibility, other controls, in a real browser. */
const FRAME_RATE = 25;
const TITLE = "A title of the stream";

const STORYBOARD = [
	"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nstoryboard/ab/0#xywh=0,0,1,1\n",
	"00:00:01.000 --> 00:00:04.000\nstoryboard/ab/1#xywh=0,0,1,1\n",
].join("\n");

/** A PNG of one pixel. */
const RED_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

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
		const described = [
			`#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="${TITLE}"`,
			`#EXT-X-SESSION-DATA:DATA-ID="${POSTER_DATA_ID}",FORMAT=RAW,URI="around/poster.png"`,
			`#EXT-X-SESSION-DATA:DATA-ID="${STORYBOARD_DATA_ID}",FORMAT=RAW,URI="around/storyboard.vtt"`,
			"#EXT-X-SESSION-DATA",
		].join("\n");
		files.set("master.m3u8", new TextEncoder().encode(master.replace("#EXT-X-SESSION-DATA", described)));
		files.set("around/storyboard.vtt", new TextEncoder().encode(STORYBOARD));
		files.set("around/poster.png", Buffer.from(RED_PIXEL, "base64"));
		files.set("en.vtt", new TextEncoder().encode(CAPTIONS));
		const plain = new Map(files).set("master.m3u8", new TextEncoder().encode(master));
		harness = await PlayerHarness.start({
			mounts: { "/stream/": files, "/plain/": plain },
			frameRate: FRAME_RATE,
		});
	});

	afterAll(() => harness?.close());
	beforeEach(() => {
		harness.server.requests.length = 0;
	});

	const context = { viewport: { width: 700, height: 460 } };
	const open = async (attributes = "", body = player(attributes)) => {
		await harness.open(body, { context });
		await harness.until(() => {
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
		const violations = (only?: string[]) =>
			page.evaluate(async (runOnly) => {
				const { axe } = window as unknown as {
					axe: { run(context: string, options: RunOptions): Promise<AxeResults> };
				};
				// Off unless asked for, as every experimental rule.
				const rules = { "label-content-name-mismatch": { enabled: true } };
				const { violations: found } = await axe.run("#p", {
					resultTypes: ["violations"],
					rules,
					...(runOnly && { runOnly }),
				});
				return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
			}, only);
		expect(await violations()).toEqual([]);
		for (const menu of ["captions", "quality", "rate"]) {
			await page.locator(`#p [invoketarget=${menu}-menu]`).click();
			await page.locator(`#p #${menu}-menu media-chrome-menu-item`).last().waitFor({ state: "visible" });
			expect([menu, await violations()]).toEqual([menu, []]);
		}
		await page.keyboard.press("Escape");
		await page.locator("#p media-controller").press("Shift+?");
		const keys = page.locator("#p media-keyboard-shortcuts-dialog");
		await keys.waitFor({ state: "visible" });
		// What a dialog that is still fading in covers, and in which colours, is not of this moment.
		const dialog = ["aria-dialog-name"];
		expect(["keys", await violations(dialog)]).toEqual(["keys", []]);
		// A menu that takes the focus late takes a key, too.
		const closed = async () => {
			await page.keyboard.press("Escape");
			return !(await keys.isVisible());
		};
		await expect.poll(closed, { timeout: 60_000, interval: 1000 }).toBe(true);
		await element((p) => p.setAttribute("src", "/stream/none.m3u8"));
		await page.locator("#p media-error-dialog").waitFor({ state: "visible" });
		expect(["error", await violations(dialog)]).toEqual(["error", []]);
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

	it("obeys the keys of the table in docs/player.md", async () => {
		// A round that never ends: whatever is asked for below is still there to be asked for.
		await open("loop");
		const { page } = harness;
		const controls = page.locator("#p media-controller");
		// A browser without a screen has no window to put it into.
		await element((p) => {
			p.media.nativeEl.requestPictureInPicture = async () => {
				p.setAttribute("data-asked", "");
				throw new DOMException("There is no window.", "NotSupportedError");
			};
		});
		// Each control says what the player has come to: the next key counts from there.
		const table = [
			["k", "media-play-button", "mediapaused", null],
			["k", "media-play-button", "mediapaused", ""],
			[" ", "media-play-button", "mediapaused", null],
			[" ", "media-play-button", "mediapaused", ""],
			["m", "media-mute-button", "mediavolumelevel", "high"],
			["m", "media-mute-button", "mediavolumelevel", "off"],
			[">", "crescendo-rate-button", "mediaplaybackrate", "1.25"],
			["<", "crescendo-rate-button", "mediaplaybackrate", "1"],
			["ArrowRight", "media-time-range", "mediacurrenttime", "4"],
			["ArrowLeft", "media-time-range", "mediacurrenttime", "0"],
			["c", "media-captions-menu-button", "mediasubtitlesshowing", "cc:en:English"],
			["c", "media-captions-menu-button", "mediasubtitlesshowing", null],
			["ArrowDown", "media-volume-range", "mediavolume", "0.975"],
			["ArrowUp", "media-volume-range", "mediavolume", "1"],
			["f", "media-fullscreen-button", "mediaisfullscreen", ""],
			["f", "media-fullscreen-button", "mediaisfullscreen", null],
			["Shift+?", "media-keyboard-shortcuts-dialog", "open", ""],
		] as const;
		for (const [key, control, attribute, wanted] of table) {
			await controls.press(key);
			await expect
				.poll(() => page.locator(`#p ${control}`).first().getAttribute(attribute), {
					timeout: 60_000,
					message: key,
				})
				.toBe(wanted);
		}
		await page.keyboard.press("Escape");
		await controls.press("p");
		await expect.poll(() => element((p) => p.hasAttribute("data-asked")), { timeout: 60_000 }).toBe(true);
		await controls.press("i");
		expect(await element((p) => p.hasAttribute("statistics"))).toBe(true);
	});

	it("opens one menu at a time, above its button, and closes it with Escape", async () => {
		await open();
		const { page } = harness;
		const shown = () =>
			element((p) =>
				[...(p.shadowRoot?.querySelectorAll<HTMLElement>("[id$=-menu]") ?? [])]
					.filter(({ hidden }) => !hidden)
					.map(({ id }) => id),
			);
		for (const name of ["captions", "quality", "rate"]) {
			const button = page.locator(`#p [invoketarget=${name}-menu]`);
			await button.click();
			await expect.poll(shown, { timeout: 60_000 }).toEqual([`${name}-menu`]);
			// The last row is all there, and what is clicked there is this row.
			const row = page.locator(`#p #${name}-menu media-chrome-menu-item`).last();
			await row.click({ trial: true });
			await expect
				.poll(
					async () => {
						const [above, below] = [await row.boundingBox(), await button.boundingBox()];
						return (below?.y ?? 0) - (above?.y ?? 0) - (above?.height ?? 0);
					},
					{ timeout: 60_000 },
				)
				.toBeLessThan(16);
		}
		await page.keyboard.press("Escape");
		await expect.poll(shown, { timeout: 60_000 }).toEqual([]);
	});

	it("offers captions in a menu, and draws them above the canvas", async () => {
		await open();
		const { page } = harness;
		// Before playback has begun no cue is active (HTML, section 4.8.11.8: the show poster flag).
		await element(async (p) => {
			await p.play();
			p.pause();
		});
		await page.locator("#p media-captions-menu-button").click();
		const rows = page.locator("#p media-captions-menu media-chrome-menu-item");
		await expect.poll(async () => (await rows.allTextContents()).map((row) => row.trim())).toContain("English");
		await rows.filter({ hasText: "English" }).click();
		const captions = page.locator("#p [part=captions]");
		await expect.poll(() => captions.textContent(), { timeout: 60_000 }).toBe("Words above the canvas");
		expect(await captions.locator("b").textContent()).toBe("Words");
		await page.locator("#p media-captions-menu-button").click();
		await rows.first().click();
		await expect.poll(() => captions.isVisible(), { timeout: 60_000 }).toBe(false);
	});

	it("remembers that low was chosen, on this origin, unless the page forbids it", async () => {
		await open();
		const { page } = harness;
		const choose = (index: number) =>
			page.$eval(
				"#p",
				(p, to) => void ((p as CrescendoPlayerElement).media.videoRenditions.selectedIndex = to),
				index,
			);
		const chosen = () => element((p) => p.media.videoRenditions.selectedIndex);
		const stored = () => page.evaluate(() => localStorage.getItem("crescendo-quality"));
		/** The same page once more, with what the origin remembers. */
		const reload = async () => {
			await page.reload();
			await harness.until(() => document.querySelector("crescendo-player")?.media?.videoRenditions.length === 2);
		};
		await choose(0);
		await expect.poll(stored, { timeout: 60_000 }).toBe("low");
		await reload();
		await expect.poll(chosen, { timeout: 60_000 }).toBe(0);
		await choose(-1);
		await expect.poll(stored, { timeout: 60_000 }).toBeNull();
		await element((p) => p.setAttribute("no-preferences", ""));
		await choose(0);
		await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
		expect(await stored()).toBeNull();
	});

	it("keeps nothing at all of a viewer where the page forbids it, and the controls' own memory where it does not", async () => {
		const stored = () => harness.page.evaluate(() => Object.keys(localStorage).toSorted());
		/** Changes volume and muting, and chooses captions. */
		const useControls = async () => {
			const { page } = harness;
			const controls = page.locator("#p media-controller");
			await controls.press("m");
			await expect.poll(() => element((p) => p.media.muted), { timeout: 60_000 }).toBe(false);
			await controls.press("ArrowDown");
			await expect.poll(() => element((p) => p.media.volume), { timeout: 60_000 }).toBeLessThan(1);
			await page.locator("#p media-captions-menu-button").click();
			await page.locator("#p media-captions-menu media-chrome-menu-item").filter({ hasText: "English" }).click();
			const showing = () => page.locator("#p media-captions-menu-button").getAttribute("mediasubtitlesshowing");
			await expect.poll(showing, { timeout: 60_000 }).toBe("cc:en:English");
		};
		await open("no-preferences");
		await useControls();
		expect(await stored()).toEqual([]);
		await open();
		await element((p) => p.setAttribute("no-preferences", ""));
		await useControls();
		expect(await stored()).toEqual([]);
		await open();
		await useControls();
		expect(await stored()).toContain("media-chrome-pref-subtitles-lang");
	});

	it("offers captions in a frame that may store nothing", async () => {
		harness.pages.set(
			"inner.html",
			new TextEncoder().encode(
				`<!doctype html><title>In</title><script type="module" src="/player.js"></script>${player()}`,
			),
		);
		await harness.open(
			`<iframe src="/pages/inner.html" sandbox="allow-scripts" width="660" height="400"></iframe>`,
			{ context },
		);
		const frame = harness.page.frameLocator("iframe");
		await frame.locator("media-captions-menu-button").click();
		await frame.locator("media-captions-menu media-chrome-menu-item").filter({ hasText: "English" }).click();
		await expect
			.poll(() => frame.locator("media-captions-menu-button").getAttribute("mediasubtitlesshowing"), {
				timeout: 60_000,
			})
			.toBe("cc:en:English");
	});

	it("says in the viewer's language what is wrong with a video that cannot be played", async () => {
		await open('lang="fr"');
		await element((p) => p.setAttribute("src", "/stream/none.m3u8"));
		const dialog = harness.page.locator("#p media-error-dialog");
		await expect.poll(() => dialog.getAttribute("open"), { timeout: 60_000 }).toBe("");
		expect(await dialog.getAttribute("aria-label")).toBe("Impossible de lire cette vidéo");
		await dialog.getByText("Elle a peut-être été supprimée").waitFor();
		expect(await dialog.locator("[slot=error-2-message]").isVisible()).toBe(false);
	});

	it("says why the picture is not enhanced in the viewer's language, and labels its controls in it", async () => {
		await open('lang="de"');
		const { page } = harness;
		expect(await element((p) => p.shadowRoot?.querySelector<HTMLElement>("[part=badge]")?.title)).toBe(
			"Wartet auf den Beginn der Wiedergabe.",
		);
		expect(await page.locator("#p media-play-button").getAttribute("aria-label")).toBe("abspielen");
	});

	it("shows the stream's poster until playback, unless the page has its own or plays at once", async () => {
		const shown = () => element((p) => p.media.nativeEl.poster);
		const { server } = harness;
		const own = `${server.origin}/stream/around/poster.png`;
		await open();
		expect([await shown(), await element((p) => p.media.streamPoster)]).toEqual([own, own]);
		await expect.poll(() => server.requests, { timeout: 60_000 }).toContain("/stream/around/poster.png");
		await element((p) => p.setAttribute("poster", "page.png"));
		expect(await shown()).toBe(`${server.origin}/pages/page.png`);
		await element((p) => p.removeAttribute("poster"));
		expect(await shown()).toBe(own);
		// A stream without one gets none.
		await element((p) => p.setAttribute("src", "/plain/master.m3u8"));
		await harness.until(() => {
			const media = document.querySelector("crescendo-player")?.media;
			return media?.currentSrc.includes("/plain/") && media.readyState >= 2;
		});
		expect(await shown()).toBe("");
		await open("autoplay loop");
		expect(await shown()).toBe("");
	});

	it("shows the stream's storyboard on the time range, and asks for it when somebody goes there", async () => {
		await open();
		const { page, server } = harness;
		const asked = () => server.requests.filter((path) => path === "/stream/around/storyboard.vtt").length;
		expect(asked()).toBe(0);
		const range = page.locator("#p media-time-range");
		await expect.poll(() => range.getAttribute("mediaseekable"), { timeout: 60_000 }).toBe("0:4");
		// In the middle, and there it stays: the picture comes after the pointer.
		await range.hover();
		await expect
			.poll(() => range.getAttribute("mediapreviewimage"), { timeout: 60_000 })
			.toBe(`${server.origin}/stream/around/storyboard/ab/1#xywh=0,0,1,1`);
		expect(asked()).toBe(1);
	});

	it("works inside other controls of media-chrome, and in an iframe", async () => {
		await harness.open(
			`<media-controller style="width: 640px"><crescendo-video id="v" slot="media" src="/stream/master.m3u8" muted loop enhancement="off"></crescendo-video>
			<media-play-button id="play"></media-play-button><media-time-display showduration id="time"></media-time-display>
			<media-rendition-menu-button id="quality"></media-rendition-menu-button></media-controller>`,
			{ context },
		);
		const { page } = harness;
		await harness.until(() => (document.querySelector("#time")?.shadowRoot?.textContent ?? "").includes("0:04"));
		await page.click("#play");
		await harness.until(() => document.querySelector("crescendo-video")?.paused === false);
		expect(await page.$eval("#play", (button) => button.hasAttribute("mediapaused"))).toBe(false);
		await harness.until(() => !document.querySelector("#quality")?.hasAttribute("mediarenditionunavailable"));

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
