import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBrowser } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import type { UploadOptions } from "../options.ts";
import { CORPUS } from "../testing/corpus.ts";
import type { CorpusFile } from "../testing/corpus.ts";
import type { Fault, StoredAsset } from "../testing/edge-double.ts";
import type { Faults, FaultyAccount } from "../testing/page.ts";

/** Loading the page again and again on a machine that has other things to do. */
const SLOW = { timeout: 300_000 };

/** What is uploaded, and how. */
type Work = { readonly file: CorpusFile; readonly options: Partial<UploadOptions>; readonly frames: number };

const BASE: Work = { file: "little.mp4", options: { backend: "none", gopSeconds: 0.5 }, frames: 60 };
/** Groups of three frames: the second of each is coded after the third. */
const ENHANCED: Work = {
	file: "stamp-book.mp4",
	options: { backend: "wasm", patience: Infinity, gopSeconds: 0.75, enhancements: [30] },
	frames: 12,
};
/** Its sound is encoded here. */
const ENCODED_SOUND: Work = { file: "avc-pcm.mov", options: BASE.options, frames: 48 };
/** Its sound is resampled, and so encoded, in pieces of five seconds. */
const LONG_SOUND: Work = { file: "long-pcm.mov", options: { backend: "none", gopSeconds: 2 }, frames: 64 };

const addressOf = ({ file }: Work): string => `/fixtures/${file}`;

let bench: BrowserBench;
let folder: string;
/** What uploads give that nothing disturbs, and in how many requests. */
const whole = new Map<Work, { readonly asset: StoredAsset; readonly requests: number }>();

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "crescendo-survive-"));
	for (const { file } of [BASE, ENHANCED, ENCODED_SOUND, LONG_SOUND]) {
		CORPUS[file](folder);
	}
	bench = await openBrowser(folder);
	await undisturbed(BASE);
});

afterAll(async () => {
	await bench?.close();
	rmSync(folder, { recursive: true, force: true });
});

const clear = (): void => {
	bench.edge.assets.clear();
	bench.edge.log.length = 0;
	bench.edge.repeated = 0;
	bench.edge.begunAnew = 0;
};

beforeEach(() => {
	clear();
	bench.edge.fault = () => undefined;
	bench.edge.hold = () => undefined;
	bench.edge.tokens = new Set(["good"]);
});

const upload = (options = {}, faults: Faults = {}, work = BASE): Promise<FaultyAccount> =>
	bench.page.evaluate(([address, given, wanted]) => globalThis.bench.uploadWithFaults(address, given, wanted), [
		addressOf(work),
		{ ...work.options, ...options },
		faults,
	] as const);

/** Begins an upload in a tab. @returns its number there. */
const begin = (work = BASE, page = bench.page): Promise<number> =>
	page.evaluate(([address, given]) => globalThis.bench.beginUpload(address, given), [
		addressOf(work),
		work.options,
	] as const);

const uploaded = async (options = {}, faults: Faults = {}, work = BASE): Promise<FaultyAccount> => {
	const account = await upload(options, faults, work);
	expect(account.error).toBeUndefined();
	expect(bench.edge.only().completed).toBe(true);
	return account;
};

const undisturbed = async (work: Work): Promise<{ readonly asset: StoredAsset; readonly requests: number }> => {
	const known = whole.get(work);
	if (known !== undefined) {
		return known;
	}
	await uploaded({ resume: false }, {}, work);
	const made = { asset: bench.edge.only(), requests: bench.edge.log.length };
	whole.set(work, made);
	clear();
	return made;
};

const expectSameBytes = (asset: StoredAsset, wanted = whole.get(BASE)?.asset): void => {
	if (wanted === undefined) {
		throw new Error("nothing to compare with");
	}
	for (const [track, parts] of wanted.parts) {
		expect(asset.parts.get(track)).toEqual(parts);
	}
	expect(asset.extras).toEqual(wanted.extras);
};

const isComplete = ({ completed }: StoredAsset): boolean => completed;

