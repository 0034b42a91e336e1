import { expect, it } from "vitest";
import { baseStatusOf } from "./observations.ts";

/** A video whose duration is what hls.js makes of a live playlist: its edge. */
const video = { currentTime: 17.4, duration: 20 } as HTMLVideoElement;
const segments = Array.from({ length: 20 }, (_, i) => ({ sequence: i, start: i, duration: 1 }));
const statusOf = (complete: boolean) => {
	const feed = { complete, segments, bufferedEnd: () => 20 };
	return baseStatusOf({ video, feed } as unknown as Parameters<typeof baseStatusOf>[0], video.currentTime);
};

it("a live stream has no end, and near its edge less base is wanted than elsewhere", () => {
	expect(statusOf(false)).toMatchObject({ complete: false, left: Number.POSITIVE_INFINITY });
	expect(statusOf(false).wanted).toBeLessThan(2);
	expect(statusOf(true)).toMatchObject({ complete: true, wanted: 6 });
	expect(statusOf(true).left).toBeCloseTo(2.6);
});
