import { describe, expect, it } from "vitest";
import { PlaybackAccount } from "./playback-account.ts";

const moment = (playing: boolean, enhanced = false, stalled = false) => ({ playing, enhanced, stalled });

describe("account of a playback", () => {
	it("counts what is played, what of it enhanced, and nothing of a pause", () => {
		const account = new PlaybackAccount(1000);
		account.observe(moment(true), 1100);
		account.observe(moment(true, true), 1400);
		account.observe(moment(false, true), 2400);
		expect(account.totals(9000)).toEqual({
			...{ playedMilliseconds: 1300, enhancedMilliseconds: 1000, stalls: 0, stalledMilliseconds: 0 },
		});
	});

	it("counts a stall once, however often it is told of, and each new one", () => {
		const account = new PlaybackAccount(0);
		account.observe(moment(true), 0);
		account.observe(moment(false, false, true), 100);
		account.observe(moment(false, false, true), 150);
		account.observe(moment(true), 300);
		account.observe(moment(false, false, true), 400);
		expect(account.totals(450)).toMatchObject({ playedMilliseconds: 200, stalls: 2, stalledMilliseconds: 250 });
	});

	it("gives totals that only grow, and never runs backwards with the clock", () => {
		const account = new PlaybackAccount(0);
		account.observe(moment(true), 0);
		expect(account.totals(500).playedMilliseconds).toBe(500);
		expect(account.totals(400).playedMilliseconds).toBe(500);
		expect(account.totals(700).playedMilliseconds).toBe(800);
	});
});
