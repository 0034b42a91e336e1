import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowedWait, judge, WaitClock } from "./patience.ts";
import type { Pace, Wait } from "./patience.ts";

const wait = (change: Partial<Wait> = {}): Wait => ({ duration: 100, live: false, patience: 2, ...change });

/** A group of two seconds that took `took`. */
const pace = (took: number, change: Partial<Pace> = {}): Pace => ({
	...{ video: 2, frames: 50, took, coded: 2, effort: "normal" },
	...change,
});

describe("allowedWait", () => {
	it("is a multiple of the length, a minute for short videos, and of what is coded where the length is not known", () => {
		expect(allowedWait(wait())).toBe(200);
		expect(allowedWait(wait({ duration: 5 }))).toBe(60);
		expect(allowedWait(wait({ duration: undefined }), 10)).toBe(60);
		expect(allowedWait(wait({ duration: undefined }), 50)).toBe(100);
		expect(allowedWait(wait({ duration: 0, patience: Infinity }))).toBe(Infinity);
	});
});

describe("judge", () => {
	it("goes on while all of it will be done in time", () => {
		expect(judge(wait(), 4, pace(3.7))).toBe("go on");
	});

	it("first lowers the effort, then goes on as long as the next group is in time, then ends", () => {
		expect(judge(wait(), 4, pace(5))).toBe("lower effort");
		expect(judge(wait(), 4, pace(5, { effort: "realtime" }))).toBe("go on");
		expect(judge(wait(), 184, pace(5, { effort: "realtime", coded: 80 }))).toBe("go on");
		expect(judge(wait(), 186, pace(5, { effort: "realtime", coded: 80 }))).toBe("end");
	});

	it("knows that the last group is shorter than the others", () => {
		const last = { effort: "realtime", coded: 99.8 } as const;
		expect(judge(wait(), 188, pace(10, last))).toBe("go on");
		expect(judge(wait(), 188, pace(10, { ...last, coded: 98 }))).toBe("end");
	});

	it("never ends what the developer insists on", () => {
		expect(judge(wait({ patience: Infinity }), 1e6, pace(1e4, { effort: "realtime" }))).toBe("go on");
		expect(judge(wait({ patience: Infinity, live: true }), 1e6, pace(1e4))).toBe("go on");
	});

	it("gives frames without a known end time by what is coded", () => {
		const open = wait({ duration: undefined });
		expect(judge(open, 40, pace(8, { coded: 20, effort: "realtime" }))).toBe("go on");
		expect(judge(open, 100, pace(8, { coded: 50, effort: "realtime" }))).toBe("end");
	});

	it("ends a live enhancement that does not keep up by far, whatever is waited", () => {
		const live = wait({ live: true, duration: undefined });
		expect(judge(live, 0, pace(2, { frames: 11, effort: "realtime" }))).toBe("go on");
		expect(judge(live, 0, pace(2, { frames: 9, effort: "realtime" }))).toBe("end");
	});

	it("keeps the promise on any machine whose groups take what the group before took", () => {
		const seconds = fc.double({ min: 1, max: 1000, noNaN: true });
		const slowness = fc.double({ min: 0.01, max: 50, noNaN: true });
		fc.assert(
			fc.property(seconds, slowness, fc.double({ min: 0, max: 5, noNaN: true }), (duration, slow, start) => {
				const task = wait({ duration });
				let spent = start;
				let coded = 0;
				let effort: Pace["effort"] = "normal";
				// The first group is not known to be slow before it is coded; a measurement decides that it begins.
				for (let verdict = judge(task, spent, pace(2 * slow, { coded })); coded < duration;) {
					if (verdict === "end") {
						break;
					}
					effort = verdict === "lower effort" ? "realtime" : effort;
					const video = Math.min(2, duration - coded);
					const took = video * slow * (effort === "realtime" ? 0.6 : 1);
					const inTime = spent + took <= allowedWait(task);
					spent += took;
					coded += video;
					expect(inTime || effort === "realtime").toBe(true);
					verdict = coded < duration ? judge(task, spent, { video, took, frames: 50, coded, effort }) : "end";
				}
				// No group is begun that, by the one before it, would end late; the first with less effort is known only when it is done.
				expect(spent).toBeLessThanOrEqual(Math.max(allowedWait(task), start + 2 * slow * 2.6));
			}),
			{ seed: 11 },
		);
	});
});

describe("WaitClock", () => {
	it("does not count what the machine cannot help, once where several excuses run side by side", async () => {
		let now = 0;
		const clock = new WaitClock(() => now);
		now = 5;
		expect(clock.spent).toBe(5);
		const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		const excused = [clock.excuse(first.promise), clock.excuse(second.promise)];
		now = 8;
		expect(clock.spent).toBe(5);
		first.resolve();
		await excused[0];
		now = 10;
		second.resolve();
		await excused[1];
		now = 11;
		expect(clock.spent).toBe(6);
	});

	it("does not count the sleep of a machine, whether it is the only excuse or lies within another", async () => {
		let now = 0;
		const clock = new WaitClock(() => now);
		now = 5;
		expect(clock.spent).toBe(5);
		now += 3600;
		expect(clock.spent).toBe(5);
		now += 60;
		expect(clock.spent).toBe(65);
		const network = Promise.withResolvers<void>();
		const waiting = clock.excuse(network.promise);
		now += 3600;
		network.resolve();
		await waiting;
		now += 1;
		expect(clock.spent).toBe(66);
	});

	it("counts again after work that failed", async () => {
		let now = 0;
		const clock = new WaitClock(() => now);
		const failed = clock.excuse(Promise.reject(new Error("no")));
		now = 3;
		await expect(failed).rejects.toThrow("no");
		now = 4;
		expect(clock.spent).toBe(1);
	});
});
