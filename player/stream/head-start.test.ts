import { afterEach, describe, expect, it, vi } from "vitest";
import { type FixtureServer, startFixtureServer } from "../testing/fixture-server.ts";
import { HeadStart, leadsOf } from "./head-start.ts";

const BASE = "https://edge.test/v1/assets/a/master.m3u8";
const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",DEFAULT=YES,URI="audio.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="words",NAME="Words",URI="words.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100000,AUDIO="sound"
base.m3u8
`;
const MEDIA = `#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.00000,
0.m4s
#EXTINF:2.00000,
1.m4s
#EXT-X-ENDLIST
`;

describe("leadsOf", () => {
	const at = (name: string) => `https://edge.test/v1/assets/a/${name}`;

	it("finds what a playlist leads to", () => {
		expect(leadsOf(MASTER, BASE, true)).toEqual({ playlists: [at("base.m3u8"), at("audio.m3u8")], media: [] });
		expect(leadsOf(MEDIA.replaceAll("\n", "\r\n"), BASE, true)).toEqual({
			playlists: [],
			media: [at("init.mp4"), at("0.m4s")],
		});
	});

	it("leaves out what there is a choice of", () => {
		const two = `${MASTER}#EXT-X-STREAM-INF:BANDWIDTH=200000,AUDIO="sound"\nhigh.m3u8\n`;
		expect(leadsOf(two, BASE, true).playlists).toEqual([at("audio.m3u8")]);
	});

	it("leaves the first segment out where playback may begin elsewhere", () => {
		const init = [at("init.mp4")];
		expect(leadsOf(MEDIA, BASE, false).media).toEqual(init);
		expect(leadsOf(MEDIA.replace("#EXT-X-ENDLIST\n", ""), BASE, true).media).toEqual(init);
		expect(leadsOf(`${MEDIA}#EXT-X-START:TIME-OFFSET=2\n`, BASE, true).media).toEqual(init);
	});

	it("leaves media out that takes more than an address, and whatever is no playlist", () => {
		const none = { playlists: [], media: [] };
		for (const odd of [
			MEDIA.replace('"init.mp4"', '"init.mp4",BYTERANGE="100@0"'),
			MEDIA.replace("0.m4s", "#EXT-X-BYTERANGE:100@0\n0.m4s"),
			MEDIA.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXTINF'),
			MASTER.replaceAll(/(?:base|audio)\.m3u8/g, "{$name}.m3u8"),
			"",
			"<!doctype html>",
			"#EXT-X-STREAM-INF:BANDWIDTH=1",
		]) {
			expect(leadsOf(odd, BASE, true)).toEqual(none);
		}
	});
});

describe("HeadStart", () => {
	let server: FixtureServer | undefined;
	afterEach(() => server?.close());

	const serve = async (files: Record<string, string>) => {
		const bytes = Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)] as const);
		server = await startFixtureServer([{ prefix: "/", files: new Map(bytes) }]);
		return server;
	};
	const textOf = (answer: { body: ArrayBuffer } | undefined) => answer && new TextDecoder().decode(answer.body);

	it("hands each answer out once", async () => {
		const { origin, requests } = await serve({ "m.m3u8": MEDIA, "init.mp4": "init", "0.m4s": "segment" });
		const headStart = new HeadStart(`${origin}/m.m3u8`, true, new AbortController().signal);
		expect(textOf(await headStart.take(`${origin}/m.m3u8`))).toBe(MEDIA);
		expect(headStart.take(`${origin}/m.m3u8`)).toBeUndefined();
		await expect.poll(() => requests.length, { timeout: 60_000 }).toBe(3);
		expect(textOf(await headStart.take(`${origin}/init.mp4`))).toBe("init");
		expect(textOf(await headStart.take(`${origin}/0.m4s`))).toBe("segment");
		expect(headStart.take(`${origin}/1.m4s`)).toBeUndefined();
	});

	it("has no answer where the server has none, or the source was left", async () => {
		const { origin } = await serve({});
		const missing = new HeadStart(`${origin}/m.m3u8`, true, new AbortController().signal);
		expect(await missing.take(`${origin}/m.m3u8`)).toBeUndefined();
		const left = new HeadStart(`${origin}/m.m3u8`, true, AbortSignal.abort());
		expect(await left.take(`${origin}/m.m3u8`)).toBeUndefined();
	});

	it("ends its requests and forgets its answers", async () => {
		const { origin } = await serve({ "m.m3u8": MEDIA });
		const headStart = new HeadStart(`${origin}/m.m3u8`, true, new AbortController().signal);
		const answer = headStart.take(`${origin}/m.m3u8`);
		headStart.end();
		expect(await answer).toBeUndefined();
		const other = new HeadStart(`${origin}/m.m3u8`, true, new AbortController().signal);
		other.end();
		expect(other.take(`${origin}/m.m3u8`)).toBeUndefined();
	});
});

