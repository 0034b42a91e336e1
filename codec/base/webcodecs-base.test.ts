import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../test/e2e/browser.ts";
import { hashPicture } from "../hash/picture-hash.ts";
import { testPictures } from "../picture/test-pictures.ts";
import type { Sample } from "../sample.ts";
import type { BaseTrack } from "../track.ts";
import { decodeAll, encodeAll } from "./base-codec.ts";
import { FfmpegBaseDecoder, FfmpegBaseEncoder } from "./ffmpeg-base.ts";
import type { BaseBench, SampleJson, TrackJson } from "./test-page.ts";
import { av1Configuration, avcLevel, encoderCandidates, vp9Configuration } from "./webcodecs-candidates.ts";

declare const bench: BaseBench;

const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };
const config = { width: 62, height: 46, frameRate: { numerator: 25, denominator: 1 }, colour, keyInterval: 5 };

const fromJson = (samples: readonly SampleJson[], track: TrackJson) => ({
	samples: samples.map((sample): Sample => ({ ...sample, data: Uint8Array.from(sample.data) })),
	track: { ...track, description: Uint8Array.from(track.description) },
});

const decodeByFfmpeg = async (track: BaseTrack, samples: readonly Sample[]) => {
	const pictures: { hash: number; timestamp: number; size: string }[] = [];
	for await (const picture of decodeAll(new FfmpegBaseDecoder(track), samples)) {
		const { width, height, timestamp } = picture;
		pictures.push({ hash: hashPicture(picture), timestamp, size: `${width}x${height}` });
	}
	return pictures;
};

describe("the base by WebCodecs, in Chromium", () => {
	let browser: Browser;
	let page: Page;

	beforeAll(async () => {
		const built = await build({
			configFile: false,
			logLevel: "error",
			build: {
				write: false,
				minify: false,
				lib: { entry: join(import.meta.dirname, "test-page.ts"), formats: ["es"], fileName: "page" },
			},
		});
		const [output] = [built].flat();
		const chunk = output !== undefined && "output" in output ? output.output[0] : undefined;
		if (chunk === undefined) throw new Error("The page's script was not built.");
		browser = await launchBrowser();
		page = await browser.newPage();
		// WebCodecs wants a secure context; nothing is fetched, every answer is made here.
		await page.route("https://codec.test/**", (route) =>
			route.fulfill(
				route.request().url().endsWith(".js")
					? { contentType: "text/javascript", body: chunk.code }
					: {
							contentType: "text/html",
							body: '<!doctype html><script type="module" src="/page.js"></script>',
						},
			),
		);
		await page.goto("https://codec.test/");
		await page.waitForFunction(() => "bench" in globalThis, undefined, { polling: 100, timeout: 300_000 });
	});

	afterAll(() => browser?.close());

	it.each(["avc", "vp9", "av1"] as const)(
		"encodes %s with sync samples where asked, and decodes exactly as ffmpeg does",
		async (codec) => {
			// 62x46 is no multiple of 16: the coded size is larger than the visible one.
			const encoded = await page.evaluate((name) => bench.encode(name, 62, 46, 12), codec);
			const { samples, track } = fromJson(encoded.samples, encoded.track);
			expect(samples.map(({ timestamp, duration, sync }) => [timestamp, duration, sync])).toEqual(
				Array.from({ length: 12 }, (_, index) => [index * 40_000, 40_000, index % 5 === 0]),
			);
			// Level 1b, which a stream this small has, is no level that browsers know by its number 9.
			expect(track.codec).toMatch({ avc: /^avc1\.....0b$/, vp9: /^vp09\.00/, av1: /^av01\.0/ }[codec]);
			const inPage = await page.evaluate(([t, s]) => bench.decode(t, s), [
				encoded.track,
				encoded.samples,
			] as const);
			expect(inPage.error).toBeUndefined();
			expect(inPage.pictures.map(({ size }) => size)).toEqual(new Array(12).fill("62x46"));
			expect(await decodeByFfmpeg(track, samples)).toEqual(inPage.pictures);
		},
	);

	it("decodes a base of the CLI exactly as ffmpeg does", async () => {
		const encoder = new FfmpegBaseEncoder({ ...config, rate: { crf: 24 } });
		const samples: Sample[] = [];
		for await (const sample of encodeAll(encoder, testPictures(62, 46, 12))) samples.push(sample);
		const track = await encoder.track();
		const json = [
			{ ...track, description: [...track.description] },
			samples.map((sample) => ({ ...sample, data: [...sample.data] })),
		] as const;
		const inPage = await page.evaluate(([t, s]) => bench.decode(t, s), json);
		expect(inPage).toEqual({ pictures: await decodeByFfmpeg(track, samples), error: undefined });
	});

	it("ends in a typed error for samples that are no H.264", async () => {
		const encoded = await page.evaluate(() => bench.encode("avc", 62, 46, 6));
		const samples = encoded.samples.map((sample) => ({ ...sample, data: sample.data.map((byte) => byte ^ 0x5a) }));
		const inPage = await page.evaluate(([t, s]) => bench.decode(t, s), [encoded.track, samples] as const);
		expect(inPage.error).toBe("damaged-sample");
	});

	it("ends in a typed error for a first sample that none can begin with", async () => {
		const encoded = await page.evaluate(() => bench.encode("avc", 62, 46, 6));
		const tail = encoded.samples.slice(1, 4);
		const inPage = await page.evaluate(([t, s]) => bench.decode(t, s), [encoded.track, tail] as const);
		expect(inPage).toEqual({ pictures: [], error: "damaged-sample" });
	});
});

describe("encoder configurations", () => {
	it("name the lowest H.264 level that fits", () => {
		expect(avcLevel(160, 90, 25)).toBe(11);
		expect(avcLevel(320, 180, 30)).toBe(13);
		expect(avcLevel(480, 270, 60)).toBe(30);
		expect(avcLevel(2048, 2048, 60)).toBe(51);
	});

	it("try H.264 first, VP9 and AV1 after it", () => {
		const codecs = encoderCandidates({ ...config, rate: { bitrate: 50_000 } }).map(({ codec }) => codec);
		expect([...new Set(codecs)]).toEqual([
			"avc1.64000a",
			"avc1.4d000a",
			"avc1.42e00a",
			"vp09.00.30.08",
			"av01.0.05M.08",
		]);
	});

	it("describe VP9 and AV1 by their codec strings", () => {
		expect([...vp9Configuration("vp09.00.30.08", { ...config, rate: { crf: 1 } })]).toEqual([
			0, 30, 0x82, 1, 1, 1, 0, 0,
		]);
		expect([...av1Configuration("av01.0.05M.08")]).toEqual([0x81, 5, 0x0c, 0]);
		expect([...av1Configuration("av01.1.13H.10")]).toEqual([0x81, 0x2d, 0xcc, 0]);
	});
});
