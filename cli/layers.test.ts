import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BufferSource, EncodedPacketSink, Input, MP4 } from "mediabunny";
import { createFile, type Movie, MP4BoxBuffer } from "mp4box";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeAll } from "../codec/base/base-codec.ts";
import { FfmpegBaseEncoder } from "../codec/base/ffmpeg-base.ts";
import { readMediaSegment } from "../codec/mp4/fragment-reader.ts";
import { readSample, writeSample } from "../codec/bitstream/sample.ts";
import { FragmentedFileWriter } from "../codec/mp4/fragmented-file.ts";
import { readInitSegment } from "../codec/mp4/init-reader.ts";
import { downscalePicture } from "../codec/picture/downscale.ts";
import type { Picture } from "../codec/picture/picture.ts";
import { measurePsnr } from "../codec/picture/quality.ts";
import { testPicture } from "../codec/picture/test-pictures.ts";
import { readY4m, writeY4m, type Y4mFormat } from "../codec/picture/y4m.ts";
import type { Sample } from "../codec/sample.ts";
import type { Report } from "./inspect.ts";
import { openFile } from "./layers.ts";
import { launchBrowser } from "../test/e2e/browser.ts";
import { crescendo } from "./test-io.ts";

/** No progress; one thread, because tests run side by side. */
const QUIET = ["--quiet", "--threads", "1"];

const COUNT = 7;
/** Odd on purpose: 52x36 is no multiple of 32, and its base, 14x10, none of 16. */
const format: Y4mFormat = {
	width: 51,
	height: 35,
	rate: { numerator: 24_000, denominator: 1001 },
	chroma: "420mpeg2",
	fullRange: false,
};

let folder = "";
const at = (name: string) => join(folder, name);
const sources: Picture[] = Array.from({ length: COUNT }, (_, time) => testPicture(51, 35, time));

const readPictures = async (path: string): Promise<{ format: Y4mFormat; pictures: Picture[] }> => {
	const bytes = await readFile(path);
	const reader = await readY4m(
		(async function* () {
			yield bytes;
		})(),
	);
	const pictures: Picture[] = [];
	for await (const picture of reader.pictures) pictures.push(picture);
	return { format: reader.format, pictures };
};

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "crescendo-layers-"));
	const chunks: Uint8Array[] = [];
	const pictures = (async function* () {
		yield* sources;
	})();
	for await (const chunk of writeY4m(format, pictures)) chunks.push(chunk);
	await writeFile(at("in.y4m"), Buffer.concat(chunks));
	// A group of three frames: 3 * 1001 / 24000 seconds
	const settings = ["--q", "20,45", "--gop", "0.125", "--hash", "every", ...QUIET];
	const { status, err } = await crescendo(["encode", at("in.y4m"), "-o", at("out.mp4"), ...settings]);
	if (status !== 0 || err !== "") throw new Error(`Encoding ended with ${status}: ${err}`);
});

afterAll(() => rm(folder, { recursive: true }));

