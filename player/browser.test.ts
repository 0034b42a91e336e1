import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { frameTypeOf } from "../codec/bitstream/frame-header.ts";
import { testPictures } from "../codec/picture/test-pictures.ts";
import type { Sample } from "../codec/sample.ts";
import { parseReport } from "../protocol/cmcd.ts";
import type { CrescendoVideoElement } from "./element/crescendo-video.ts";
import { startFixtureServer } from "./testing/fixture-server.ts";
import { type FixtureStream, makeFixtureStream, replaceSegment } from "./testing/fixture-stream.ts";
import { PlayerHarness, video } from "./testing/harness.ts";

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

// Every picture is really encoded and decoded, on whatever machine this is: the limits only catch what hangs.
describe("the player in Chromium", { timeout: 600_000 }, () => {
	let stream: FixtureStream;
	let files: Map<string, Uint8Array>;
	let harness: PlayerHarness;

	beforeAll(async () => {
		stream = await makeFixtureStream({
			pictures: testPictures(WIDTH, HEIGHT, FRAMES),
			frameRate: FRAME_RATE,
			segmentFrames: SEGMENT_FRAMES,
			qualities: [36],
		});
		files = new Map(stream.files);
		const mounts = { "/stream/": files, "/other/": stream.files };
		harness = await PlayerHarness.start({ mounts, frameRate: FRAME_RATE });
	});

	afterAll(() => harness?.close());

	afterEach(() => {
		for (const [path, bytes] of stream.files) files.set(path, bytes);
		harness.server.requests.length = 0;
		harness.server.posted.length = 0;
	});

	/** What the browser makes of the encoder's own picture, drawn from its planes. */
	const pixelsOf = (frame: number) => {
		const picture = stream.reconstructions.get(ID)?.[frame];
		if (!picture) throw new TypeError(`There is no frame ${frame}.`);
		const data = [...picture.y, ...picture.u, ...picture.v];
		return harness.page.evaluate(
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
			const code = await readFile(join(harness.folder, path), "utf8");
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
		await harness.open(video('enhancement="force"'));
		await harness.until(() => (document.querySelector<CrescendoVideoElement>("#v")?.readyState ?? 0) >= 2);
		expect(
			await harness.element((v) => [v.videoWidth, v.videoHeight, v.enhancementState, v.enhancementReason]),
		).toEqual([24, 16, "base", "playback-not-begun"]);
		expect(harness.server.requests.filter((path) => /models|worker|enhancer|e36/.test(path))).toEqual([]);
	});

	it("asks for playlists and the first segment while hls.js is on its way, and for each once", async () => {
		const base = ["playlist.m3u8", "init.mp4", "segments/0.m4s"].map((name) => `/stream/tracks/base/${name}`);
		const wanted = ["/stream/master.m3u8", ...base];
		const asked = Promise.withResolvers<void>();
		const { server } = harness;
		const askedFor = () => server.requests.filter((path) => wanted.includes(path)).toSorted();
		let ahead: string[] | undefined;
		server.intercept = async (path) => {
			if (wanted.every((one) => server.requests.includes(one))) asked.resolve();
			if (!/\/hls-[^/]*\.js$/.test(path)) return undefined;
			// hls.js comes only once all of it has been asked for, or never will be.
			const patience = setTimeout(asked.resolve, 180_000);
			await asked.promise;
			clearTimeout(patience);
			ahead = askedFor();
			return undefined;
		};
		try {
			await harness.open(video('enhancement="off"'));
			await harness.element((v) => v.play());
			expect(ahead, "asked for before hls.js came").toEqual(wanted.toSorted());
			expect(askedFor()).toEqual(wanted.toSorted());
		} finally {
			asked.resolve();
			server.intercept = undefined;
		}
	});

	it("draws the enhanced picture of exactly the frame that stands, equal to the encoder's, and follows a seek", async () => {
		await harness.open(video('enhancement="force"'));
		await harness.standOn(13);
		await harness.waitForPicture();
		expect(await harness.isCanvasShown()).toBe(true);
		const expectFrame = async (frame: number) => {
			const capture = await harness.captured();
			expect(capture?.timestamp).toBe((frame * 1e6) / FRAME_RATE);
			expect(capture?.hash).toBe(stream.hashes.get(ID)?.[frame]);
			expect(capture?.pixels).toEqual(await pixelsOf(frame));
		};
		await expectFrame(13);
		await harness.seek(27);
		await harness.waitForPicture();
		await expectFrame(27);
		expect(await harness.element((v) => [v.videoWidth, v.videoHeight, v.error])).toEqual([WIDTH, HEIGHT, null]);
		expect(await harness.faults()).toEqual([]);
	});

	it("plays on with the base and says why when the enhancement is damaged in any way", async () => {
		const samples = stream.enhancementSamples.get(ID) ?? [];
		const [intra, ...inter] = samples.slice(SEGMENT_FRAMES, 2 * SEGMENT_FRAMES) as [Sample, ...Sample[]];
		const truncated = { ...intra, data: intra.data.subarray(0, intra.data.length >> 1) };
		const flipped = { ...intra, data: intra.data.map((byte, i) => (i === 40 ? byte ^ 4 : byte)) };
		const init = stream.files.get(`tracks/${ID}/init.mp4`) as Uint8Array;
		const at = Buffer.from(init).indexOf("sveC") + 5;
		const otherModel = init.map((byte, i) => (i === at ? byte ^ 1 : byte));
		const olderVersion = init.map((byte, i) => (i === at - 1 ? byte - 1 : byte));
		const segment = stream.files.get(`tracks/${ID}/segments/1.m4s`) as Uint8Array;
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
			["older version", ["unsupported-version"], () => files.set(`tracks/${ID}/init.mp4`, olderVersion)],
			["wrong base", ["base-mismatch"], () => replaceSegment({ ...stream, files }, ID, 1, elsewhere)],
			["no MP4", ["invalid-file"], () => files.set(`tracks/${ID}/segments/1.m4s`, new Uint8Array(500))],
			[
				"cut segment",
				["invalid-file", "damaged-sample"],
				() => files.set(`tracks/${ID}/segments/1.m4s`, segment.slice(0, segment.length >> 1)),
			],
			["not found", ["network"], () => files.delete(`tracks/${ID}/segments/1.m4s`)],
		];
		for (const [kind, codes, damage] of kinds) {
			for (const [path, bytes] of stream.files) files.set(path, bytes);
			damage();
			await harness.open(video('enhancement="force"'));
			await harness.standOn(14);
			await harness.until(() => window.events.some(({ type }) => type === "enhancementerror"));
			const [fault] = await harness.faults();
			expect([kind, codes.includes(String(fault?.["code"]))]).toEqual([kind, true]);
			expect(String(fault?.["message"])).toMatch(/\.$/);
			expect(await harness.isCanvasShown()).toBe(false);
			// The base goes on as if nothing had happened, to its end.
			const ended = await harness.element(async (v) => {
				v.currentTime = 1.3;
				await v.play();
				await new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
				return [v.ended, v.error, v.statistics.error !== undefined];
			});
			expect([kind, ended]).toEqual([kind, [true, null, true]]);
		}
	});

	it("fetches no weights for a stream that was made with other weights", async () => {
		const list = Buffer.from(stream.files.get("enhancements.json") ?? []).toString();
		files.set("enhancements.json", Buffer.from(list.replace(/"modelId":"\w+"/, `"modelId":"${"0".repeat(32)}"`)));
		await harness.open(video('enhancement="force"'));
		await harness.element((v) => v.play());
		await harness.waitForState("failed");
		expect((await harness.faults()).map(({ code, fatal }) => [code, fatal])).toEqual([["model-mismatch", true]]);
		const asked = harness.server.requests.filter((path) => path.startsWith("/models/"));
		// The self-test is asked for beside the model; the failure may come before it.
		const [folder, selfTest] = ["/models/crescendo-1", "/models/crescendo-1/self-test.json"];
		expect(asked.filter((path) => path !== selfTest)).toEqual([`${folder}/model.json`]);
		expect(await harness.element((v) => v.error)).toBeNull();
	});

	it("goes on with the base, and says so, where the enhancement ends within a segment long before it", async () => {
		const [tracks, kept] = [`tracks/${ID}`, 5];
		const list = Buffer.from(stream.files.get(`${tracks}/playlist.m3u8`) ?? []).toString();
		const ended = list.replaceAll(/#EXTINF:[^\n]*\nsegments\/[23]\.m4s\n/g, "");
		files.set(`${tracks}/playlist.m3u8`, Buffer.from(ended));
		for (const segment of [2, 3]) files.delete(`${tracks}/segments/${segment}.m4s`);
		const samples = stream.enhancementSamples.get(ID) ?? [];
		replaceSegment({ ...stream, files }, ID, 1, samples.slice(SEGMENT_FRAMES, SEGMENT_FRAMES + kept));
		await harness.open(video('enhancement="force"'));
		await harness.standOn(SEGMENT_FRAMES);
		await harness.waitForPicture();
		// All others that there are: none of them can be late.
		await harness.until(
			(count) => document.querySelector<CrescendoVideoElement>("#v")?.statistics.picturesReady === count,
			kept - 1,
		);
		const atEnd = await harness.element(async (v) => {
			const ends = new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
			await v.play();
			await ends;
			return [v.statistics.frames.missed, v.error];
		});
		expect(atEnd).toEqual([0, null]);
		for (const frame of [FRAMES - 1, SEGMENT_FRAMES + kept]) {
			if (frame < FRAMES - 1) await harness.seek(frame);
			await harness.until(
				() => document.querySelector("crescendo-video")?.enhancementReason === "no-enhancement-here",
			);
			expect([await harness.element((v) => v.enhancementState), await harness.isCanvasShown()]).toEqual([
				"base",
				false,
			]);
		}
		await harness.seek(SEGMENT_FRAMES + 1);
		await harness.waitForPicture();
		expect(await harness.element((v) => v.enhancementReason)).toBeUndefined();
		expect(await harness.faults()).toEqual([]);
		// The first segment may be asked for as well: the page may play for a moment before it is told to seek.
		const asked = harness.server.requests.filter((path) => path.includes(`/stream/${tracks}/`));
		const first = `/stream/${tracks}/segments/0.m4s`;
		expect(asked.filter((path) => path !== first).toSorted()).toEqual(
			["init.mp4", "playlist.m3u8", "segments/1.m4s"].map((name) => `/stream/${tracks}/${name}`),
		);
	});

	it("shows all of a segment that ends right after a bidirectional frame but that one, and goes on with the next", async () => {
		const stranded = SEGMENT_FRAMES + 5;
		const samples = stream.enhancementSamples.get(ID) ?? [];
		expect(frameTypeOf((samples[stranded] as Sample).data)).toBe("bidirectional");
		replaceSegment({ ...stream, files }, ID, 1, samples.slice(SEGMENT_FRAMES, stranded + 1));
		await harness.open(video('enhancement="force"'));
		await harness.standOn(SEGMENT_FRAMES);
		const hashes = stream.hashes.get(ID);
		for (const frame of [SEGMENT_FRAMES, stranded - 2, stranded - 1, 2 * SEGMENT_FRAMES]) {
			await harness.seek(frame);
			await harness.waitForPicture();
			expect([frame, (await harness.captured())?.hash]).toEqual([frame, hashes?.[frame]]);
		}
		await harness.seek(stranded);
		await harness.until(
			() => document.querySelector("crescendo-video")?.enhancementReason === "no-enhancement-here",
		);
		expect(await harness.isCanvasShown()).toBe(false);
		expect(await harness.faults()).toEqual([]);
	});

	it("captures the picture of the playhead or none, at every moment of a seek", async () => {
		await harness.open(video('enhancement="force"'));
		await harness.standOn(5);
		await harness.waitForPicture();
		const offsets = await harness.element(async (v, rate) => {
			const seen: (number | undefined)[] = [];
			const capture = async () => {
				const at = v.currentTime;
				const picture = await v.captureEnhanced();
				seen.push(picture && Math.floor(at * rate + 0.01) - Math.round((picture.mediaTime / 1e6) * rate));
			};
			for (const frame of [7, 3, 8, 15, 2, 9]) {
				const seeking = new Promise((resolve) => v.addEventListener("seeking", resolve, { once: true }));
				const seeked = new Promise((resolve) => v.addEventListener("seeked", resolve, { once: true }));
				v.currentTime = (frame + 0.5) / rate;
				await capture();
				await seeking;
				await capture();
				await seeked;
				await capture();
				await new Promise((resolve) => requestAnimationFrame(resolve));
				await capture();
			}
			return seen;
		}, FRAME_RATE);
		expect(offsets.filter((offset) => offset !== undefined && offset !== 0)).toEqual([]);
	});

	it("works in a page of another origin, by one script tag", async () => {
		const { origin } = harness.server;
		const other = await startFixtureServer([{ prefix: "/pages/", files: harness.pages }]);
		const src = `${origin}/stream/master.m3u8`;
		await harness.open(video('enhancement="force"', src), { origin: other.origin, script: `${origin}/player.js` });
		await harness.standOn(3);
		await harness.waitForPicture();
		expect((await harness.captured())?.hash).toBe(stream.hashes.get(ID)?.[3]);
		await other.close();
	});

	it("loads nothing with preload none until it is played", async () => {
		await harness.open(video('preload="none" enhancement="off"'));
		await harness.page.waitForTimeout(200);
		expect(harness.server.requests.filter((path) => path.startsWith("/stream/"))).toEqual([]);
		const played = await harness.element(async (v) => {
			await v.play();
			return [v.paused, v.readyState > 0];
		});
		expect(played).toEqual([false, true]);
	});

	it("shows low when low is chosen, and the enhancement again when that is", async () => {
		await harness.open(video('enhancement="force"'));
		await harness.standOn(3);
		await harness.waitForPicture();
		await harness.element((v) => (v.videoRenditions.selectedIndex = 0));
		await harness.until(
			() => document.querySelector<CrescendoVideoElement>("#v")?.enhancementReason === "off-by-choice",
		);
		expect(await harness.isCanvasShown()).toBe(false);
		await harness.element((v) => (v.videoRenditions.selectedIndex = 1));
		await harness.waitForPicture();
		expect(await harness.isCanvasShown()).toBe(true);
	});

	it("changes its source while it is enhanced: the base of the new one at once, then its enhancement", async () => {
		await harness.open(video('enhancement="force"'));
		await harness.standOn(13);
		await harness.waitForPicture();
		const atOnce = await harness.element(async (v) => {
			v.src = "/other/master.m3u8";
			await new Promise((resolve) => v.addEventListener("loadstart", resolve, { once: true }));
			const canvas = v.shadowRoot?.querySelector("canvas");
			const visible = canvas?.checkVisibility({ visibilityProperty: true });
			const told = window.events.findLast(({ type }) => type === "enhancementchange");
			return [visible, canvas?.width, v.enhancementState, told?.detail["state"]];
		});
		expect(atOnce).toEqual([false, 0, "base", "base"]);
		await expect.poll(() => harness.page.workers().length, { timeout: 180_000 }).toBe(0);
		await harness.standOn(25);
		await harness.waitForPicture();
		expect((await harness.captured())?.hash).toBe(stream.hashes.get(ID)?.[25]);
		expect(harness.page.workers()).toHaveLength(1);
		expect(await harness.faults()).toEqual([]);
	});

	it("tells the edge how the playback went, unless the page says no", async () => {
		const playToEnd = async () => {
			await harness.standOn(3);
			await harness.waitForPicture();
			await harness.element(async (v) => {
				const ended = new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
				await v.play();
				await ended;
			});
		};
		const { posted } = harness.server;
		await harness.open(video('enhancement="force"'));
		await playToEnd();
		await expect.poll(() => posted.length, { timeout: 180_000 }).toBeGreaterThan(0);
		expect(posted[0]).toMatchObject({ path: "/stream/reports", type: expect.stringMatching(/^text\/plain/) });
		const report = parseReport(posted[0]?.body ?? "");
		expect(report?.session).toMatch(/^[0-9a-f]{32}$/);
		expect(report?.playedMilliseconds).toBeGreaterThan(0);
		expect(report?.startupMilliseconds).toBeGreaterThanOrEqual(0);
		expect(report?.failed).toBeUndefined();

		await harness.open(video('enhancement="force" no-reports'));
		// What the page before had left to say came with its end.
		await harness.page.evaluate(() => fetch("/pages/page.html").then((response) => response.text()));
		posted.length = 0;
		await playToEnd();
		await harness.element((v) => v.removeAttribute("src"));
		// Requests of a page arrive in order, as far as there is a free connection: this one is answered after any report.
		await harness.page.evaluate(() => fetch("/mark", { method: "POST" }).then((response) => response.status));
		expect(posted.map(({ path }) => path)).toEqual(["/mark"]);
	});
});
