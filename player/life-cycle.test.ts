import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testPictures } from "../codec/picture/test-pictures.ts";
import { type FixtureStream, makeFixtureStream } from "./testing/fixture-stream.ts";
import { PlayerHarness, video } from "./testing/harness.ts";

/** What comes has to go: sources, workers, pictures, listeners; and the element lives through moves and failures. */
const FRAME_RATE = 25;
const FRAMES = 20;
const LOADS = 50;

describe("the life of a player", () => {
	let harness: PlayerHarness;
	let stream: FixtureStream;

	beforeAll(async () => {
		stream = await makeFixtureStream({
			...{ pictures: testPictures(48, 32, FRAMES), frameRate: FRAME_RATE, segmentFrames: 10, qualities: [36] },
		});
		stream.files.set("en.vtt", new TextEncoder().encode("WEBVTT\n\n00:00.000 --> 00:10.000\nWords\n"));
		const mounts = { "/stream/": stream.files, "/again/": stream.files };
		harness = await PlayerHarness.start({
			mounts,
			frameRate: FRAME_RATE,
			browser: { flags: ["--js-flags=--expose-gc"] },
		});
	});

	afterAll(() => harness?.close());

	it("keeps playing when it is moved, frees everything when it leaves the document, and goes on when it comes back", async () => {
		const track = '<track kind="captions" srclang="en" label="English" src="/stream/en.vtt">';
		const one = video('enhancement="force"').replace("></", `>${track}</`);
		await harness.open(`<div id="a">${one}</div><div id="b"></div>`);
		const { page } = harness;
		await harness.standOn(3);
		await harness.waitForPicture();
		expect(page.workers()).toHaveLength(1);
		const moved = await harness.element(async (v) => {
			for (const { mode } of v.textTracks) if (mode !== "disabled") throw new Error("Captions show unasked.");
			for (const captions of v.textTracks) captions.mode = "showing";
			document.querySelector("#b")?.append(v);
			await new Promise((resolve) => setTimeout(resolve, 50));
			return [v.readyState >= 2, v.enhancementState];
		});
		expect(moved).toEqual([true, "active"]);
		const captions = () => harness.page.locator("#v [part=captions]").textContent();
		await expect.poll(captions, { timeout: 60_000 }).toBe("Words");
		await harness.element((v) => {
			Object.assign(window, { kept: v });
			v.remove();
		});
		await expect.poll(() => page.workers().length, { timeout: 60_000 }).toBe(0);
		const left = await page.evaluate(() => {
			const v = (window as unknown as { kept: HTMLElementTagNameMap["crescendo-video"] }).kept;
			const canvas = v.shadowRoot?.querySelector("canvas");
			return [canvas?.width, v.nativeEl.getAttribute("src"), v.videoRenditions.length];
		});
		expect(left).toEqual([0, null, 0]);
		await page.evaluate(() => document.body.append((window as unknown as { kept: Node }).kept));
		// Where it was: hls.js may have the first picture before it goes to the place to begin at.
		await harness.until(() => {
			const v = document.querySelector("crescendo-video");
			return v !== null && v.readyState >= 2 && Math.abs(v.currentTime - 0.14) < 0.02;
		});
	});

	it("decodes a short loop once, keeps its pictures, and frees them with the source", async () => {
		await harness.open(video('enhancement="force" loop'));
		await harness.element((v) => v.play());
		await harness.until(() => document.querySelector("crescendo-video")?.statistics.picturesReady === 20);
		await harness.element((v) => {
			v.pause();
			v.loop = false;
		});
		await harness.until(() => (document.querySelector("crescendo-video")?.statistics.picturesReady ?? 20) < 20);
		expect(await harness.faults()).toEqual([]);
	});

	it("starts another worker when the first is lost, and plays the base meanwhile", async () => {
		await harness.open(video('enhancement="force"'));
		const { page } = harness;
		await harness.standOn(3);
		await harness.waitForPicture();
		// Looked at where it happens: what is here is shown again soon.
		await harness.element((v) => {
			v.addEventListener("enhancementchange", (event) => {
				const { detail } = event as CustomEvent<{ readonly state: string; readonly reason: string }>;
				const canvas = v.shadowRoot?.querySelector("canvas");
				const isCanvasShown = canvas?.checkVisibility({ visibilityProperty: true });
				const meanwhile = [detail.reason, isCanvasShown, v.error, v.readyState >= 2];
				if (detail.state === "stopped") Object.assign(window, { meanwhile });
			});
		});
		// As when the system takes the graphics device away: the worker fails outside every promise.
		await page.workers()[0]?.evaluate(() => {
			setTimeout(() => {
				throw new Error("The device was lost.");
			});
		});
		await harness.until(() => window.events.some(({ type }) => type === "enhancementerror"));
		const [fault] = await harness.faults();
		expect([fault?.["code"], fault?.["fatal"]]).toEqual(["backend-failed", false]);
		await harness.until(() => "meanwhile" in window);
		const meanwhile = await page.evaluate(() => (window as unknown as { meanwhile: unknown[] }).meanwhile);
		expect(meanwhile).toEqual(["backend-failed", false, null, true]);
		await harness.waitForPicture();
		expect((await harness.captured())?.hash).toBe(stream.hashes.get("e36")?.[3]);
		expect(page.workers()).toHaveLength(1);
	});

	it(`leaves nothing behind after ${LOADS} loads: no worker, no open picture, no listener, no growing heap`, async () => {
		await harness.open(video('enhancement="force"'));
		const { page } = harness;
		const warnings: string[] = [];
		page.on("console", (message) => {
			if (/garbage collected/i.test(message.text())) warnings.push(message.text());
		});
		const session = await page.context().newCDPSession(page);
		await session.send("Performance.enable");
		const measure = async () => {
			await harness.element((v) => v.removeAttribute("src"));
			await expect.poll(() => page.workers().length, { timeout: 60_000 }).toBe(0);
			for (let i = 0; i < 3; i++) {
				await session.send("HeapProfiler.collectGarbage");
				await page.waitForTimeout(100);
			}
			const { metrics } = await session.send("Performance.getMetrics");
			const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
			return { heap: of("JSHeapUsedSize"), listeners: of("JSEventListeners"), nodes: of("Nodes") };
		};
		/** Every tenth is left only when its enhanced picture was shown, the others as they come. */
		const load = async (count: number) => {
			for (let n = 0; n < count; n++) {
				await harness.element(async (v, number) => {
					v.src = number % 2 === 0 ? "/again/master.m3u8" : "/stream/master.m3u8";
					await new Promise((resolve) => v.addEventListener("loadeddata", resolve, { once: true }));
					await v.play();
				}, n);
				if (n % 10 !== 0) continue;
				await harness.standOn(n % FRAMES);
				await harness.waitForPicture();
			}
		};
		await load(5);
		const before = await measure();
		await load(LOADS);
		const after = await measure();
		expect(warnings).toEqual([]);
		expect(after.listeners - before.listeners).toBeLessThan(LOADS);
		expect(after.nodes - before.nodes).toBeLessThan(LOADS);
		// A source that stayed would hold its playlists, segments and hls.js: far more than this for each load.
		expect(after.heap - before.heap).toBeLessThan(LOADS * 20_000);
	});
});