describe("an encoded file", () => {
	it("has the layers that were asked for", async () => {
		const { status, out } = await crescendo(["inspect", at("out.mp4"), "--json"]);
		expect(status).toBe(0);
		const report: Report = JSON.parse(out);
		expect(report.layers).toMatchObject([
			{ track: 1, kind: "base", size: "14x10", samples: 7, syncSamples: 3 },
			{ track: 2, kind: "enhancement", codec: "sve1.01", size: "51x35", samples: 7, syncSamples: 3 },
			{ track: 3, kind: "enhancement", codec: "sve1.01", size: "51x35", samples: 7, syncSamples: 3 },
		]);
		expect(report.layers.slice(1).map(({ enhancement }) => enhancement)).toMatchObject([
			{ q: 20, baseTrack: 1, interQ: [24, 24], bidirectionalQ: [8, 8], pictureHashes: 7, damagedSamples: 0 },
			{ q: 45, baseTrack: 1, interQ: [49, 49], bidirectionalQ: [33, 33], pictureHashes: 7, damagedSamples: 0 },
		]);
		const { bytes, containerBytes, layers } = report;
		expect(bytes).toBe((await readFile(at("out.mp4"))).length);
		expect(bytes).toBe(containerBytes + layers.reduce((sum, layer) => sum + layer.bytes, 0));
		expect(report.seconds).toBeCloseTo((7 * 1001) / 24_000, 5);
	});

	it("is shown as a table too", async () => {
		const { out } = await crescendo(["inspect", at("out.mp4")]);
		expect(out).toMatch(/^track +layer +codec/);
		expect(out).toMatch(/^2 +enhancement +sve1\.01 +51x35 +7 +3 /m);
		expect(out).toMatch(
			/^track 2: q 20, intra frames \d+, inter frames 24, bidirectional frames 8, model [0-9a-f]{32}, base track 1/m,
		);
	});

	it("decodes to pictures whose hashes are the encoder's", async () => {
		const { status, out } = await crescendo(["verify", at("out.mp4"), "--json", ...QUIET]);
		expect(status).toBe(0);
		expect(JSON.parse(out)).toEqual({
			tracks: [
				{ track: 2, frames: 7, hashes: 7, different: 0 },
				{ track: 3, frames: 7, hashes: 7, different: 0 },
			],
		});
	});

	it("decodes in full to the size and rate of the source, finer for a higher quality", async () => {
		const means: number[] = [];
		for (const track of ["2", "3"]) {
			const output = at(`full-${track}.y4m`);
			const args = ["decode", at("out.mp4"), "--layer", "full", "--track", track, "-o", output, ...QUIET];
			expect(await crescendo(args)).toMatchObject({ status: 0, err: "" });
			const decoded = await readPictures(output);
			expect(decoded.format).toEqual(format);
			expect(decoded.pictures).toHaveLength(COUNT);
			const psnr = decoded.pictures.map((picture, index) => measurePsnr(sources[index] ?? picture, picture).y);
			means.push(psnr.reduce((sum, value) => sum + value, 0) / COUNT);
		}
		expect(means[1]).toBeGreaterThan(means[0] ?? Number.NaN);
	});

	it("decodes by default to its best enhancement, and to standard output where asked", async () => {
		const { status, bytes } = await crescendo(["decode", at("out.mp4"), "-o", "-", ...QUIET, "--frames", "2"]);
		expect(status).toBe(0);
		const best = await readFile(at("full-3.y4m"));
		expect(Buffer.from(bytes).equals(best.subarray(0, bytes.length))).toBe(true);
		await writeFile(at("two.y4m"), bytes);
		expect((await readPictures(at("two.y4m"))).pictures).toHaveLength(2);
	});

	it("has a base that is a plain video: ffmpeg decodes the file to the same pictures", async () => {
		expect(
			await crescendo(["decode", at("out.mp4"), "--layer", "base", "-o", at("base.y4m"), ...QUIET]),
		).toMatchObject({
			status: 0,
		});
		const args = ["-v", "error", "-i", at("out.mp4"), "-map", "0:v:0", "-fps_mode", "passthrough", at("plain.y4m")];
		await promisify(execFile)("ffmpeg", args);
		const [ours, theirs] = [await readPictures(at("base.y4m")), await readPictures(at("plain.y4m"))];
		expect(ours.format).toMatchObject({ width: 14, height: 10 });
		expect(ours.pictures.map(({ y, u, v }) => ({ y, u, v }))).toEqual(
			theirs.pictures.map(({ y, u, v }) => ({ y, u, v })),
		);
	});

	it("is read by mediabunny and mp4box as well", async () => {
		const bytes = new Uint8Array(await readFile(at("out.mp4")));
		const input = new Input({ formats: [MP4], source: new BufferSource(bytes) });
		const base = (await input.getVideoTracks()).find(({ id }) => id === 1);
		if (base === undefined) throw new Error("mediabunny finds no base.");
		expect(await base.getCodec()).toBe("avc");
		const keys: boolean[] = [];
		for await (const packet of new EncodedPacketSink(base).packets()) keys.push(packet.type === "key");
		expect(keys).toEqual([true, false, false, true, false, false, true]);

		const file = createFile();
		let movie: Movie | undefined;
		file.onReady = (info) => (movie = info);
		file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(bytes.buffer, 0), true);
		file.flush();
		expect(movie?.tracks.map(({ codec, nb_samples }) => [codec.split(".")[0], nb_samples])).toEqual([
			["avc1", 7],
			["sve1", 7],
			["sve1", 7],
		]);
	});

	it("plays in Chromium as the plain video that its base is", async () => {
		const body = await readFile(at("out.mp4"));
		const browser = await launchBrowser();
		try {
			const page = await browser.newPage();
			await page.route("https://file.test/**", (route) =>
				route.fulfill(
					route.request().url().endsWith(".mp4")
						? { contentType: "video/mp4", body }
						: { contentType: "text/html", body: '<!doctype html><video muted src="/out.mp4"></video>' },
				),
			);
			await page.goto("https://file.test/");
			const shown = await page.evaluate(async () => {
				const video = document.querySelector("video");
				if (video === null) return "no element";
				const ended = new Promise<string>((resolve) => {
					video.addEventListener("ended", () => resolve(`${video.videoWidth}x${video.videoHeight}`));
					video.addEventListener("error", () => resolve(video.error?.message ?? "failed"));
				});
				await video.play();
				return ended;
			});
			expect(shown).toBe("14x10");
		} finally {
			await browser.close();
		}
	});

	it("comes out the same when it is made again", async () => {
		const settings = ["--q", "20,45", "--gop", "0.125", "--hash", "every", ...QUIET, "--json"];
		const { status, out } = await crescendo(["encode", at("in.y4m"), "-o", at("again.mp4"), ...settings]);
		expect(status).toBe(0);
		expect(JSON.parse(out)).toMatchObject({ frames: 7, width: 51, height: 35, keyInterval: 3 });
		expect(await readFile(at("again.mp4"))).toEqual(await readFile(at("out.mp4")));
	});
});

