import { describe, expect, it } from "vitest";
import { concatenate } from "../mp4/box.ts";
import { measurePsnr } from "../picture/quality.ts";
import type { Picture } from "../picture/picture.ts";
import { testPictures } from "../picture/test-pictures.ts";
import { readY4m } from "../picture/y4m.ts";
import type { Sample } from "../sample.ts";
import type { BaseTrack } from "../track.ts";
import { type BaseEncoderConfig, decodeAll, encodeAll } from "./base-codec.ts";
import { FfmpegProcess, runForText } from "./ffmpeg.ts";
import { type FfmpegBaseConfig, FfmpegBaseDecoder, FfmpegBaseEncoder } from "./ffmpeg-base.ts";

const config = (overrides: Partial<BaseEncoderConfig> = {}): BaseEncoderConfig => ({
	width: 46,
	height: 30,
	frameRate: { numerator: 25, denominator: 1 },
	colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
	keyInterval: 5,
	rate: { crf: 24 },
	...overrides,
});

const encode = async (pictures: readonly Picture[], options: FfmpegBaseConfig = config()) => {
	const encoder = new FfmpegBaseEncoder(options);
	const samples: Sample[] = [];
	for await (const sample of encodeAll(encoder, pictures)) samples.push(sample);
	return { samples, track: await encoder.track() };
};

const decode = async (track: BaseTrack, samples: readonly Sample[]): Promise<Picture[]> => {
	const pictures: Picture[] = [];
	for await (const picture of decodeAll(new FfmpegBaseDecoder(track), samples)) pictures.push(picture);
	return pictures;
};

const pictures = testPictures(46, 30, 13);

