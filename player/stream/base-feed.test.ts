import Hls from "hls.js";
import * as hlsModule from "hls.js";
import { describe, expect, it } from "vitest";
import { BaseFeed, type HlsModule } from "./base-feed.ts";
import type { HeadStart } from "./head-start.ts";

const SEGMENT = 2;

/** A feed over an hls.js that loads nothing: what it would say is said by the test. */
function start() {
	const video = { currentTime: 0 };
	const heard = new Map<string, (type: string, data: unknown) => void>();
	const log: string[] = [];
	class QuietHls {
		static DefaultConfig = Hls.DefaultConfig;
		media = video;
		config = { maxMaxBufferLength: 30 };
		on = (type: string, listener: (type: string, data: unknown) => void) => void heard.set(type, listener);
		recoverMediaError = () => void log.push("recovers");
	}
	const listener = {
		manifest: () => undefined,
		progress: () => undefined,
		transfer: () => undefined,
		fatal: (error: Error) => void log.push(error.message),
	};
	const headStart = { take: () => undefined } as unknown as HeadStart;
	const module = { ...hlsModule, default: QuietHls } as unknown as HlsModule;
	const feed = new BaseFeed(module, listener, headStart);
	const say = (type: string, data: object) => heard.get(type)?.(type, data);
	const segmentAt = (time: number) => ({ type: "main", start: time, end: time + SEGMENT });
	say(Hls.Events.LEVEL_UPDATED, { details: { fragments: [0, 2, 4, 6, 8, 10, 12].map(segmentAt) } });
	return {
		feed,
		video,
		log,
		buffered: (time: number) => say(Hls.Events.FRAG_BUFFERED, { frag: segmentAt(time) }),
		fails: (frag?: object, type = Hls.ErrorTypes.MEDIA_ERROR) =>
			say(Hls.Events.ERROR, { fatal: true, type, details: "bufferAppendError", frag }),
		segmentAt,
	};
}

const FATAL = "The video cannot be played: bufferAppendError.";

describe("BaseFeed and media errors", () => {
	it("gives up a segment that fails again and again, though those before it are buffered each time", () => {
		const { video, log, buffered, fails, segmentAt } = start();
		for (let i = 0; i < 6; i++) {
			video.currentTime = 5 + i * 0.1;
			for (const time of [4, 6, 8]) buffered(time);
			fails(segmentAt(10));
		}
		expect(log.slice(0, 4)).toEqual(["recovers", "recovers", "recovers", FATAL]);
	});

	it("gives up a place that cannot be decoded, though its segment is buffered each time", () => {
		const { video, log, buffered, fails } = start();
		for (let i = 0; i < 4; i++) {
			video.currentTime = 10.3 + i * 0.1;
			fails();
			buffered(10);
		}
		expect(log).toEqual(["recovers", "recovers", "recovers", FATAL]);
	});

	it("recovers anew once playback has got beyond the place", () => {
		const { video, log, buffered, fails, segmentAt } = start();
		for (const time of [0, 4, 8]) {
			for (let i = 0; i < 3; i++) fails(segmentAt(time));
			video.currentTime = time + SEGMENT + 0.1;
			buffered(time + SEGMENT);
		}
		expect(log).toEqual(Array.from({ length: 9 }, () => "recovers"));
	});

	it("recovers anew for a viewer who has gone back to where all was well", () => {
		const { video, log, fails, segmentAt } = start();
		video.currentTime = 3595;
		for (let i = 0; i < 3; i++) fails(segmentAt(3600));
		video.currentTime = 1;
		for (let i = 0; i < 3; i++) fails(segmentAt(0));
		fails(segmentAt(0));
		expect(log).toEqual([...Array.from({ length: 6 }, () => "recovers"), FATAL]);
	});

	it("recovers from nothing else", () => {
		const { log, fails } = start();
		fails(undefined, Hls.ErrorTypes.NETWORK_ERROR);
		expect(log).toEqual([FATAL]);
	});
});
