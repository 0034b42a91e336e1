import { expect, it } from "vitest";
import { Gate } from "./gate.ts";
import { WaitClock } from "./patience.ts";

const { signal } = new AbortController();

it("holds back while it is closed, and lets everybody through when it opens", async () => {
	const gate = new Gate();
	await gate.passed(signal);
	gate.close();
	expect(gate.isOpen).toBe(false);
	let passed = 0;
	const waiting = [1, 2].map(() => gate.passed(signal).then(() => (passed += 1)));
	await Promise.resolve();
	expect(passed).toBe(0);
	gate.open();
	await Promise.all(waiting);
	expect([passed, gate.isOpen]).toEqual([2, true]);
});

it("does not hold whoever gives up", async () => {
	const stop = new AbortController();
	const gate = new Gate();
	gate.close();
	const waiting = gate.passed(stop.signal);
	stop.abort(new Error("over"));
	await expect(waiting).rejects.toThrow("over");
});

it("stops the clock of the wait though nobody stands at it, once however often it is closed", async () => {
	let now = 0;
	const clock = new WaitClock(() => now);
	const gate = new Gate(clock);
	now = 3;
	gate.close();
	gate.close();
	now = 100;
	expect(clock.spent).toBe(3);
	gate.open();
	await gate.passed(signal);
	now = 104;
	expect(clock.spent).toBe(7);
});
