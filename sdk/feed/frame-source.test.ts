import { expect, it } from "vitest";
import { MemoryPath } from "../source/picture-path.ts";
import type { FedFrame, Feed } from "./feed.ts";
import { FrameSource } from "./frame-source.ts";

/** A canvas that nobody draws on any more: one picture, and then none until it is ended. */
const stillFeed = (): Feed => {
	const ended = Promise.withResolvers<undefined>();
	const colorSpace = { primaries: null, transfer: null, matrix: null, fullRange: null };
	const frame = { displayWidth: 64, displayHeight: 48, colorSpace, close: () => undefined };
	const pictures = [{ frame: frame as unknown as VideoFrame, timestamp: 0 }];
	return {
		info: { live: true, frameRate: 10, sound: false, silence: undefined },
		missed: 0,
		nextFrame: async (): Promise<FedFrame | undefined> => pictures.shift() ?? ended.promise,
		nextSound: async () => undefined,
		pause: () => undefined,
		resume: () => undefined,
		end: () => ended.resolve(undefined),
	};
};

it("does not wait for a picture that does not come, once the upload has failed", async () => {
	const source = await FrameSource.open(stillFeed(), { audio: "none", signal: new AbortController().signal });
	const stop = new AbortController();
	const next = source.pictures(0, new MemoryPath(), stop.signal).next();
	const why = new Error("The edge refuses it.");
	stop.abort(why);
	await expect(next).rejects.toBe(why);
});