describe("HeadStart and time", () => {
	afterEach(() => {
		vi.useRealTimers();
		vi.unstubAllGlobals();
		vi.restoreAllMocks();
	});

	/** Milliseconds between two bytes of {@link drip}. */
	const GAP = 8000;

	/** A network that brings a byte every {@link GAP}: of each address these, and then the end, or silence. */
	const drip = (bodies: Record<string, string>, ends = true): void => {
		vi.useFakeTimers();
		// The platform's own does not follow the clock that is turned by hand.
		vi.spyOn(AbortSignal, "timeout").mockImplementation((milliseconds) => {
			const abort = new AbortController();
			setTimeout(() => abort.abort(), milliseconds);
			return abort.signal;
		});
		vi.stubGlobal("fetch", async (url: string, { signal }: RequestInit) => {
			const body = new TextEncoder().encode(bodies[url] ?? "");
			let sent = 0;
			const stream = new ReadableStream({
				start: (controller) => signal?.addEventListener("abort", () => controller.error(signal.reason)),
				pull: async (controller) => {
					await new Promise((resolve) => setTimeout(resolve, GAP));
					const byte = body.subarray(sent, ++sent);
					if (byte.length > 0) controller.enqueue(byte);
					else if (ends) controller.close();
					else await new Promise(() => undefined);
				},
			});
			return Object.defineProperty(new Response(stream), "url", { value: url });
		});
	};
	const begin = (url: string) => new HeadStart(url, true, new AbortController().signal);
	const bytesOf = (answer: Promise<{ body: ArrayBuffer } | undefined> | undefined) =>
		answer?.then((early) => early?.body.byteLength);

	it("waits for a network that is slow, as long as it brings anything", async () => {
		drip({ [BASE]: "slow, not silent" });
		const bytes = bytesOf(begin(BASE).take(BASE));
		await vi.advanceTimersByTimeAsync(20 * GAP);
		expect(await bytes).toBe(16);
	});

	it("has no answer once the network has fallen silent", async () => {
		drip({ [BASE]: "silent" }, false);
		const bytes = bytesOf(begin(BASE).take(BASE));
		await vi.advanceTimersByTimeAsync(20 * GAP);
		expect(await bytes).toBeUndefined();
	});

	it("keeps media and what stays as it is, and drops the playlist of a stream under way", async () => {
		const media = `#EXTM3U\n#EXT-X-MAP:URI="${BASE}/init"\n`;
		const part = `${media}#EXT-X-PART:DURATION=0.4,URI="part"\n`;
		// An init segment is bytes: what it looks like as text says nothing.
		const init = "#EXTINF";
		for (const [playlist, length, initLength] of [
			[MASTER, MASTER.length, undefined],
			[`${part}#EXT-X-ENDLIST\n`, part.length + 15, init.length],
			[`${part}#EXTINF:1,\ns\n`, undefined, init.length],
			[part, undefined, init.length],
		] as const) {
			drip({ [BASE]: playlist, [`${BASE}/init`]: init });
			const headStart = begin(BASE);
			await vi.advanceTimersByTimeAsync((playlist.length + init.length + 5) * GAP);
			expect([playlist, await bytesOf(headStart.take(BASE))]).toEqual([playlist, length]);
			expect([playlist, await bytesOf(headStart.take(`${BASE}/init`))]).toEqual([playlist, initLength]);
		}
	});
});
