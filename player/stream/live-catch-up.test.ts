import Hls, { type LevelDetails } from "hls.js";
import { describe, expect, it } from "vitest";
import { type CatchUpHls, LiveCatchUp } from "./live-catch-up.ts";

/** hls.js as far as it is needed, and what it does with the rate that it may choose. */
function start(playbackRate = 1) {
	const video = { playbackRate };
	const config = { maxLiveSyncPlaybackRate: 1 };
	let heard: ((details: Partial<LevelDetails>) => void) | undefined;
	const hls = {
		config,
		on: (_type: string, listener: (type: string, data: { details: Partial<LevelDetails> }) => void) => {
			heard = (details) => listener("", { details });
		},
	};
	const catchUp = new LiveCatchUp(hls as unknown as CatchUpHls, Hls.Events.LEVEL_UPDATED, video);
	return { video, config, catchUp, playlist: (details: Partial<LevelDetails>) => heard?.(details) };
}

const LOW_LATENCY = { live: true, partTarget: 0.4 };

describe("LiveCatchUp", () => {
	it("lets hls.js catch up in a live stream with low latency, and nowhere else", () => {
		for (const [details, rate] of [
			[LOW_LATENCY, 1.5],
			[{ live: true, partTarget: 0 }, 1],
			[{ live: false, partTarget: 0.4 }, 1],
		] as const) {
			const { config, playlist } = start();
			playlist(details);
			expect(config.maxLiveSyncPlaybackRate).toBe(rate);
		}
	});

	it("leaves the viewer's own rate alone, and begins when that is 1 again", () => {
		const { video, config, catchUp, playlist } = start(2);
		playlist(LOW_LATENCY);
		expect([catchUp.isOn, config.maxLiveSyncPlaybackRate, video.playbackRate]).toEqual([false, 1, 2]);
		video.playbackRate = 1;
		playlist(LOW_LATENCY);
		expect([catchUp.isOn, config.maxLiveSyncPlaybackRate]).toEqual([true, 1.5]);
	});

	it("goes on while hls.js has changed the rate", () => {
		const { video, catchUp, playlist } = start();
		playlist(LOW_LATENCY);
		video.playbackRate = 1.25;
		playlist(LOW_LATENCY);
		expect([catchUp.isOn, video.playbackRate]).toEqual([true, 1.25]);
	});

	it("gives the viewer their rate of 1 back when the stream ends in the middle of it", () => {
		const { video, config, catchUp, playlist } = start();
		playlist(LOW_LATENCY);
		video.playbackRate = 1.25;
		playlist({ live: false, partTarget: 0.4 });
		expect([catchUp.isOn, config.maxLiveSyncPlaybackRate, video.playbackRate]).toEqual([false, 1, 1]);
	});

	it("stops where the viewer chooses a rate", () => {
		const { video, config, catchUp, playlist } = start();
		playlist(LOW_LATENCY);
		video.playbackRate = 1.25;
		catchUp.stop();
		video.playbackRate = 0.5;
		playlist(LOW_LATENCY);
		expect([catchUp.isOn, config.maxLiveSyncPlaybackRate, video.playbackRate]).toEqual([false, 1, 0.5]);
	});
});