describe("the base by ffmpeg", () => {
	it("has a sample for each picture, with its time, and sync samples exactly at the key interval", async () => {
		const { samples, track } = await encode(pictures);
		expect(track).toMatchObject({ kind: "base", width: 46, height: 30 });
		expect(track.codec).toMatch(/^avc1\.6400[0-9a-f]{2}$/);
		expect(samples.map(({ timestamp, duration }) => [timestamp, duration])).toEqual(
			pictures.map(({ timestamp }) => [timestamp, 40_000]),
		);
		expect(samples.map(({ sync }) => sync)).toEqual(pictures.map((_, index) => index % 5 === 0));
	});

	it.each([
		[24_000, 1001],
		[15, 1],
		[60, 1],
	])("gives every picture back at %d/%d frames a second", async (numerator, denominator) => {
		const many = testPictures(46, 30, 40);
		const { samples, track } = await encode(
			many,
			config({ frameRate: { numerator, denominator }, keyInterval: 30 }),
		);
		expect(await decode(track, samples)).toHaveLength(40);
	});

	it("has sync samples at scene cuts where it is asked to, and goes on counting from there", async () => {
		const scenes = [40, 200, 90].flatMap((level, scene) =>
			testPictures(46, 30, 13).map((picture, i) => ({
				...picture,
				y: picture.y.map((_, at) => level + ((at * (3 + scene) * 7) % 23)),
				timestamp: (13 * scene + i) * 40_000,
			})),
		);
		const syncs = async (sceneCuts: boolean) => {
			const { samples } = await encode(scenes, { ...config({ keyInterval: 10 }), sceneCuts });
			return samples.flatMap(({ sync }, index) => (sync ? [index] : []));
		};
		expect(await syncs(false)).toEqual([0, 10, 20, 30]);
		expect(await syncs(true)).toEqual([0, 10, 13, 23, 26, 36]);
	});

	it("keeps the times of a variable frame rate", async () => {
		const uneven = pictures
			.slice(0, 4)
			.map((picture, index) => ({ ...picture, timestamp: 1000 + index * index * 7000 }));
		const { samples, track } = await encode(uneven);
		expect(samples.map(({ timestamp, duration }) => [timestamp, duration])).toEqual([
			[1000, 7000],
			[8000, 21_000],
			[29_000, 35_000],
			[64_000, 40_000],
		]);
		expect((await decode(track, samples)).map(({ timestamp }) => timestamp)).toEqual([1000, 8000, 29_000, 64_000]);
	});

	it.each([false, true])("decodes to pictures close to its source, full range %s", async (fullRange) => {
		const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange };
		const { samples, track } = await encode(pictures, config({ colour, rate: { crf: 8 } }));
		const decoded = await decode(track, samples);
		expect(decoded).toHaveLength(pictures.length);
		for (const [index, picture] of decoded.entries()) {
			const source = pictures[index];
			if (source === undefined) throw new Error("One picture too many.");
			// A conversion of the range on the way would cost far more than this.
			expect(measurePsnr(source, picture).y).toBeGreaterThan(38);
		}
	});

	it("decodes exactly as ffmpeg decodes the bare stream", async () => {
		const { samples, track } = await encode(pictures);
		const record = track.description;
		const spsLength = (record[6] ?? 0) * 256 + (record[7] ?? 0);
		const ppsAt = 8 + spsLength + 3;
		const ppsLength = (record[ppsAt - 2] ?? 0) * 256 + (record[ppsAt - 1] ?? 0);
		const startCode = [0, 0, 0, 1];
		const stream = concatenate([
			...[startCode, record.subarray(8, 8 + spsLength), startCode, record.subarray(ppsAt, ppsAt + ppsLength)],
			...samples.flatMap(({ data }) => [startCode, data.subarray(4)]), // one slice a picture
		]);
		const child = new FfmpegProcess([
			"-f",
			"h264",
			"-i",
			"pipe:0",
			"-fps_mode",
			"passthrough",
			"-f",
			"yuv4mpegpipe",
			"pipe:1",
		]);
		const [reader] = await Promise.all([readY4m(child.output()), child.write(stream).then(() => child.end())]);
		const expected: Picture[] = [];
		for await (const picture of reader.pictures) expected.push(picture);
		const strip = (list: readonly Picture[]) => list.map(({ y, u, v }) => ({ y, u, v }));
		expect(strip(await decode(track, samples))).toEqual(strip(expected));
	});

	it("gives the same bytes for the same pictures", async () => {
		expect(await encode(pictures)).toEqual(await encode(pictures));
	});

	it("follows a bitrate", async () => {
		const long = testPictures(96, 64, 50);
		const bits = async (bitrate: number) => {
			const { samples } = await encode(
				long,
				config({ width: 96, height: 64, keyInterval: 25, rate: { bitrate } }),
			);
			return samples.reduce((sum, { data }) => sum + data.length * 8, 0) / 2;
		};
		const [low, high] = [await bits(30_000), await bits(120_000)];
		expect(low).toBeLessThan(60_000);
		expect(high).toBeGreaterThan(1.5 * low);
	});

	it("ends in a typed error for a damaged sample", async () => {
		const { samples, track } = await encode(pictures);
		const damaged = samples.map((sample, index) =>
			index === 7 ? { ...sample, data: sample.data.map((byte, at) => (at < 5 ? byte : byte ^ 0xa5)) } : sample,
		);
		await expect(decode(track, damaged)).rejects.toMatchObject({ name: "CodecError" });
	});

	it("ends in `aborted` when it is told to stop", async () => {
		const controller = new AbortController();
		const encoder = new FfmpegBaseEncoder(config({ signal: controller.signal }));
		const reading = (async () => {
			for await (const sample of encodeAll(encoder, pictures)) {
				controller.abort();
				void sample;
			}
		})();
		await expect(reading).rejects.toMatchObject({ code: "aborted" });
	});

	it("refuses pictures of another size", async () => {
		await expect(encode(testPictures(48, 30, 1))).rejects.toMatchObject({ code: "invalid-picture" });
	});
});

describe("ffmpeg", () => {
	const endless = ["-f", "lavfi", "-i", "testsrc2=s=320x240", "-f", "rawvideo", "pipe:1"];

	it("can be closed while nobody reads what it writes", async () => {
		const child = new FfmpegProcess(endless);
		const output = child.output();
		expect((await output.next()).done).toBe(false);
		await child.close();
		await expect(output.next()).rejects.toMatchObject({ code: "aborted" });
	});

	it("ends by its signal while nobody reads what it writes", async () => {
		const controller = new AbortController();
		const child = new FfmpegProcess(endless, { signal: controller.signal });
		const output = child.output();
		expect((await output.next()).done).toBe(false);
		controller.abort();
		await child.close();
		await expect(output.next()).rejects.toMatchObject({ code: "aborted" });
	});

	it("is reported missing with what to do, where it is", async () => {
		const path = process.env["PATH"];
		process.env["PATH"] = "/nonexistent";
		try {
			await expect(runForText(["-version"], {})).rejects.toMatchObject({ code: "backend-unavailable" });
			await expect(encode(pictures)).rejects.toMatchObject({ code: "backend-unavailable" });
		} finally {
			process.env["PATH"] = path;
		}
	});

	it("passes its own last words on", async () => {
		await expect(runForText(["-i", "pipe:0", "-f", "null", "-"], {})).rejects.toMatchObject({
			code: "backend-failed",
			message: expect.stringContaining("pipe:0"),
		});
	});
});
