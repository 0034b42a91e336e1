import type { CDPSession } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CrescendoVideoElement } from "./element/crescendo-video.ts";
import { makeFixtureStream } from "./testing/fixture-stream.ts";
import { PlayerHarness, video } from "./testing/harness.ts";
import { readPng } from "./testing/png.ts";
import { isBase, isEnhanced, look, type Shown, stripedBars } from "./testing/striped-bars.ts";

/**
 * The upgrade is invisible but for its quality: what reaches the screen is the base or the enhancement and nothing between, whatever
 * happens around the player. The pictures are bars, with stripes below that are too fine for the base to hold.
 */
const FRAME_RATE = 25;
const FRAMES = 20;
/** Longest wait for what a slow machine takes. */
const PATIENCE = { timeout: 180_000 };

/** Of a bar on the screen. Anything else that could be there is far more than this off: black, the page, another picture. */
const LARGEST_ERROR = 40;

describe("the upgrade on the screen", () => {
	let harness: PlayerHarness;

	beforeAll(async () => {
		const pictures = Array.from({ length: FRAMES }, (_, i) => stripedBars((i * 1e6) / FRAME_RATE));
		const { files } = await makeFixtureStream({
			...{ pictures, frameRate: FRAME_RATE, segmentFrames: 10, qualities: [60] },
		});
		harness = await PlayerHarness.start({
			mounts: { "/stream/": files },
			frameRate: FRAME_RATE,
		});
	});

	afterAll(() => harness?.close());
	beforeEach(() => {
		harness.server.requests.length = 0;
	});

	const CLIP = { x: 0, y: 0, width: 384, height: 256 };
	const shown = async () => look(await harness.screen(CLIP));

	/** Every picture that the compositor makes of the page from now on. */
	const record = async (): Promise<{ session: CDPSession; frames: string[] }> => {
		const session = await harness.page.context().newCDPSession(harness.page);
		const frames: string[] = [];
		session.on("Page.screencastFrame", ({ data, sessionId }) => {
			frames.push(data);
			void session.send("Page.screencastFrameAck", { sessionId });
		});
		await session.send("Page.startScreencast", { format: "png", everyNthFrame: 1 });
		return { session, frames };
	};

	it("never flashes, in neither direction, at rest nor while it plays", async () => {
		// Small, because every picture of the screen is encoded and read.
		const style = "crescendo-video { width: 192px; height: 128px }";
		await harness.open(video('enhancement="off" loop'), {
			style,
			context: { viewport: { width: 192, height: 128 } },
		});
		await harness.standOn(3);
		// A seek is over before its frame is on the screen.
		const small = { x: 0, y: 0, width: 192, height: 128 };
		await expect.poll(async () => look(await harness.screen(small)).error, PATIENCE).toBeLessThan(LARGEST_ERROR);
		const { session, frames } = await record();
		const seen: Shown[] = [];
		/** Longer than a browser goes on drawing what is covered: it must not have stopped when that is seen again. */
		const cover = () => harness.page.waitForTimeout(700);
		/** Reads what was recorded meanwhile, until there is a picture of this kind. */
		const until = async (what: (frame: Shown) => boolean) => {
			await expect
				.poll(() => {
					const fresh = frames.splice(0).map((frame) => look(readPng(Buffer.from(frame, "base64"))));
					seen.push(...fresh);
					return fresh.some(what);
				}, PATIENCE)
				.toBe(true);
		};
		const enhance = (mode: "off" | "force") =>
			harness.page.$eval("#v", (v, to) => v.setAttribute("enhancement", to), mode);
		for (let round = 0; round < 3; round++) {
			await enhance("force");
			await until(isEnhanced);
			await cover();
			await enhance("off");
			await until(isBase);
		}
		await harness.element((v) => v.play());
		await enhance("force");
		await until(isEnhanced);
		await cover();
		await enhance("off");
		await until(isBase);
		await session.send("Page.stopScreencast");
		const numbered = seen.map((frame, i) => ({ ...frame, number: i + 1, of: seen.length }));
		expect(numbered.filter(({ error }) => error > LARGEST_ERROR)).toEqual([]);
		expect(numbered.filter((frame) => !isBase(frame) && !isEnhanced(frame))).toEqual([]);
	});

	it("shows the base at once and says why when the page is hidden or the video is shown elsewhere, and comes back", async () => {
		await harness.open(video('enhancement="force"'));
		await harness.standOn(3);
		await harness.waitForPicture();
		expect(isEnhanced(await shown())).toBe(true);
		/** What a browser says of a tab in the background. */
		const turn = (state: "hidden" | "visible") =>
			harness.page.evaluate((value) => {
				Object.defineProperty(document, "visibilityState", { configurable: true, get: () => value });
				document.dispatchEvent(new Event("visibilitychange"));
			}, state);
		await turn("hidden");
		expect(await harness.element((v) => [v.enhancementState, v.enhancementReason])).toEqual([
			"base",
			"page-hidden",
		]);
		expect(isBase(await shown())).toBe(true);
		await turn("visible");
		await harness.waitForPicture();
		expect(isEnhanced(await shown())).toBe(true);
		/** What a browser says where it shows the bare video: this one has neither a screen nor another device. */
		const say = (event: string, property: string, shownThere: boolean) =>
			harness.page.$eval(
				"#v",
				(v, told) => {
					const { nativeEl } = v as CrescendoVideoElement;
					const define = (target: object, value: unknown) =>
						Object.defineProperty(target, told.property, { configurable: true, get: () => value });
					if (told.property === "pictureInPictureElement") {
						// The document does not know what is in a shadow tree: it names the host.
						define(document, told.shownThere ? v : null);
						define(nativeEl.getRootNode(), told.shownThere ? nativeEl : null);
					} else define(nativeEl, told.shownThere);
					nativeEl.dispatchEvent(new Event(told.event));
				},
				{ event, property, shownThere },
			);
		for (const [enter, leave, property] of [
			["enterpictureinpicture", "leavepictureinpicture", "pictureInPictureElement"],
			["webkitbeginfullscreen", "webkitendfullscreen", "webkitDisplayingFullscreen"],
			[
				"webkitcurrentplaybacktargetiswirelesschanged",
				"webkitcurrentplaybacktargetiswirelesschanged",
				"webkitCurrentPlaybackTargetIsWireless",
			],
		] as const) {
			await say(enter, property, true);
			expect(await harness.element((v) => [v.enhancementState, v.enhancementReason])).toEqual([
				"base",
				"picture-in-picture",
			]);
			expect(isBase(await shown())).toBe(true);
			await say(leave, property, false);
			await harness.waitForPicture();
			expect(isEnhanced(await shown())).toBe(true);
		}
		expect(await harness.faults()).toEqual([]);
	});

	it("tells of the times of each stage while it decodes, and shows the frame of the video or nothing at every rate", async () => {
		await harness.open(video('enhancement="force" loop'));
		const told = await harness.element(async (v) => {
			const event = new Promise<CustomEvent>((resolve) =>
				document.addEventListener("enhancementstatistics", (e) => resolve(e as CustomEvent), { once: true }),
			);
			await v.play();
			const { detail, target } = await event;
			return [target === v, Object.keys(detail.times).toSorted(), detail.times.reconstruct > 0];
		});
		expect(told).toEqual([true, ["convert", "parse", "reconstruct", "total"], true]);
		await harness.until(
			(count) => document.querySelector("crescendo-video")?.statistics.picturesReady === count,
			FRAMES,
		);
		for (const rate of [0.5, 2, 4]) {
			const offsets = await harness.element(async (v, to) => {
				v.playbackRate = to;
				const found: number[] = [];
				while (found.length < 10) {
					const told = await new Promise<VideoFrameCallbackMetadata>((resolve) =>
						v.nativeEl.requestVideoFrameCallback((_, metadata) => resolve(metadata)),
					);
					const capture = await v.captureEnhanced();
					if (capture) found.push(Math.round((capture.mediaTime / 1e6 - told.mediaTime) * 1000));
				}
				return found;
			}, rate);
			expect([rate, offsets.filter((offset) => Math.abs(offset) > 20)]).toEqual([rate, []]);
		}
	});

	it("comes for a viewer who pauses at the first frame, before the stream's enhancements are known, though files of the decoder are lost", async () => {
		const lost = [/\/synthesis\.onnx$/, /\/tables\.json$/];
		harness.server.intercept = (path) => {
			if (!lost[0]?.test(path)) return undefined;
			lost.shift();
			return 503;
		};
		// Paused before the first frame was over, a browser lists nothing as played: only the event tells that it began.
		const init = `Object.defineProperty(HTMLMediaElement.prototype, "played", { get: () => ({ length: 0 }) });`;
		await harness.open(video('enhancement="force" preload="none"'), { init });
		const stopped = Promise.withResolvers<void>();
		await harness.page.route("**/enhancements.json", async (route) => {
			await stopped.promise;
			await route.continue();
		});
		await harness.element(async (v) => {
			await v.play();
			v.pause();
		});
		stopped.resolve();
		await harness.waitForPicture();
		harness.server.intercept = undefined;
		expect(await harness.isCanvasShown()).toBe(true);
		expect(lost).toEqual([]);
		expect((await harness.faults()).map(({ code, fatal }) => [code, fatal])).toEqual([
			...[1, 2].map(() => ["network", false]),
		]);
	});

	it("fetches the weights once for all players of a page", async () => {
		await harness.open(`${video('enhancement="force"')}${video('enhancement="force"').replace('"v"', '"w"')}`);
		/** Plays a little, then waits for the decoder, which has then fetched all that it needs. */
		const opened = async (id: string) => {
			await harness.page.$eval(`#${id}`, (v) =>
				(v as CrescendoVideoElement).play().then(() => (v as CrescendoVideoElement).pause()),
			);
			await harness.waitForDecoder(id);
		};
		await opened("v");
		await opened("w");
		const fetched = harness.server.requests.filter((path) => /\.(?:wasm|onnx)$/.test(path));
		expect(fetched.length).toBeGreaterThan(5);
		expect(fetched.toSorted()).toEqual([...new Set(fetched)].toSorted());
		expect(harness.page.workers()).toHaveLength(2);
	});

	it.each([
		[
			"who saves data",
			`Object.defineProperty(navigator, "connection", { value: { saveData: true } });`,
			"data-saver",
		],
		// A browser that knows WebGPU on a machine that has no device for it.
		[
			"without a graphics device, of a large picture",
			`Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => null } });`,
			"too-large-for-wasm",
		],
	])(
		"fetches nothing of the decoder for a viewer %s, from the first picture to the last",
		async (_, init, reason) => {
			await harness.open(video('preload="none"').replace('backend="wasm"', ""), { init });
			await harness.page.route("**/enhancements.json", async (route) => {
				const list = await (await route.fetch()).text();
				await route.fulfill({
					body: list.replace(/"width":\s*\d+/g, '"width":640').replace(/"height":\s*\d+/g, '"height":360'),
				});
			});
			await harness.element(async (v) => {
				const ended = new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
				await v.play();
				await ended;
			});
			await harness.until(
				(wanted) => document.querySelector("crescendo-video")?.enhancementReason === wanted,
				reason,
			);
			expect(harness.server.requests.filter((path) => /models|worker|e60/.test(path))).toEqual([]);
		},
	);
});
