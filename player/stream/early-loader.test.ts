import Hls, {
	type HlsConfig,
	type Loader,
	type LoaderCallbacks,
	type LoaderConfiguration,
	type LoaderContext,
	LoadStats,
} from "hls.js";
import { describe, expect, it } from "vitest";
import { earlyLoader } from "./early-loader.ts";
import type { EarlyAnswer, HeadStart } from "./head-start.ts";

const URL = "https://edge.test/master.m3u8";
const CONFIGURATION = { loadPolicy: {} } as LoaderConfiguration;

/** A loader beside one that only says what it was asked for; `answer` is what was asked for ahead. */
function start(answer: Promise<EarlyAnswer | undefined> | undefined) {
	const log: string[] = [];
	class Own implements Loader<LoaderContext> {
		context: LoaderContext | null = null;
		stats = new LoadStats();
		load = ({ url }: LoaderContext) => void log.push(`own ${url}`);
		abort = () => void log.push("own abort");
		destroy = () => void log.push("own destroy");
	}
	const headStart: Pick<HeadStart, "take"> = { take: () => answer };
	const Early = earlyLoader(Own, headStart);
	const loader = new Early(Hls.DefaultConfig as HlsConfig);
	const callbacks: LoaderCallbacks<LoaderContext> = {
		onSuccess: ({ data }) => void log.push(`success ${data instanceof ArrayBuffer ? data.byteLength : data}`),
		onError: () => void log.push("error"),
		onTimeout: () => void log.push("timeout"),
		onAbort: () => void log.push("abort"),
	};
	const load = (more: Partial<LoaderContext> = {}) =>
		loader.load({ url: URL, responseType: "text", ...more } as LoaderContext, CONFIGURATION, callbacks);
	return { log, loader, load };
}

const answer = (): EarlyAnswer => {
	const end = Math.floor(performance.now()) - 2000;
	const body = new TextEncoder().encode("#EXTM3U").buffer;
	return { url: URL, body, age: 3, start: end - 1000, first: end - 500, end };
};
/** After everything that promises have set going. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("earlyLoader", () => {
	it("hands over what was asked for ahead, as text or bytes, with its own times and age", async () => {
		const { log, loader, load } = start(Promise.resolve(answer()));
		load();
		await settled();
		expect(log).toEqual(["success #EXTM3U"]);
		const { loading, loaded } = loader.stats;
		expect([loading.first - loading.start, loading.end - loading.first, loaded]).toEqual([500, 500, 7]);
		// Three seconds on its way to us, two more here.
		expect(loader.getCacheAge?.()).toBeGreaterThanOrEqual(5);
		const bytes = start(Promise.resolve(answer()));
		bytes.load({ responseType: "arraybuffer" });
		await settled();
		expect(bytes.log).toEqual(["success 7"]);
	});

	it("loads by itself what was not asked for, what failed, and ranges", async () => {
		for (const [early, more] of [
			[undefined, {}],
			[Promise.resolve(undefined), {}],
			[Promise.resolve(answer()), { rangeStart: 0, rangeEnd: 10 }],
		] as const) {
			const { log, load } = start(early);
			load(more);
			await settled();
			expect(log).toEqual([`own ${URL}`]);
		}
	});

	it("says so when it is aborted while it waits, and nothing after that", async () => {
		const { promise, resolve } = Promise.withResolvers<EarlyAnswer | undefined>();
		const { log, loader, load } = start(promise);
		load();
		loader.abort();
		expect([log, loader.stats.aborted]).toEqual([["abort"], true]);
		resolve(answer());
		await settled();
		expect(log).toEqual(["abort"]);
	});

	it("says nothing more once it is destroyed", async () => {
		const { promise, resolve } = Promise.withResolvers<EarlyAnswer | undefined>();
		const { log, loader, load } = start(promise);
		load();
		loader.destroy();
		resolve(undefined);
		await settled();
		expect(log).toEqual(["own destroy"]);
	});
});
