import { describe, expect, it } from "vitest";
import type { Picture } from "../../codec/picture/picture.ts";
import { decodePart } from "../../protocol/part.ts";
import { Stills } from "./stills.ts";
import type { MakeJpeg, Still } from "./stills.ts";

const at = (seconds: number): Picture => ({
	...{ width: 16, height: 16, timestamp: Math.round(seconds * 1e6) },
	...{ y: new Uint8Array(256), u: new Uint8Array(64), v: new Uint8Array(64) },
});

/** Says in three bytes what was asked for. */
const jpeg: MakeJpeg = async ({ timestamp }, side) => Uint8Array.of(0xff, side === 160 ? 1 : 2, timestamp / 1e6);

const offerAll = async (stills: Stills, seconds: readonly number[]): Promise<Still[]> => {
	const taken: Still[] = [];
	for (const second of seconds) {
		taken.push(...(await stills.offer(at(second))));
	}
	return taken;
};

const every = (step: number, count: number) => Array.from({ length: count }, (_, index) => index * step);
const times = (stills: Stills) =>
	decodePart(stills.storyboard ?? new Uint8Array()).map(({ timestamp }) => timestamp / 1e6);

describe("Stills", () => {
	it("takes at most one picture a second, and a poster from a tenth of the video on", async () => {
		const stills = new Stills(20, jpeg);
		await offerAll(stills, every(0.5, 40));
		expect(times(stills)).toEqual(every(1, 20));
		expect(stills.poster).toEqual(Uint8Array.of(0xff, 2, 2));
	});

	it("takes the first picture of a video that has no other", async () => {
		const stills = new Stills(0.7, jpeg);
		await offerAll(stills, [0]);
		expect(times(stills)).toEqual([0]);
		expect(stills.poster).toEqual(Uint8Array.of(0xff, 2, 0));
	});

	it("spreads a bounded number over two hours", async () => {
		const stills = new Stills(7200, jpeg);
		await offerAll(stills, every(2, 3600));
		expect(times(stills)).toEqual(every(60, 120));
		expect(stills.poster).toEqual(Uint8Array.of(0xff, 2, 10));
	});

	it("thins out what turns out to be long, evenly", async () => {
		const stills = new Stills(undefined, jpeg);
		await offerAll(stills, every(2, 1800));
		const shown = times(stills);
		expect(shown.length).toBeLessThanOrEqual(120);
		expect(shown.length).toBeGreaterThan(40);
		expect(new Set(shown.slice(1).map((time, index) => time - (shown[index] ?? 0))).size).toBe(1);
	});

	it("has the same pictures when it goes on in the middle, whatever is offered again", async () => {
		const whole = new Stills(20, jpeg);
		await offerAll(whole, every(0.5, 40));
		for (const stop of [1, 3, 4, 17]) {
			const kept = new Map<string, Still>();
			for (const still of await offerAll(new Stills(20, jpeg), every(0.5, stop))) {
				kept.set(still.kind === "poster" ? "poster" : String(still.timestamp), still);
			}
			const rest = new Stills(20, jpeg, [...kept.values()]);
			await offerAll(rest, every(0.5, 40).slice(Math.max(0, stop - 2)));
			expect(rest.storyboard).toEqual(whole.storyboard);
			expect(rest.poster).toEqual(whole.poster);
		}
	});
});
