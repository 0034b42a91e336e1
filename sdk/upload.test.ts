import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { frameTypeOf } from "../codec/bitstream/frame-header.ts";
import { decodePart } from "../protocol/part.ts";
import type { UploadOptions } from "./index.ts";
import { openBrowser } from "./testing/browser.ts";
import type { BrowserBench } from "./testing/browser.ts";
import { CORPUS } from "./testing/corpus.ts";
import type { CorpusFile } from "./testing/corpus.ts";
import { decodeBase, decodeEnhanced } from "./testing/decode.ts";
import type { UploadAccount } from "./testing/page.ts";

type Options = Pick<
	UploadOptions,
	"backend" | "enhancements" | "gopSeconds" | "maxSize" | "patience" | "preview" | "resume" | "title"
> & {
	readonly token?: string;
	readonly worker?: "auto" | "none";
};

/** Tests that compute networks or load the page several times, on a machine that has other things to do. */
const SLOW = { timeout: 300_000 };

let bench: BrowserBench;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "crescendo-upload-"));
	bench = await openBrowser(folder);
});

afterAll(async () => {
	await bench?.close();
	rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
	bench.edge.assets.clear();
	bench.edge.log.length = 0;
	bench.order.length = 0;
	bench.edge.fault = () => undefined;
	bench.edge.hold = () => undefined;
	bench.edge.tokens = new Set(["good"]);
});

const begin = async (name: CorpusFile, options: Options = {}): Promise<number> => {
	CORPUS[name](folder);
	return bench.page.evaluate(([address, given]) => globalThis.bench.beginUpload(address, given), [
		`/fixtures/${name}`,
		{ backend: "none", ...options },
	] as const);
};

const finish = (id: number): Promise<UploadAccount> =>
	bench.page.evaluate((upload) => globalThis.bench.finishUpload(upload), id);

const upload = async (name: CorpusFile, options: Options = {}): Promise<UploadAccount> =>
	finish(await begin(name, options));

const uploaded = async (name: CorpusFile, options: Options = {}): Promise<UploadAccount> => {
	const account = await upload(name, options);
	expect(account.error).toBeUndefined();
	expect(account.states.at(-1)).toBe("done");
	expect(bench.edge.only().completed).toBe(true);
	return account;
};

/** Nothing that is sent is looked at before. */
const holdParts = (until: Promise<void>) => (request: string) => (request.startsWith("PUT") ? until : undefined);

const control = (id: number, action: "pause" | "resume" | "abort"): Promise<string> =>
	bench.page.evaluate(([which, what]) => globalThis.bench.control(which, what), [id, action] as const);

