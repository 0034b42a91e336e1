import Hls from "hls.js";
import * as hlsModule from "hls.js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BaseFeed } from "./base-feed.ts";
import type { HlsModule } from "./steady-hls.ts";
import type { HeadStart } from "./head-start.ts";

const SEGMENT = 2;

/** A feed over an hls.js that loads nothing: what it would say is said by the test. */
function start() {
	const heard = new Map<string, (type: string, data: unknown) => void>();
	const log: string[] = [];
	/** Up to where the video is buffered, in seconds. */
	const buffer = { end: 0 };
	const video = Object.assign(new EventTarget(), {
		currentTime: 0,
		readyState: 1,
		paused: false,
		playbackRate: 1.5,
		buffered: { length: 1, start: () => 0, end: () => buffer.end },
		play: async () => void (video.paused = false),
	});
	class QuietHls {
		static DefaultConfig = Hls.DefaultConfig;
		media = video;
		config = { maxBufferLength: 30 };
		on = (type: string, listener: (type: string, data: unknown) => void) => void heard.set(type, listener);
		recoverMediaError(): void {
			log.push("recovers");
			// A `<video>` that gets another source.
			Object.assign(video, { paused: true, playbackRate: 1 });
		}
		startLoad(position?: number): void {
			log.push(position === undefined ? "loads" : `loads from ${position}`);
		}
		destroy = () => undefined;
	}
	const listener = {
		manifest: () => undefined,
		progress: () => undefined,
		transfer: () => undefined,
		fatal: (failure: string, error: Error) => void log.push(`${failure}: ${error.message}`),
	};
	const headStart = { take: () => undefined } as unknown as HeadStart;
	const module = { ...hlsModule, default: QuietHls } as unknown as HlsModule;
	const feed = new BaseFeed(module, listener, headStart);
	const say = (type: string, data: object) => heard.get(type)?.(type, data);
	const segmentAt = (time: number) => ({ type: "main", start: time, end: time + SEGMENT });
	say(Hls.Events.LEVEL_UPDATED, { details: { fragments: [0, 2, 4, 6, 8, 10, 12].map(segmentAt) } });
	const fails = (data: object) => say(Hls.Events.ERROR, { fatal: true, ...data });
	return {
		feed,
		video,
		buffer,
		log,
		/** How often it recovered, and what it ended with. */
		recoveries: () => log.filter((line) => !line.startsWith("loads")),
		buffered: (time: number) => say(Hls.Events.FRAG_BUFFERED, { frag: segmentAt(time) }),
		loaded: () => say(Hls.Events.FRAG_LOADED, { frag: { stats: { loading: {} } }, part: {} }),
		stumbles: (frag?: object, details: string = Hls.ErrorDetails.BUFFER_APPEND_ERROR) =>
			fails({ type: Hls.ErrorTypes.MEDIA_ERROR, details, frag }),
		loses: (details: string, code?: number) =>
			fails({ type: Hls.ErrorTypes.NETWORK_ERROR, details, response: code === undefined ? undefined : { code } }),
		segmentAt,
	};
}

const FATAL = "media: The video cannot be played: bufferAppendError.";

