import { expect, it } from "vitest";
import { WaitClock } from "./patience.ts";
import { Tempo } from "./tempo.ts";

const benchOf = (live: boolean) => {
	let now = 0;
	const clock = new WaitClock(() => now);
	const tempo = new Tempo(clock, live, () => now);
	tempo.start();
	/** Waits for a frame of 40 ms, and codes it. */
	const frame = (waits: number, codes: number) => {
		now += waits;
		return tempo.coding(40_000, async () => void (now += codes));
	};
	return { clock, tempo, frame };
};

it("counts from the second frame on: the first one compiles", async () => {
	const { tempo, frame } = benchOf(false);
	await frame(0, 30);
	expect(tempo.next({ coded: 0.04, effort: "normal" })).toBeUndefined();
	await frame(1, 2);
	await frame(1, 2);
	expect(tempo.next({ coded: 0.12, effort: "normal" })).toEqual({
		...{ video: 0.08, frames: 2, took: 6, coded: 0.12, effort: "normal" },
	});
	await frame(0, 1);
	expect(tempo.next({ coded: 0.16, effort: "realtime" })).toMatchObject({ frames: 1, took: 1 });
});

it("does not blame a machine for the pictures of a camera that do not come", async () => {
	const { tempo, frame } = benchOf(true);
	await frame(0, 30);
	await frame(10, 0.1);
	await frame(10, 0.1);
	expect(tempo.next({ coded: 0.12, effort: "realtime" })?.took).toBeCloseTo(0.2, 9);
});

it("counts the work on live pictures, though another lane waits for the network meanwhile", async () => {
	const { clock, tempo, frame } = benchOf(true);
	await frame(0, 30);
	const network = Promise.withResolvers<void>();
	const waiting = clock.excuse(network.promise);
	await frame(10, 1);
	expect(tempo.next({ coded: 0.08, effort: "realtime" })?.took).toBeCloseTo(1, 9);
	network.resolve();
	await waiting;
	await frame(10, 2);
	expect(tempo.next({ coded: 0.12, effort: "realtime" })?.took).toBeCloseTo(2, 9);
});

it.each([true, false])("does not hold the sleep of a machine against it (live: %s)", async (live) => {
	const { clock, tempo, frame } = benchOf(live);
	await frame(0, 30);
	await frame(0, 1);
	expect(clock.spent).toBe(31);
	await frame(0, 3600);
	expect(tempo.next({ coded: 0.12, effort: "realtime" })).toMatchObject({ frames: 2, took: 1 });
});