describe("a damaged file", () => {
	/** Where the data of sample `index` of a track stand in the file. */
	const locate = async (trackId: number, index: number) => {
		const bytes = new Uint8Array(await readFile(at("out.mp4")));
		const moof = new TextDecoder("latin1").decode(bytes).indexOf("moof") - 4;
		const { tracks } = readInitSegment(bytes.subarray(0, moof));
		const samples = readMediaSegment(bytes.subarray(moof), tracks)
			.filter((fragment) => fragment.trackId === trackId)
			.flatMap((fragment) => fragment.samples);
		const data = samples[index]?.data;
		if (data === undefined) throw new Error("No such sample.");
		return { bytes, data };
	};

	it("with a flipped bit in an enhancement decodes to its base, and the enhancement ends in one line", async () => {
		const { bytes, data } = await locate(2, 4);
		data[data.length >> 1] = (data[data.length >> 1] ?? 0) ^ 0x10;
		await writeFile(at("flipped.mp4"), bytes);
		const full = await crescendo(["decode", at("flipped.mp4"), "--track", "2", "-o", at("x.y4m"), ...QUIET]);
		expect(full).toMatchObject({ status: 2, err: expect.stringContaining("check sum") });
		expect(await readdir(folder)).not.toContain("x.y4m");
		expect((await crescendo(["verify", at("flipped.mp4"), ...QUIET])).status).toBe(2);
		const { out } = await crescendo(["inspect", at("flipped.mp4"), "--json"]);
		expect(JSON.parse(out).layers[1].enhancement.damagedSamples).toBe(1);
		const base = await crescendo(["decode", at("flipped.mp4"), "--layer", "base", "-o", at("b.y4m"), ...QUIET]);
		expect(base.status).toBe(0);
		expect(await readFile(at("b.y4m"))).toEqual(await readFile(at("base.y4m")));
	});

	it("with another base under the enhancement is told apart", async () => {
		const encoder = new FfmpegBaseEncoder({
			...{ width: 14, height: 10, frameRate: format.rate, keyInterval: 3, rate: { crf: 48 } },
			colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
		});
		const samples: Sample[] = [];
		for await (const sample of encodeAll(encoder, sources.map(downscalePicture))) samples.push(sample);
		const file = await openFile(at("out.mp4"));
		const [base, enhancement] = file.reader.tracks;
		if (base === undefined || enhancement === undefined) throw new Error("Two layers are missing.");
		const writer = new FragmentedFileWriter([{ ...base, track: await encoder.track() }, enhancement]);
		const parts = [writer.header(), writer.fragment(base.id, samples)];
		for await (const fragment of file.reader.fragments([enhancement.id])) {
			parts.push(writer.fragment(enhancement.id, fragment.samples));
			break;
		}
		await file.close();
		await writeFile(at("other-base.mp4"), Buffer.concat(parts));
		const { status, err } = await crescendo(["verify", at("other-base.mp4"), ...QUIET]);
		expect([status, err]).toEqual([
			2,
			expect.stringMatching(/^crescendo verify: The base picture at 0 us hashes to .*\n$/),
		]);
	});

	it("whose picture hash is another's is told by verify and decode with status 1", async () => {
		const file = await openFile(at("out.mp4"));
		const [base, enhancement] = file.reader.tracks;
		if (base === undefined || enhancement === undefined) throw new Error("Two layers are missing.");
		const writer = new FragmentedFileWriter([base, enhancement]);
		const parts = [writer.header()];
		for await (const { trackId, samples } of file.reader.fragments([base.id, enhancement.id])) {
			const changed = samples.map((sample) => {
				if (trackId !== enhancement.id || sample.timestamp !== 41_708) return sample;
				const read = readSample(sample.data);
				return { ...sample, data: writeSample({ ...read, pictureHash: (read.pictureHash ?? 0) ^ 1 }) };
			});
			parts.push(writer.fragment(trackId, changed));
		}
		await file.close();
		await writeFile(at("hash.mp4"), Buffer.concat(parts));
		const verified = await crescendo(["verify", at("hash.mp4"), "--json", ...QUIET]);
		expect(verified).toMatchObject({ status: 1, err: "crescendo verify: 1 pictures differ from their hashes\n" });
		expect(JSON.parse(verified.out)).toEqual({ tracks: [{ track: 2, frames: 7, hashes: 7, different: 1 }] });
		const decoded = await crescendo(["decode", at("hash.mp4"), "-o", at("x.y4m"), ...QUIET]);
		expect(decoded.status).toBe(1);
		expect(decoded.err.trimEnd().split("\n")).toHaveLength(1);
	});

	it("made with another model says which model it needs", async () => {
		const bytes = new Uint8Array(await readFile(at("out.mp4")));
		for (let from = 0; ;) {
			const found = new TextDecoder("latin1").decode(bytes).indexOf("sveC", from);
			if (found < 0) break;
			bytes[found + 5] = (bytes[found + 5] ?? 0) ^ 0xff;
			from = found + 4;
		}
		await writeFile(at("model.mp4"), bytes);
		const { status, err } = await crescendo(["decode", at("model.mp4"), "-o", at("x.y4m"), ...QUIET]);
		expect([status, err]).toEqual([
			2,
			expect.stringMatching(/needs model [0-9a-f]{32}, which this package does not have/),
		]);
	});

	it("that was cut short is refused", async () => {
		const bytes = await readFile(at("out.mp4"));
		await writeFile(at("short.mp4"), bytes.subarray(0, bytes.length - 10));
		for (const command of [["inspect"], ["verify", ...QUIET], ["decode", "-o", at("x.y4m"), ...QUIET]]) {
			const { status } = await crescendo([...command, at("short.mp4")]);
			expect(status).toBe(2);
		}
		expect(await readdir(folder)).not.toContain("x.y4m");
	});

	it("without an enhancement is refused by verify with a hint, and track ids are checked", async () => {
		expect(await crescendo(["decode", at("out.mp4"), "--track", "1", "-o", at("x.y4m")])).toMatchObject({
			status: 2,
			err: expect.stringContaining("--track 1 is no enhancement; there are 3, 2"),
		});
	});
});