describe("BaseFeed and media errors", () => {
	it("gives up a segment that fails again and again, though those before it are buffered each time", () => {
		const { video, recoveries, buffered, stumbles, segmentAt } = start();
		for (let i = 0; i < 6; i++) {
			video.currentTime = 5 + i * 0.1;
			for (const time of [4, 6, 8]) buffered(time);
			stumbles(segmentAt(10));
		}
		expect(recoveries().slice(0, 4)).toEqual(["recovers", "recovers", "recovers", FATAL]);
	});

	it("gives up a place that cannot be decoded, though its segment is buffered each time", () => {
		const { video, recoveries, buffered, stumbles } = start();
		for (let i = 0; i < 4; i++) {
			video.currentTime = 10.3 + i * 0.1;
			stumbles();
			buffered(10);
		}
		expect(recoveries()).toEqual(["recovers", "recovers", "recovers", FATAL]);
	});

	it("recovers anew once playback has got beyond the place", () => {
		const { video, recoveries, buffered, stumbles, segmentAt } = start();
		for (const time of [0, 4, 8]) {
			for (let i = 0; i < 3; i++) stumbles(segmentAt(time));
			video.currentTime = time + SEGMENT + 0.1;
			buffered(time + SEGMENT);
		}
		expect(recoveries()).toEqual(Array.from({ length: 9 }, () => "recovers"));
	});

	it("recovers anew for a viewer who has gone back to where all was well", () => {
		const { video, recoveries, stumbles, segmentAt } = start();
		video.currentTime = 3595;
		for (let i = 0; i < 3; i++) stumbles(segmentAt(3600));
		video.currentTime = 1;
		for (let i = 0; i < 3; i++) stumbles(segmentAt(0));
		stumbles(segmentAt(0));
		expect(recoveries()).toEqual([...Array.from({ length: 6 }, () => "recovers"), FATAL]);
	});

	it("plays on at the viewer's rate where it was, if it was played", () => {
		const { video, log, stumbles } = start();
		video.currentTime = 7;
		stumbles();
		expect(log).toEqual(["recovers", "loads from 7"]);
		expect([video.paused, video.playbackRate]).toEqual([false, 1.5]);
		video.paused = true;
		stumbles();
		expect([video.paused, video.playbackRate]).toEqual([true, 1.5]);
	});

	it("keeps that of what hls.js recovers from by itself", () => {
		const { feed, video } = start();
		feed.hls.recoverMediaError();
		expect([video.paused, video.playbackRate]).toEqual([false, 1.5]);
	});

	it.each([
		Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
		Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR,
		Hls.ErrorDetails.FRAG_PARSING_ERROR,
	])("says at once what no new start helps: %s", (details) => {
		const { log, stumbles } = start();
		stumbles(undefined, details);
		expect(log).toEqual([`media: The video cannot be played: ${details}.`]);
	});
});

describe("BaseFeed without network", () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	const LOST = Hls.ErrorDetails.FRAG_LOAD_ERROR;

	it("tries again, less and less often, for as long as something is left to play and three minutes more", () => {
		const { buffer, log, loses } = start();
		buffer.end = 20;
		const waits: number[] = [];
		for (let i = 0; i < 20; i++) {
			loses(LOST, i % 2 === 0 ? 0 : 503);
			const before = Date.now();
			vi.advanceTimersToNextTimer();
			waits.push((Date.now() - before) / 1000);
		}
		expect(waits.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
		expect(log).toEqual(Array.from({ length: 20 }, () => "loads"));
		buffer.end = 0;
		log.length = 0;
		for (let i = 0; i < 7; i++) {
			loses(LOST, 0);
			vi.advanceTimersToNextTimer();
		}
		loses(LOST, 0);
		expect(log).toEqual([
			...Array.from({ length: 7 }, () => "loads"),
			`network: The video cannot be played: ${LOST}.`,
		]);
	});

	it("begins with short pauses again once something has come", () => {
		const { log, loses, loaded } = start();
		for (let i = 0; i < 4; i++) {
			loses(Hls.ErrorDetails.LEVEL_LOAD_TIMEOUT);
			vi.advanceTimersToNextTimer();
		}
		loaded();
		loses(LOST);
		log.length = 0;
		vi.advanceTimersByTime(1000);
		expect(log).toEqual(["loads"]);
	});

	it("says at once what a server refuses, what no list of segments is, and that there is nothing to begin with", () => {
		const { video, log, loses } = start();
		loses(LOST, 404);
		loses(Hls.ErrorDetails.LEVEL_PARSING_ERROR);
		loses(Hls.ErrorDetails.MANIFEST_LOAD_ERROR, 503);
		video.readyState = 0;
		loses(LOST, 503);
		expect(log).toEqual(
			[LOST, Hls.ErrorDetails.LEVEL_PARSING_ERROR, Hls.ErrorDetails.MANIFEST_LOAD_ERROR, LOST].map(
				(details) => `network: The video cannot be played: ${details}.`,
			),
		);
	});

	it("tries nothing any more once it is gone", () => {
		const { feed, log, loses } = start();
		loses(LOST);
		feed.destroy();
		vi.advanceTimersByTime(60_000);
		expect(log).toEqual([]);
	});
});
