import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBrowser } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import { CORPUS } from "../testing/corpus.ts";
import type { StoredAsset } from "../testing/edge-double.ts";
import type { UploadAccount } from "../testing/page.ts";

/** Loading the page again and again on a machine that has other things to do. */
const SLOW = { timeout: 300_000 };

const FILE = "/fixtures/little.mp4";
const OPTIONS = { backend: "none", gopSeconds: 0.5 } as const;

let bench: BrowserBench;
let folder: string;
/** What an upload gives that nothing disturbs. */
let undisturbed: StoredAsset;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "crescendo-survive-"));
	CORPUS["little.mp4"](folder);
	bench = await openBrowser(folder);
	await uploaded();
	undisturbed = bench.edge.only();
});

afterAll(async () => {
	await bench?.close();
	rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
	bench.edge.assets.clear();
	bench.edge.repeated = 0;
	bench.edge.begunAnew = 0;
	bench.edge.fault = () => undefined;
	bench.edge.hold = () => undefined;
	bench.edge.tokens = new Set(["good"]);
});

type Faults = { readonly quotaAfter?: number; readonly encoderFailsAt?: number };

const upload = (options = {}, faults: Faults = {}): Promise<UploadAccount> =>
	bench.page.evaluate(([address, given, wanted]) => globalThis.bench.uploadWithFaults(address, given, wanted), [
		FILE,
		{ ...OPTIONS, ...options },
		faults,
	] as const);

const uploaded = async (options = {}, faults: Faults = {}): Promise<UploadAccount> => {
	const account = await upload(options, faults);
	expect(account.error).toBeUndefined();
	expect(bench.edge.only().completed).toBe(true);
	return account;
};

const expectSameBytes = (asset: StoredAsset): void => {
	for (const [track, parts] of undisturbed.parts) {
		expect(asset.parts.get(track)).toEqual(parts);
	}
	expect(asset.extras).toEqual(undisturbed.extras);
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
	it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("a page that dies at random points (seed %i)", SLOW, async (seed) => {
		const random = randomFrom(seed);
		const deaths = 1 + Math.floor(random() * 3);
		for (let death = 0; death < deaths; death++) {
			// An undisturbed upload takes 18 requests; the page dies somewhere after one of them was answered, or cut off.
			const last = bench.edge.log.length + 1 + Math.floor((random() * 14) / deaths);
			const wait = random() * 40;
			await bench.page.evaluate(([address, given]) => globalThis.bench.beginUpload(address, given), [
				FILE,
				OPTIONS,
			] as const);
			await until(() => bench.edge.log.length >= last || [...bench.edge.assets.values()].every(isComplete));
			await new Promise((resolve) => setTimeout(resolve, wait));
			await bench.reload();
		}
		const account = await upload();
		expect(account.error).toBeUndefined();
		// Where something can be watched is known before it is said that it can.
		expect(account.events.slice(0, 2)).toEqual(["asset", "playable"]);
		// A page that dies before it can note the asset leaves it empty; nothing was coded for it.
		const assets = [...bench.edge.assets.values()].filter(({ begun }) => begun);
		expect(assets.length).toBeGreaterThan(0);
		for (const asset of assets) {
			expect(asset.completed).toBe(true);
			expectSameBytes(asset);
		}
		expect(bench.edge.begunAnew).toBe(0);
		expect(account.last).toMatchObject({ framesEncoded: 60, framesUploaded: 60 });
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
		const id = await bench.page.evaluate(([address, given]) => globalThis.bench.beginUpload(address, given), [
			FILE,
			OPTIONS,
		] as const);
		await expect.poll(() => bench.edge.assets.size, { interval: 1, timeout: 60_000 }).toBe(1);
		await context.setOffline(true);
		await new Promise((resolve) => setTimeout(resolve, 3000));
		expect(bench.edge.only().completed).toBe(false);
		await context.setOffline(false);
		const account = await bench.page.evaluate((upload) => globalThis.bench.finishUpload(upload), id);
		expect(account.error).toBeUndefined();
		expectSameBytes(bench.edge.only());
	});

	it("another tab with the same file: each makes its own asset", SLOW, async () => {
		const held = Promise.withResolvers<void>();
		bench.edge.hold = (request) => (request.startsWith("PUT") ? held.promise : undefined);
		const other = await bench.another();
		const begin = (page: typeof other) =>
			page.evaluate(([address, given]) => globalThis.bench.beginUpload(address, given), [FILE, OPTIONS] as const);
		const finish = (page: typeof other, id: number) =>
			page.evaluate((upload) => globalThis.bench.finishUpload(upload), id);
		try {
			const here = await begin(bench.page);
			await expect.poll(() => bench.edge.assets.size, { timeout: 60_000 }).toBe(1);
			const second = await begin(other);
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
		expectSameBytes(bench.edge.only());
		expect(account.last).toMatchObject({ framesEncoded: 60, framesUploaded: 60 });
	});

	it("an encoder that fails where there is no storage either", SLOW, async () => {
		const account = await uploaded({}, { encoderFailsAt: 33, quotaAfter: 5 });
		expect(account.events).toContain("warning");
		expectSameBytes(bench.edge.only());
	});

	it("not an encoder that fails every time: that is said", SLOW, async () => {
		const { error } = await upload({}, { encoderFailsAt: -1 });
		expect(error).toMatchObject({ code: "encoder-failed" });
		expect(error?.message).toContain("video encoder failed");
	});
});