describe("uploads from Chromium", () => {
	it("mp4: base and sound arrive whole, in groups of two seconds", async () => {
		const account = await uploaded("avc-aac.mp4");
		const asset = bench.edge.only();
		expect(asset.request).toMatchObject({ width: 320, height: 180, title: "avc-aac" });
		const base = asset.samples("base");
		expect(base.map(({ timestamp }) => timestamp)).toEqual(
			Array.from({ length: 75 }, (_, index) => index * 40_000),
		);
		expect(base[0]?.sync).toBe(true);
		expect(base[50]?.sync).toBe(true);
		const sound = asset.samples("audio");
		expect(sound.every(({ sync }) => sync)).toBe(true);
		expect(sound.at(-1)?.timestamp).toBeGreaterThan(2_900_000);
		expect((await decodeBase(asset)).length).toBe(75);
		expect([...(asset.extras.get("poster") ?? [])].slice(0, 2)).toEqual([0xff, 0xd8]);
		const board = decodePart(asset.extras.get("storyboard") ?? new Uint8Array());
		expect(board.map(({ timestamp }) => timestamp)).toEqual([0, 2_000_000]);
		expect(board.map(({ data }) => [...data.subarray(0, 2)])).toEqual([
			[0xff, 0xd8],
			[0xff, 0xd8],
		]);
		expect(account.events).toContain("playable");
		expect(account.result).toMatchObject({ frames: 75, backend: { kind: "none" } });
		expect(account.last).toMatchObject({ framesDecoded: 75, framesUploaded: 75, framesTotal: 75, bytesPending: 0 });
	});

	it("enhancement by WASM, all stages side by side: Node decodes exactly what the browser coded", SLOW, async () => {
		// What the enhancement needs is not given out before the whole base came, and its first part is not looked at before the last one
		// came. Stages that take turns would wait for each other forever.
		const [base, last] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		bench.edge.hold = (request) => {
			if (request.endsWith("/base/parts/2")) base.resolve();
			if (request.endsWith("/e40/parts/1")) last.resolve();
			return request.endsWith(".onnx")
				? base.promise
				: request.endsWith("/e20/parts/0")
					? last.promise
					: undefined;
		};
		// The network goes away in the middle of each of the model's files.
		const broken = new Set<string>();
		bench.edge.fault = (method, path) =>
			method === "GET" && path.startsWith("/models/") && !broken.has(path) && broken.add(path)
				? "lose answer"
				: undefined;
		const account = await uploaded("moment.mp4", { backend: "wasm", gopSeconds: 0.5, enhancements: [20, 40] });
		const asset = bench.edge.only();
		expect(account.result?.backend).toMatchObject({ kind: "wasm", width: 96, height: 64 });
		expect(account.result?.backend.description).toContain("thread");
		expect(asset.request.tracks.map(({ id }) => id)).toEqual(["base", "e20", "e40"]);
		const under = asset.samples("base");
		for (const track of ["e20", "e40"]) {
			const samples = asset.samples(track);
			expect(samples.map(({ timestamp, sync }) => ({ timestamp, sync }))).toEqual(
				under.map(({ timestamp, sync }) => ({ timestamp, sync })),
			);
			const types = samples.map(({ data }) => frameTypeOf(data));
			// Ten frames, and four: each second one but the last is coded after the one behind it.
			expect(types.flatMap((type, index) => (type === "bidirectional" ? [index] : []))).toEqual([1, 3, 5, 7, 11]);
			const pictures = await decodeEnhanced(asset, track);
			expect(pictures.length).toBe(14);
			expect(pictures[13]).toMatchObject({ width: 96, height: 64 });
		}
		expect([...broken].filter((path) => path.endsWith(".onnx")).length).toBeGreaterThan(5);
		// What computes on a processor is part of the script.
		expect(bench.order.filter((path) => path.endsWith(".wasm"))).toEqual([]);
		// What makes the link work, a group of the base and the first picture after it, was at the edge before anything was loaded that
		// the enhancement needs.
		const loaded = bench.order.findIndex((path) => path.endsWith(".onnx"));
		const before = bench.order.slice(0, loaded).filter((path) => path.startsWith("PUT "));
		expect(loaded).toBeGreaterThan(0);
		expect(before.map((path) => path.replace(/^.*tracks\//, ""))).toEqual(
			expect.arrayContaining(["base/parts/0", "base/parts/1"]),
		);
	});

	it("tells how far it is in the middle of a group, while a processor computes", SLOW, async () => {
		const id = await begin("avc-aac.mp4", { backend: "wasm", gopSeconds: 10, patience: 1000, resume: false });
		const coded = () =>
			bench.page.evaluate((upload) => globalThis.bench.progressOf(upload)?.framesEncoded ?? 0, id);
		await expect.poll(coded, { timeout: 200_000 }).toBeGreaterThan(0);
		// All 75 are one group, and take seconds.
		expect(await coded()).toBeLessThan(60);
		expect(await control(id, "abort")).toBe("aborted");
		expect((await finish(id)).error?.code).toBe("aborted");
	});

	it("uploads a base that stands alone where the page's policy forbids WebAssembly", async () => {
		CORPUS["moment.mp4"](folder);
		const page = await bench.another("strict");
		const [account, refused] = await page
			.evaluate(async () => {
				const options = { gopSeconds: 0.5, worker: "none", resume: false } as const;
				const begin = (backend: "auto" | "wasm") =>
					globalThis.bench.upload("/fixtures/moment.mp4", { ...options, backend });
				return [await begin("auto"), await begin("wasm")] as const;
			})
			.finally(() => page.close());
		expect(account.error).toBeUndefined();
		expect(account.result?.backend).toMatchObject({ kind: "none", givenUp: ["enhancement"] });
		expect(account.result?.backend.notice).toMatch(/^Only the base is uploaded.*may not compile WebAssembly/);
		expect(account.result?.warnings.map(({ code }) => code)).toEqual(["enhancement-unavailable"]);
		expect(refused.error).toMatchObject({ code: "enhancement-unavailable" });
		expect(refused.error?.hint).toContain("wasm-unsafe-eval");
		const asset = bench.edge.only();
		expect(asset.request.tracks).toMatchObject([{ id: "base", width: 96, height: 64 }]);
		expect(asset.samples("base").length).toBe(14);
		expect(bench.order.filter((path) => path.endsWith(".onnx"))).toEqual([]);
	});

	it("goes on with the base, under the same address, where networks turn out not to compute", SLOW, async () => {
		CORPUS["stamps.mp4"](folder);
		const account = await bench.page.evaluate(() =>
			globalThis.bench.uploadWithoutMemory("/fixtures/stamps.mp4", { backend: "auto", patience: 1000 }),
		);
		expect(account.error).toBeUndefined();
		expect(account.result?.backend).toMatchObject({ kind: "none", givenUp: ["enhancement"] });
		expect(account.result?.backend.notice).toContain("not enough memory");
		expect(account.result?.warnings.map(({ code }) => code)).toEqual(["enhancement-unavailable"]);
		const asset = bench.edge.only();
		expect(asset.completed).toBe(true);
		expect(asset.request.tracks.map(({ id }) => id)).toEqual(["base", "e24"]);
		expect([asset.samples("base").length, asset.samples("e24").length]).toEqual([4, 0]);
		expect(account.last).toMatchObject({ framesEncoded: 4, framesUploaded: 4 });
	});

	it(
		"tries less hard, then ends the enhancement where this machine falls far behind, and says so",
		SLOW,
		async () => {
			CORPUS["stamp-book.mp4"](folder);
			const account = await bench.page.evaluate(() =>
				globalThis.bench.uploadFallingBehind("/fixtures/stamp-book.mp4"),
			);
			expect(account.error).toBeUndefined();
			expect(account.result?.backend).toMatchObject({
				...{ kind: "wasm", width: 64, height: 48, effort: "realtime" },
				givenUp: ["effort", "rest-of-enhancement"],
			});
			expect(account.result?.backend.notice).toMatch(/^The enhancement ends after 1\.5 s of the video/);
			expect(account.result?.warnings.map(({ code }) => code)).toEqual(["enhancement-ended"]);
			expect(account.events.filter((event) => event === "asset" || event === "warning")).toEqual([
				"asset",
				"warning",
			]);
			const asset = bench.edge.only();
			expect(asset.completed).toBe(true);
			// Six groups of two frames; the clock leaps in the second, which ends the last with the usual effort, and in the third, the last in time.
			expect(asset.samples("base").length).toBe(12);
			expect((await decodeEnhanced(asset, "e24")).length).toBe(6);
			expect(account.last).toMatchObject({ framesEncoded: 12, framesUploaded: 12, framesTotal: 12 });
		},
	);

	it("<crescendo-uploader> uploads a chosen file and links to it", async () => {
		CORPUS["vp8.webm"](folder);
		const told = await bench.page.evaluate(() => globalThis.bench.uploadByElement("/fixtures/vp8.webm"));
		expect(told).toEqual({
			watch: `${bench.origin}watch/asset-1`,
			status: "holiday.mp4: Uploaded",
			events: ["asset", "playable", "done"],
		});
		expect(bench.edge.only().completed).toBe(true);
	});

	it("<crescendo-uploader> leaves no camera on that nobody films with", async () => {
		expect(await bench.page.evaluate(() => globalThis.bench.camerasOfElement())).toEqual([
			// The second recording takes the first one's place.
			{ on: [false, true] },
			// So does a file.
			{ on: [false, false] },
			// The element was gone when the person said yes.
			{ on: [false, false, false], refused: "aborted" },
		]);
	});

	it("works on the calling thread where no worker is wanted", async () => {
		await uploaded("vp8.webm", { worker: "none" });
		expect(bench.edge.only().samples("base").length).toBe(25);
	});

	const sources: readonly (readonly [
		CorpusFile,
		{ width: number; height: number; frames: number; audio: string | undefined },
	])[] = [
		["vp9-opus.webm", { width: 320, height: 180, frames: 60, audio: "opus" }],
		["avc-pcm.mov", { width: 320, height: 180, frames: 48, audio: "opus" }],
		["surround.mp4", { width: 160, height: 120, frames: 50, audio: "opus" }],
		["odd.webm", { width: 334, height: 188, frames: 25, audio: undefined }],
		["rotated.mp4", { width: 180, height: 320, frames: 25, audio: undefined }],
		["variable.mp4", { width: 160, height: 120, frames: 60, audio: undefined }],
		["anamorphic.mp4", { width: 320, height: 180, frames: 25, audio: undefined }],
		["silent.mp4", { width: 160, height: 120, frames: 25, audio: undefined }],
	];
	it.each(sources)("%s", async (name, { width, height, frames, audio }) => {
		await uploaded(name);
		const asset = bench.edge.only();
		expect(asset.request).toMatchObject({ width, height });
		const track = asset.request.tracks.find(({ kind }) => kind === "audio");
		// A browser that encodes AAC prefers it to Opus where something must be encoded.
		expect(track?.codec.replace("mp4a.40.2", "opus")).toBe(audio);
		const samples = asset.samples("base");
		expect(samples.length).toBe(frames);
		for (const [index, sample] of samples.slice(1).entries()) {
			const before = samples[index];
			expect((before?.timestamp ?? 0) + (before?.duration ?? 0)).toBe(sample.timestamp);
		}
	});

	it("a size that changes in the middle: all is scaled to the first", async () => {
		await uploaded("growing.webm");
		const asset = bench.edge.only();
		expect(asset.request).toMatchObject({ width: 160, height: 120 });
		const pictures = await decodeBase(asset);
		expect(pictures.length).toBe(50);
		expect(new Set(pictures.map(({ width, height }) => `${width}x${height}`))).toEqual(new Set(["160x120"]));
	});

	it("a picture larger than maxSize is scaled down", async () => {
		await uploaded("avc-aac.mp4", { maxSize: 160 });
		expect(bench.edge.only().request).toMatchObject({ width: 160, height: 90 });
	});

	it("an edge that takes no poster gets the video all the same, and that is said", async () => {
		bench.edge.fault = (_, path) => (path.endsWith("/poster") ? { status: 405 } : undefined);
		const account = await uploaded("silent.mp4");
		expect(account.events).toContain("warning");
		expect([...bench.edge.only().extras.keys()]).toEqual(["storyboard"]);
	});

	it("a file that breaks off is uploaded as far as it goes, with a warning", async () => {
		const account = await uploaded("cut.mp4");
		expect(account.result?.warnings.map(({ code }) => code)).toContain("truncated");
		expect(account.result?.frames).toBeLessThan(75);
	});

	it("refuses sound without pictures, with a hint", async () => {
		const { error, states } = await upload("sound-only.m4a");
		expect(error).toMatchObject({ code: "source-no-video" });
		expect(error?.hint).toBeDefined();
		expect(states.at(-1)).toBe("failed");
		expect(bench.edge.log).toEqual([]);
	});

	it("survives an edge that fails every third time: the same parts arrive", async () => {
		await uploaded("little.mp4", { gopSeconds: 0.5 });
		const undisturbed = bench.edge.only();
		bench.edge.assets.clear();
		let count = 0;
		bench.edge.fault = (method) => {
			count += 1;
			if (count % 3 !== 0) {
				return undefined;
			}
			return method === "PUT" && count % 2 === 0 ? "hang up" : { status: 503, headers: { "retry-after": "0" } };
		};
		await uploaded("little.mp4", { gopSeconds: 0.5 });
		const disturbed = bench.edge.only();
		for (const [track, parts] of undisturbed.parts) {
			expect(disturbed.parts.get(track)).toEqual(parts);
		}
	});

	it("makes one asset where the answer to its creation is lost", async () => {
		let creations = 0;
		bench.edge.fault = (method, path) =>
			method === "POST" && path === "/v1/assets" && ++creations <= 2 ? "lose answer" : undefined;
		await uploaded("silent.mp4");
		expect(creations).toBe(3);
		expect(bench.edge.assets.size).toBe(1);
	});

	it("says plainly that a token is refused", async () => {
		bench.edge.tokens.clear();
		const { error } = await upload("vp8.webm");
		expect(error).toMatchObject({ code: "unauthorized" });
	});

	const ENHANCED = { backend: "wasm", gopSeconds: 0.5, enhancements: [30] } as const;

	it("goes on in the middle of an enhancement, from the last whole group", SLOW, async () => {
		// The enhancement does not get through, so the upload cannot end before the page does.
		let sent = 0;
		bench.edge.fault = (method, path) =>
			method === "PUT" && path.includes("/e30/") && ++sent > 0 ? "hang up" : undefined;
		await begin("stamps.mp4", ENHANCED);
		await expect.poll(() => sent, { timeout: 200_000 }).toBeGreaterThan(0);
		await bench.reload();
		bench.edge.fault = () => undefined;
		const account = await uploaded("stamps.mp4", ENHANCED);
		expect(account.last?.framesUploaded).toBe(4);
		expect((await decodeEnhanced(bench.edge.only(), "e30")).length).toBe(4);
	});

	it("begins anew where the enhancement was begun in another version of the bitstream", SLOW, async () => {
		// What was decided is seen before networks are loaded. One file is held: all of them would take the connections that the next page needs.
		bench.edge.hold = (request) => (request.endsWith("/synthesis.onnx") ? new Promise(() => undefined) : undefined);
		await begin("stamps.mp4", ENHANCED);
		// The journal is written before the first part is sent.
		await expect.poll(() => bench.edge.puts, { timeout: 60_000 }).toBeGreaterThan(0);
		await bench.reload();
		expect(await bench.page.evaluate(() => globalThis.bench.pretendOtherBitstream())).toBe(1);
		await begin("stamps.mp4", ENHANCED);
		await expect.poll(() => bench.edge.assets.size, { timeout: 60_000 }).toBe(2);
		await bench.reload();
	});

	it("begins anew where the edge has forgotten the upload", async () => {
		bench.edge.hold = holdParts(new Promise(() => undefined));
		await begin("silent.mp4", { gopSeconds: 0.5 });
		await expect.poll(() => bench.edge.puts, { timeout: 60_000 }).toBeGreaterThan(0);
		await bench.reload();
		bench.edge.hold = () => undefined;
		bench.edge.assets.clear();
		await uploaded("silent.mp4", { gopSeconds: 0.5 });
		expect(bench.edge.only().samples("base").length).toBe(25);
	});

	it("stands still while paused, and finishes after resume", async () => {
		const held = Promise.withResolvers<void>();
		bench.edge.hold = holdParts(held.promise);
		const id = await begin("little.mp4", { gopSeconds: 0.5 });
		await expect.poll(() => bench.edge.puts, { timeout: 60_000 }).toBeGreaterThan(0);
		expect(await control(id, "pause")).toBe("paused");
		held.resolve();
		// What was under way when the pause was asked for may still arrive: as many requests as are sent side by side.
		await expect.poll(() => standsStill(), { timeout: 60_000 }).toBe(true);
		expect(bench.edge.puts).toBeLessThanOrEqual(3);
		expect(bench.edge.only().completed).toBe(false);
		expect(await control(id, "resume")).toBe("running");
		expect((await finish(id)).error).toBeUndefined();
		expect(bench.edge.only().samples("base").length).toBe(60);
	});

	it("ends at once when aborted, and sends nothing more", async () => {
		bench.edge.hold = holdParts(new Promise(() => undefined));
		const id = await begin("little.mp4", { gopSeconds: 0.5 });
		await expect.poll(() => bench.edge.puts, { timeout: 60_000 }).toBeGreaterThan(0);
		expect(await control(id, "abort")).toBe("aborted");
		const { error } = await finish(id);
		expect(error?.code).toBe("aborted");
		expect(await standsStill()).toBe(true);
		expect(bench.edge.only().completed).toBe(false);
	});
});

/** Whether no request comes for a while. */
const standsStill = async (): Promise<boolean> => {
	const before = bench.edge.log.length;
	await new Promise((resolve) => setTimeout(resolve, 500));
	return bench.edge.log.length === before;
};
