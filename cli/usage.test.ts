import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeInitSegment } from "../codec/mp4/init-segment.ts";
import { avcTrack } from "../codec/mp4/test-tracks.ts";
import { y4mHeader } from "../codec/picture/y4m.ts";
import { frameRateOf } from "./frame-rate.ts";
import { crescendo } from "./test-io.ts";

let folder = "";
const at = (name: string) => join(folder, name);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "crescendo-usage-"));
	const rate = { numerator: 25, denominator: 1 };
	const header = (width: number) => y4mHeader({ width, height: 32, rate, chroma: "420jpeg", fullRange: false });
	await writeFile(at("empty.mp4"), "");
	await writeFile(at("text.mp4"), "This is no video at all, and it is long enough to look for boxes in.\n");
	await writeFile(at("444.y4m"), "YUV4MPEG2 W32 H32 F25:1 C444\nFRAME\n");
	await writeFile(at("cut.y4m"), Buffer.concat([header(32), Buffer.from("FRAME\nabc")]));
	await writeFile(at("narrow.y4m"), Buffer.concat([header(8), Buffer.from("FRAME\n"), Buffer.alloc(8 * 32 * 1.5)]));
	await writeFile(at("none.y4m"), header(32));
	await writeFile(at("header.mp4"), writeInitSegment([{ id: 1, track: avcTrack, timescale: 1_000_000 }]));
});

afterAll(() => rm(folder, { recursive: true }));

describe("help", () => {
	it("lists the commands and tells of each", async () => {
		const { status, out, err } = await crescendo(["--help"]);
		expect([status, err]).toEqual([0, ""]);
		for (const name of ["encode", "decode", "inspect", "verify", "upload"]) {
			expect(out).toContain(name);
			const help = await crescendo([name, "--help"]);
			expect([help.status, help.out]).toEqual([0, expect.stringContaining(`Usage: crescendo ${name} `)]);
			expect((await crescendo(["help", name])).out).toBe(help.out);
		}
	});

	it("is shown, with status 2, to who asks for nothing", async () => {
		expect(await crescendo([])).toMatchObject({ status: 2, out: "", err: expect.stringContaining("Usage:") });
	});
});

describe("a command line that cannot be", () => {
	it.each([
		["an unknown command", ["transcode", "x"], '"transcode" is no command'],
		["an unknown flag", ["encode", "x", "-o", "y", "--quality", "5"], "'--quality'"],
		["an unknown short flag", ["encode", "x", "-x", "y"], "'-x'"],
		["a flag twice", ["encode", "x", "-o", "y", "-o", "z"], "-o is given twice"],
		["no output", ["encode", "x"], "-o is missing"],
		["no input", ["encode", "-o", "y"], "IN is missing"],
		["two inputs", ["encode", "x", "z", "-o", "y"], '"z" is one argument too many'],
		["a flag without its value", ["encode", "x", "-o"], "'-o"],
		[
			"a quality that is no number",
			["encode", "x", "-o", "y", "--q", "high"],
			'--q must be an integer from 0 to 63, not "high"',
		],
		["a quality beyond 63", ["encode", "x", "-o", "y", "--q", "64"], "--q must be"],
		["a quality with a fraction", ["encode", "x", "-o", "y", "--q", "3.5"], "--q must be"],
		["a quality in hexadecimal", ["encode", "x", "-o", "y", "--q", "0x10"], "--q must be"],
		["an empty quality", ["encode", "x", "-o", "y", "--q", "32,"], "--q must be"],
		["a quality twice", ["encode", "x", "-o", "y", "--q", "32,32"], "--q names a quality twice"],
		["a negative number", ["encode", "x", "-o", "y", "--gop=-1"], "--gop must be"],
		["an exponent", ["encode", "x", "-o", "y", "--gop", "1e1"], "--gop must be"],
		["no frames", ["encode", "x", "-o", "y", "--frames", "0"], "--frames must be"],
		[
			"a base that takes all of the bitrate",
			["encode", "x", "-o", "y", "--bitrate", "90000", "--base-bitrate", "90000"],
			"below",
		],
		["a quality and a bitrate", ["encode", "x", "-o", "y", "--q", "9", "--bitrate", "90000"], "exclude"],
		[
			"two ways to rate the base",
			["encode", "x", "-o", "y", "--base-crf", "9", "--base-bitrate", "9000"],
			"exclude",
		],
		["the neural base", ["encode", "x", "-o", "y", "--base", "neural"], "not part of this version"],
		["another base", ["encode", "x", "-o", "y", "--base", "hevc"], "--base must be avc or neural"],
		["another backend", ["verify", "x", "--backend", "cuda"], "--backend must be native or wasm"],
		["threads on WASM", ["verify", "x", "--backend", "wasm", "--threads", "4"], "computes on one thread"],
		["another layer", ["decode", "x", "-o", "y", "--layer", "top"], "--layer must be base or full"],
		["a track of the base", ["decode", "x", "-o", "y", "--layer", "base", "--track", "2"], "--track goes with"],
		["two results on standard output", ["decode", "x", "-o", "-", "--json"], "both want standard output"],
		["two results on standard output", ["encode", "x", "-o", "-", "--json"], "both want standard output"],
		[
			"an endpoint that is no address",
			["upload", "x", "--endpoint", "nowhere", "--token", "t"],
			"--endpoint must be",
		],
		[
			"an endpoint of another protocol",
			["upload", "x", "--endpoint", "file:///", "--token", "t"],
			"--endpoint must be",
		],
	])("is refused in one line with status 2: %s", async (_, args, message) => {
		const { status, out, err } = await crescendo(args);
		expect([status, out]).toEqual([2, ""]);
		expect(err).toContain(message);
		expect(err.trimEnd().split("\n")).toHaveLength(1);
	});
});