const until = async (over: () => boolean): Promise<void> => {
	while (bench.edge.assets.size === 0 || !over()) {
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
};

/** Numbers from 0 to 1 that are the same for the same seed. */
const randomFrom = (seed: number) => {
	let state = seed * 0x9e37_79b9;
	return () => {
		state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5;
		return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
	};
};

describe("an upload survives", () => {
	it.each([
		...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((seed) => ["a base", seed, BASE] as const),
		["an enhancement", 11, ENHANCED] as const,
		["sound that is encoded", 12, ENCODED_SOUND] as const,
	])("a page that dies at random points of %s (seed %i)", SLOW, async (_, seed, work) => {
		const { asset: wanted, requests } = await undisturbed(work);
		const random = randomFrom(seed);
		const deaths = 1 + Math.floor(random() * 3);
		for (let death = 0; death < deaths; death++) {
			// The page dies somewhere after a request was answered, or cut off.
			const last = bench.edge.log.length + 1 + Math.floor((random() * (requests - 4)) / deaths);
			const wait = random() * 40;
			await begin(work);
			await until(() => bench.edge.log.length >= last || [...bench.edge.assets.values()].every(isComplete));
			await new Promise((resolve) => setTimeout(resolve, wait));
			await bench.reload();
		}
		const account = await upload({}, {}, work);
		expect(account.error).toBeUndefined();
		// Where something can be watched is known before it is said that it can.
		expect(account.events.slice(0, 2)).toEqual(["asset", "playable"]);
		// A page that dies before it can note the asset leaves it empty; nothing was coded for it.
		const assets = [...bench.edge.assets.values()].filter(({ begun }) => begun);
		expect(assets.length).toBeGreaterThan(0);
		for (const asset of assets) {
			expect(asset.completed).toBe(true);
			expectSameBytes(asset, wanted);
		}
		expect(bench.edge.begunAnew).toBe(0);
		expect(account.last).toMatchObject({ framesEncoded: work.frames, framesUploaded: work.frames });
		// What the edge has is not sent again. A dying page has at most three requests on their way (the lanes of `PartSender`);
		// those that arrive after its successor asked what is there come twice, and nothing else does.
		expect(bench.edge.repeated).toBeLessThanOrEqual(3 * deaths);
	});

	it("a token that expires on the way: the callback is asked again, for this asset", SLOW, async () => {
		bench.edge.tokens = new Set(["token-1"]);
		bench.edge.fault = (method, path) => {
			if (method === "PUT" && path.endsWith("/base/parts/2")) {
				bench.edge.tokens = new Set(["token-2"]);
			}
			return undefined;
		};
		const account = await uploaded({ token: "counted" });
		expect(account.askedFor).toEqual([null, bench.edge.only().id]);
		expectSameBytes(bench.edge.only());
	});

	it("a network that goes away", SLOW, async () => {
		const context = bench.page.context();
		const id = await begin();
		await expect.poll(() => bench.edge.assets.size, { interval: 1, timeout: 60_000 }).toBe(1);
		await context.setOffline(true);
		await new Promise((resolve) => setTimeout(resolve, 3000));
		expect(bench.edge.only().completed).toBe(false);
		await context.setOffline(false);
		const account = await bench.page.evaluate((upload) => globalThis.bench.finishUpload(upload), id);
		expect(account.error).toBeUndefined();
		expectSameBytes(bench.edge.only());
	});

	it("an edge that is away when the upload is continued, which its progress says", SLOW, async () => {
		await begin();
		await until(() => bench.edge.log.length >= 4);
		await bench.reload();
		bench.edge.fault = (_, path) => (path.startsWith("/v1/") ? "hang up" : undefined);
		const id = await begin();
		const waiting = () => bench.page.evaluate((upload) => globalThis.bench.progressOf(upload), id);
		await expect.poll(waiting, { timeout: 60_000 }).toMatchObject({ waitingForNetwork: true });
		bench.edge.fault = () => undefined;
		const account = await bench.page.evaluate((upload) => globalThis.bench.finishUpload(upload), id);
		expect(account.error).toBeUndefined();
		expect(account.last).toMatchObject({ waitingForNetwork: false });
		expectSameBytes(bench.edge.only());
	});

	it("a network that goes away while the networks of the enhancement are loaded", SLOW, async () => {
		const faults: Record<string, Fault[]> = {
			"model.json": [{ status: 503 }],
			".onnx": ["hang up", "hang up", { status: 503 }, "lose answer"],
		};
		bench.edge.fault = (method, path) =>
			method === "GET"
				? Object.entries(faults)
						.find(([end]) => path.endsWith(end))?.[1]
						.shift()
				: undefined;
		const account = await uploaded({}, {}, ENHANCED);
		expect(account.result).toMatchObject({
			frames: ENHANCED.frames,
			warnings: [],
			backend: { kind: "wasm", givenUp: [] },
		});
		expect(bench.edge.only().samples("e30").length).toBe(ENHANCED.frames);
		expect(Object.values(faults).flat()).toEqual([]);
	});

	it("another tab with the same file: each makes its own asset", SLOW, async () => {
		const held = Promise.withResolvers<void>();
		bench.edge.hold = (request) => (request.startsWith("PUT") ? held.promise : undefined);
		const other = await bench.another();
		const finish = (page: typeof other, id: number) =>
			page.evaluate((upload) => globalThis.bench.finishUpload(upload), id);
		try {
			const here = await begin();
			await expect.poll(() => bench.edge.assets.size, { timeout: 60_000 }).toBe(1);
			const second = await begin(BASE, other);
			// One that ends, or stands still, before it has an asset says where.
			const standing = () => other.evaluate((id) => globalThis.bench.stateOf(id), second);
			const there = finish(other, second);
			there.catch(() => undefined); // A tab that is closed below answers nothing any more.
			await expect
				.poll(async () => (bench.edge.assets.size === 2 ? "begun" : [await standing(), ...bench.edge.log]), {
					timeout: 240_000,
				})
				.toBe("begun");
			held.resolve();
			const accounts = [await finish(bench.page, here), await there];
			expect(accounts.map(({ error }) => error)).toEqual([undefined, undefined]);
			expect(bench.edge.assets.size).toBe(2);
			for (const asset of bench.edge.assets.values()) {
				expect(asset.completed).toBe(true);
				expectSameBytes(asset);
			}
		} finally {
			// What waits here would keep the upload from the tests that follow.
			held.resolve();
			await other.close();
		}
	});

	it("storage that is full, with a warning", SLOW, async () => {
		for (const quotaAfter of [0, 5]) {
			bench.edge.assets.clear();
			const account = await uploaded({}, { quotaAfter });
			expect(account.events.filter((event) => event === "warning")).toEqual(["warning"]);
			expectSameBytes(bench.edge.only());
		}
	});

	it("an encoder that fails: coding goes on at the last checkpoint", SLOW, async () => {
		const account = await uploaded({}, { encoderFailsAt: 33 });
		expect(account.failures).toBe(1);
		expectSameBytes(bench.edge.only());
		expect(account.last).toMatchObject({ framesEncoded: 60, framesUploaded: 60 });
	});

	it("a decoder of the source that dies: nothing is missing", SLOW, async () => {
		const account = await uploaded({}, { decoderFailsAt: 33 });
		expect(account.failures).toBe(1);
		expect(account.events).not.toContain("warning");
		expectSameBytes(bench.edge.only());
		expect(account.last).toMatchObject({ framesEncoded: 60, framesUploaded: 60 });
	});

	it("an encoder of the sound that dies: nothing is missing", SLOW, async () => {
		const { asset: wanted } = await undisturbed(LONG_SOUND);
		for (const soundFailsAt of [1, 3]) {
			clear();
			const account = await uploaded({}, { soundFailsAt }, LONG_SOUND);
			expect(account.failures).toBe(1);
			expect(account.events).not.toContain("warning");
			expectSameBytes(bench.edge.only(), wanted);
		}
	});

	it("an encoder that fails where there is no storage either", SLOW, async () => {
		const account = await uploaded({}, { encoderFailsAt: 33, quotaAfter: 5 });
		expect(account.failures).toBe(1);
		expect(account.events).toContain("warning");
		expectSameBytes(bench.edge.only());
	});

	it("not an encoder that fails every time: that is said", SLOW, async () => {
		const { error } = await upload({}, { encoderFailsAt: -1 });
		expect(error).toMatchObject({ code: "encoder-failed" });
		expect(error?.message).toContain("video encoder failed");
	});
});
