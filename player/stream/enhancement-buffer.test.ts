import { M3U8Parser } from "hls.js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NetworkMeter } from "../policy/network-meter.ts";
import type { BaseFeed } from "./base-feed.ts";
import { type BufferObservation, EnhancementBuffer, type FetchFault } from "./enhancement-buffer.ts";
import type { ListedEnhancement } from "./enhancement-list.ts";

/** A base of a minute in segments of two seconds, all of it here; the enhancements' segments are as large as a test wants them. */
const SECONDS = 2;
const COUNT = 30;
const MEGABYTE = 2 ** 20;

const base = {
	complete: true,
	segments: Array.from({ length: COUNT }, (_, i) => ({ sequence: i, start: i * SECONDS, duration: SECONDS })),
	segment: async () => ({ init: new Uint8Array(1), media: new Uint8Array(1), mediaStart: 0 }),
} as unknown as BaseFeed;

const enhancement = (id: string): ListedEnhancement => ({
	...{
		id,
		width: 640,
		height: 360,
		q: 40,
		bandwidth: 1e5 * Number(id.slice(1)),
		modelId: "0".repeat(32),
		codec: "sve1.01",
		uri: "",
	},
	playlistUrl: `https://edge.test/${id}/playlist.m3u8`,
});

const observed = (position: number): BufferObservation => ({
	...{ position, playbackRate: 1, paused: false, baseBufferedEnd: COUNT * SECONDS, baseBufferWanted: 6 },
	...{ baseComplete: true, bandwidth: undefined, decodeSecondsPerSecond: 0.2, wanted: true },
});

describe("the buffer of an enhancement", () => {
	/** Segments asked for, as `e20/3`. */
	let asked: string[];
	let faults: FetchFault[];
	let buffer: EnhancementBuffer;
	let segmentBytes: number;
	/** What is asked for instead of segments that are there. */
	let gone: boolean;
	let endless: boolean;
	let waiting: (() => void) | undefined;

	beforeEach(() => {
		[asked, faults, segmentBytes, gone, endless] = [[], [], 1000, false, false];
		vi.stubGlobal("fetch", async (url: string) => {
			const [, id = "", name = ""] = new URL(url).pathname.split("/");
			if (name === "playlist.m3u8") {
				const segments = base.segments.map(({ sequence }) => `#EXTINF:${SECONDS},\n${sequence}.m4s`);
				const end = endless ? "" : "#EXT-X-ENDLIST";
				const head = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", '#EXT-X-MAP:URI="init.mp4"'];
				return new Response([...head, ...segments, end].join("\n"));
			}
			if (name === "init.mp4") return new Response("init");
			asked.push(`${id}/${Number.parseInt(name, 10)}`);
			return gone ? new Response("", { status: 404 }) : new Response(new Uint8Array(segmentBytes));
		});
		const told = () => waiting?.();
		buffer = new EnhancementBuffer(base, M3U8Parser, new NetworkMeter(), {
			progress: told,
			fault: (fault) => {
				faults.push(fault);
				told();
			},
		});
	});

	afterEach(() => {
		buffer.destroy();
		vi.unstubAllGlobals();
	});

	/** Does what is due, and waits for what it began. @param now milliseconds */
	const work = async (position: number, now = performance.now()): Promise<string | undefined> => {
		const progress = new Promise<void>((resolve) => {
			waiting = resolve;
		});
		const reason = buffer.work(observed(position), now);
		if (reason === undefined) await progress;
		return reason;
	};
	/** Works until nothing more is due. */
	const fill = async (position: number): Promise<void> => {
		while ((await work(position)) === undefined) expect(asked.length).toBeLessThan(100);
	};

	it("fetches no segment twice, however large they are, and goes on when the playhead has moved", async () => {
		segmentBytes = 3 * MEGABYTE;
		buffer.use(enhancement("e60"), false);
		await fill(0);
		const first = asked.length;
		expect(first).toBeGreaterThan(8);
		expect(first).toBeLessThan(13);
		for (const position of [9, 15, 21]) await fill(position);
		expect(asked.length).toBeGreaterThan(first + 8);
		expect(asked).toEqual([...new Set(asked)]);
		expect(buffer.secondsAhead(21)).toBeGreaterThan(18);
	});

	it("keeps what is here when the policy goes to another enhancement, and drops it when the viewer does", async () => {
		buffer.use(enhancement("e20"), false);
		await fill(0);
		const ahead = buffer.secondsAhead(0);
		expect(ahead).toBeGreaterThan(28);
		buffer.use(enhancement("e40"), false);
		expect(buffer.secondsAhead(0)).toBe(ahead);
		await fill(4);
		expect(asked.filter((name) => name.startsWith("e40/"))).toEqual(["e40/16", "e40/17"]);
		buffer.give(2);
		buffer.use(enhancement("e60"), true);
		await fill(4);
		const anew = asked.filter((name) => name.startsWith("e60/"));
		// What the decoder has is shown to its end.
		expect(anew).not.toContain("e60/2");
		expect(anew).toEqual(expect.arrayContaining(["e60/3", "e60/16"]));
	});

	it("takes what a loop has passed anew, once the policy has gone to a better enhancement", async () => {
		buffer.use(enhancement("e20"), false);
		await fill(0);
		buffer.use(enhancement("e60"), false);
		await fill(14);
		expect(asked).not.toContain("e60/0");
		expect(buffer.enhancementAt(14)?.id).toBe("e20");
		buffer.give(0);
		await fill(0);
		expect(asked).not.toContain("e60/0");
		buffer.takeBack();
		await fill(0);
		// What was not played in this round is of use in the next one.
		const anew = asked.filter((name) => name.startsWith("e60/")).map((name) => Number.parseInt(name.slice(4), 10));
		expect(anew.filter((sequence) => sequence < 15).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
		expect(buffer.enhancementAt(0)?.id).toBe("e60");
		expect(buffer.hasOthers("e60")).toBe(true);
		// To a poorer one nothing goes: what is here is better.
		buffer.use(enhancement("e40"), false);
		await fill(10);
		await fill(0);
		expect(asked.filter((name) => name.startsWith("e40/"))).not.toContain("e40/0");
	});

	it("makes room for what a jump back needs, and fetches nothing twice for it", async () => {
		segmentBytes = 3 * MEGABYTE;
		buffer.use(enhancement("e60"), false);
		await fill(21);
		expect(asked).not.toContain("e60/2");
		await fill(5);
		expect(asked).toEqual(expect.arrayContaining(["e60/2", "e60/3", "e60/9"]));
		expect(buffer.secondsAhead(5)).toBeGreaterThan(18);
		expect(asked).toEqual([...new Set(asked)]);
	});

	it("gives up segments that are not there, though the playlist of a live stream is read again and again", async () => {
		[gone, endless] = [true, true];
		buffer.use(enhancement("e20"), false);
		const start = performance.now();
		for (let round = 1; faults.length < 5; round++) {
			expect(round).toBeLessThan(30);
			await work(0, start + 100_000 * round);
		}
		expect(faults.map(({ code, fatal }) => [code, fatal])).toEqual([
			...Array.from({ length: 4 }, () => ["network", false]),
			["network", true],
		]);
	});
});