describe("a file that cannot be", () => {
	it.each([
		["no file", ["encode", "missing.mp4"], "there is no such file"],
		["a folder", ["encode", "."], "no regular file"],
		["an empty file", ["encode", "empty.mp4"], "is empty"],
		["no video", ["encode", "text.mp4"], "is no video that ffmpeg reads"],
		[
			"a header and nothing behind it",
			["encode", "header.mp4"],
			/has no picture that ffmpeg can decode; ffmpeg failed: .+\. The file may/,
		],
		["an address", ["encode", "https://example.com/video.mp4"], "there is no such file"],
		["another sampling", ["encode", "444.y4m"], "C444"],
		["a stream that was cut", ["encode", "cut.y4m"], "ends inside frame 0"],
		["pictures that are too small", ["encode", "narrow.y4m"], "8x32 cannot be coded"],
		["a stream without pictures", ["encode", "none.y4m"], "no frames"],
		["no file to decode", ["decode", "missing.mp4"], "there is no such file"],
		["a text to decode", ["decode", "text.mp4"], "Box"],
		["a text to inspect", ["inspect", "text.mp4"], "Box"],
		["a text to verify", ["verify", "text.mp4"], "Box"],
	])(
		"is refused in one line with status 2, and nothing is left behind: %s",
		async (_, [command = "", name = ""], message) => {
			const before = await readdir(folder);
			const path = name.includes(":") ? name : at(name);
			const output = command === "encode" || command === "decode" ? ["-o", at("out.bin"), "--quiet"] : [];
			const { status, out, err } = await crescendo([command, path, ...output]);
			expect(err).toMatch(message);
			expect([status, out]).toEqual([2, ""]);
			expect(err.trimEnd().split("\n")).toHaveLength(1);
			expect(await readdir(folder)).toEqual(before);
		},
	);

	it("is not to blame where ffmpeg is killed", async () => {
		const path = process.env["PATH"];
		const tools = await mkdtemp(join(tmpdir(), "crescendo-tools-"));
		await writeFile(join(tools, "ffmpeg"), "#!/bin/sh\nkill -9 $$\n", { mode: 0o755 });
		process.env["PATH"] = `${tools}:${path}`;
		try {
			const { status, err } = await crescendo(["encode", at("header.mp4"), "-o", at("out.bin"), "--quiet"]);
			expect([status, err]).toEqual([1, expect.stringContaining("ffmpeg was killed (SIGKILL)")]);
		} finally {
			process.env["PATH"] = path;
			await rm(tools, { recursive: true });
		}
	});

	it("is also a place to write that does not exist", async () => {
		const { status, err } = await crescendo(["encode", at("none.y4m"), "-o", at("nowhere/out.mp4")]);
		expect([status, err]).toEqual([2, expect.stringContaining("there is no such file")]);
	});
});

describe("the frame rate of samples", () => {
	it("is found through rounding to microseconds", () => {
		for (const [numerator, denominator] of [
			[24_000, 1001],
			[24, 1],
			[25, 1],
			[30_000, 1001],
			[60, 1],
			[25, 2],
		] as const) {
			const count = 48;
			const total = Math.round((count * 1_000_000 * denominator) / numerator);
			expect(frameRateOf(total / count, count)).toEqual({ numerator, denominator });
		}
	});

	it("is a multiple of a thousandth where it is no usual one", () => {
		expect(frameRateOf(300_000, 10)).toEqual({ numerator: 3333, denominator: 1000 });
	});
});
