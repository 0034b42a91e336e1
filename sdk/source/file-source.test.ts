import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import { CORPUS } from "../testing/corpus.ts";
import type { CorpusFile } from "../testing/corpus.ts";
import type { Fault } from "../testing/edge-double.ts";
import type { SourceAccount, SourceRefusal } from "../testing/page.ts";

let bench: BrowserBench;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "crescendo-corpus-"));
	bench = await openBrowser(folder);
});

afterAll(async () => {
	await bench?.close();
	rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
	bench.edge.fault = () => undefined;
});

/** Opens a file of the corpus in Chromium and reads all of it from `from` microseconds on. */
const read = async (name: CorpusFile, from = 0): Promise<SourceAccount | SourceRefusal> => {
	CORPUS[name](folder);
	return bench.page.evaluate(([address, start]) => globalThis.bench.readSource(address, start), [
		`/fixtures/${name}`,
		from,
	] as const);
};

const accepted = async (name: CorpusFile, from = 0): Promise<SourceAccount> => {
	const account = await read(name, from);
	expect(account).not.toHaveProperty("refused");
	return account as SourceAccount;
};

describe("sources in Chromium", () => {
	it("mp4, H.264 with B frames, stereo AAC: sound is copied", async () => {
		const account = await accepted("avc-aac.mp4");
		expect(account).toMatchObject({ width: 320, height: 180, rotation: 0, warnings: [] });
		expect(account.frameRate).toBeCloseTo(25, 1);
		expect(account.timestamps).toEqual(Array.from({ length: 75 }, (_, index) => index * 40_000));
		expect(account.audio).toMatchObject({ made: "copied", codec: "mp4a.40.2", channels: 2, sampleRate: 48_000 });
		expect(account.audio?.description).toBeGreaterThanOrEqual(2);
		expect(account.sound.end).toBeGreaterThan(2_900_000);
		expect(account.sound.first).toBeLessThan(25_000);
	});

	it("begins at a time that is asked for", async () => {
		const account = await accepted("avc-aac.mp4", 2_000_000);
		expect(account.timestamps[0]).toBe(2_000_000);
		expect(account.timestamps.length).toBe(25);
	});

	it("webm, VP9 with Opus: sound is copied", async () => {
		const account = await accepted("vp9-opus.webm");
		expect(account.timestamps.length).toBe(60);
		expect(account.audio).toMatchObject({ made: "copied", codec: "opus", channels: 2, description: 11 });
	});

	it("mp4, AV1", async () => {
		expect((await accepted("av1.mp4")).timestamps.length).toBe(25);
	});

	it("HEVC: decoded where the browser does, else refused", async () => {
		const account = await read("hevc.mp4");
		const whole = "timestamps" in account && account.timestamps.length === 25;
		const refused = "refused" in account && account.refused === "source-undecodable" && account.hint;
		expect([whole, refused]).toContain(true);
	});

	it("4K: every picture, whole", async () => {
		const account = await accepted("four-k.mp4");
		expect(account.sizes).toEqual(Array.from({ length: 5 }, () => "3840x2160"));
	});

	it("webm, VP8 without sound", async () => {
		const account = await accepted("vp8.webm");
		expect(account.timestamps.length).toBe(25);
		expect(account.audio).toBeUndefined();
	});

	it("mov with PCM: sound is encoded", async () => {
		const account = await accepted("avc-pcm.mov");
		expect(account.timestamps.length).toBe(48);
		expect(account.audio?.made).toBe("encoded");
		expect(account.sound.end).toBeGreaterThan(1_900_000);
	});

	it("mkv with MP3: sound is encoded", async () => {
		const account = await accepted("avc-mp3.mkv");
		expect(account.timestamps.length).toBe(25);
		expect(account.audio?.made).toBe("encoded");
	});

	it.each(["vorbis.webm", "flac.mkv"] as const)("%s: sound is encoded", async (name) => {
		const account = await accepted(name);
		expect(account.audio).toMatchObject({ made: "encoded", channels: 2 });
		expect(account.warnings).toEqual([]);
		expect(account.sound.end).toBeGreaterThan(900_000);
	});

	it("sound that the browser does not decode is left out, and that is said", async () => {
		const account = await accepted("ac3.mp4");
		expect(account.timestamps.length).toBe(25);
		// A browser with a decoder for it encodes it again instead.
		expect(account.audio === undefined).toBe(account.warnings.includes("audio-dropped"));
	});

	it("5.1 sound becomes stereo, and that is said", async () => {
		const account = await accepted("surround.mp4");
		expect(account.audio).toMatchObject({ made: "encoded", channels: 2 });
		expect(account.warnings).toContain("audio-downmixed");
		expect(account.sound.end).toBeGreaterThan(1_900_000);
	});

	it("of several sound tracks the primary one is taken, and that is said", async () => {
		const account = await accepted("languages.mp4");
		expect(account.audio).toMatchObject({ channels: 2 });
		expect(account.warnings).toEqual(["extra-tracks"]);
	});

	it("odd sizes keep every row and column", async () => {
		const account = await accepted("odd.webm");
		expect(new Set(account.sizes)).toEqual(new Set(["333x187"]));
	});

	it("rotation is applied", async () => {
		const upright = await accepted("silent.mp4");
		expect(upright.rotation).toBe(0);
		const account = await accepted("rotated.mp4");
		expect(account).toMatchObject({ width: 180, height: 320, rotation: 90 });
		expect(new Set(account.sizes)).toEqual(new Set(["180x320"]));
	});

	it("a variable rate keeps its times without gaps", async () => {
		const account = await accepted("variable.mp4");
		expect(account.timestamps.length).toBe(60);
		for (let i = 1; i < account.timestamps.length; i++) {
			expect((account.timestamps[i - 1] ?? 0) + (account.durations[i - 1] ?? 0)).toBe(account.timestamps[i]);
		}
		expect(account.durations[10]).toBe(20_000);
		expect(account.durations[55]).toBe(200_000);
	});

	it("an edit list is obeyed: frames before its start are hidden", async () => {
		const account = await accepted("edited.mp4");
		expect(account.timestamps).toEqual(Array.from({ length: 45 }, (_, index) => index * 40_000));
		expect(account.duration).toBeCloseTo(1.8, 1);
	});

	it("pixels that are not square: the shown size is told", async () => {
		expect(await accepted("anamorphic.mp4")).toMatchObject({ width: 320, height: 180 });
	});

	it("full range becomes limited", async () => {
		const account = await accepted("full-range.mp4");
		expect(account.corner[0]).toBeGreaterThanOrEqual(233);
		expect(account.corner[0]).toBeLessThanOrEqual(236);
	});

	it("4:4:4 becomes 4:2:0", async () => {
		expect((await accepted("four-four-four.webm")).timestamps.length).toBe(25);
	});

	it("ten bits become eight", async () => {
		expect((await accepted("ten-bit.mp4")).timestamps.length).toBe(25);
	});

	it("pictures that begin later than the sound: both keep their distance", async () => {
		const account = await accepted("offset.mkv");
		expect(account.timestamps[0]).toBe(0);
		expect(account.sound.end).toBeGreaterThan(2_300_000);
		expect(account.sound.end).toBeLessThan(2_700_000);
	});

	it("a file that breaks off gives what it has, and says so", async () => {
		const account = await accepted("cut.mp4");
		expect(account.timestamps.length).toBeGreaterThan(10);
		expect(account.timestamps.length).toBeLessThan(75);
		expect(account.warnings).toContain("truncated");
	});

	it("a file with noise in its second half ends in one of the two honest ways", async () => {
		const account = await accepted("scrambled.mp4");
		expect(account.timestamps.length).toBeGreaterThan(10);
	});

	const readAddress = (address: string): Promise<SourceAccount | SourceRefusal> =>
		bench.page.evaluate((path) => globalThis.bench.readSource(path, 0, "address"), address);

	it("an address whose server is unwell, and whose network breaks off, is read to its end", async () => {
		CORPUS["avc-aac.mp4"](folder);
		const faults: Fault[] = [{ status: 503 }, "lose answer", { status: 503 }, { status: 429 }];
		bench.edge.fault = () => faults.shift();
		const account = await readAddress("/fixtures/avc-aac.mp4");
		expect(account).toMatchObject({ width: 320, height: 180, warnings: [] });
		expect(account).toHaveProperty("timestamps.length", 75);
		expect(faults).toEqual([]);
	});

	it("an address that nothing is at says so, and not that a file is damaged", async () => {
		const refusal = await readAddress("/fixtures/nothing.mp4");
		expect(refusal).toEqual({ refused: "source-unreadable", hint: true, status: 404 });
	});

	const refusals: readonly (readonly [CorpusFile, string])[] = [
		["empty.mp4", "source-empty"],
		["text.mp4", "source-unreadable"],
		["no-index.mp4", "source-unreadable"],
		["sound-only.m4a", "source-no-video"],
		["tiny.mp4", "source-size"],
		["wide.webm", "source-size"],
		["hdr.webm", "source-hdr"],
		["hlg.webm", "source-hdr"],
		["alpha.webm", "source-alpha"],
		["interlaced.mp4", "source-interlaced"],
		["camcorder.ts", "source-unreadable"],
	];
	it.each(refusals)("refuses %s as %s, with a hint", async (name, code) => {
		expect(await read(name)).toEqual({ refused: code, hint: true });
	});
});