describe("a video with sound", () => {
	it("keeps its AAC untouched, cut where the pictures end", async () => {
		const make = (args: string[]) => promisify(execFile)("ffmpeg", ["-v", "error", "-y", ...args]);
		await make([
			...["-f", "lavfi", "-i", "testsrc2=s=48x32:r=25:d=1", "-f", "lavfi", "-i", "sine=440:r=44100:d=1"],
			...["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", at("sound.mp4")],
		]);
		const args = ["encode", at("sound.mp4"), "-o", at("sound-out.mp4"), "--frames", "4", "--gop", "0.08", ...QUIET];
		expect(await crescendo(args)).toMatchObject({ status: 0, err: "" });
		const report: Report = JSON.parse((await crescendo(["inspect", at("sound-out.mp4"), "--json"])).out);
		const audio = report.layers.find(({ kind }) => kind === "audio");
		// 0.16 seconds are 6.9 frames of 1024 samples.
		expect(audio).toMatchObject({ codec: "mp4a.40.2", size: "44100 Hz x1", samples: 7 });
		const without = await crescendo([...args, "--audio", "none"]);
		expect(without.status).toBe(0);
		const silent: Report = JSON.parse((await crescendo(["inspect", at("sound-out.mp4"), "--json"])).out);
		expect(silent.layers.map(({ kind }) => kind)).toEqual(["base", "enhancement"]);
	});
});

describe("an interrupted command", () => {
	it("ends with status 130 and leaves no file", async () => {
		// A minute of video, which no machine encodes before it is told to stop.
		await promisify(execFile)("ffmpeg", [
			...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=96x64:rate=25:duration=60"],
			...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", at("minute.mp4")],
		]);
		const controller = new AbortController();
		const before = await readdir(folder);
		const encoding = crescendo(["encode", at("minute.mp4"), "-o", at("never.mp4"), ...QUIET], controller.signal);
		setTimeout(() => controller.abort(), 300);
		expect(await encoding).toMatchObject({ status: 130, out: "", err: "crescendo encode: interrupted\n" });
		expect(await readdir(folder)).toEqual(before);
	});
});
