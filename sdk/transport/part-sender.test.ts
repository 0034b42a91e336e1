import { describe, expect, it } from "vitest";
import { Gate } from "../stages/gate.ts";
import { PartSender } from "./part-sender.ts";
import type { OutgoingPart } from "./part-sender.ts";

const part = (number: number, size = 10): OutgoingPart => ({ track: "base", number, bytes: new Uint8Array(size) });
const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
const MEGABYTE = 2 ** 20;
const LIMITS = { mostBytes: 24 * MEGABYTE };

/** A network whose answers come when the test says so. */
const manual = () => {
	const open: { part: OutgoingPart; answer: () => void; refuse: (error: Error) => void }[] = [];
	const started: number[] = [];
	const deliver = (sent: OutgoingPart, signal: AbortSignal) =>
		new Promise<void>((resolve, reject) => {
			started.push(sent.number);
			open.push({ part: sent, answer: resolve, refuse: reject });
			signal.addEventListener("abort", () => reject(signal.reason), { once: true });
		});
	return { open, started, deliver };
};

describe("PartSender", () => {
	it("starts parts in order, three at a time, and finishes when all are acknowledged", async () => {
		const { open, started, deliver } = manual();
		const sender = new PartSender(deliver, new Gate(), new AbortController().signal, LIMITS);
		for (let i = 0; i < 5; i++) {
			await sender.add(part(i));
		}
		await tick();
		expect(started).toEqual([0, 1, 2]);
		let finished = false;
		const finishing = sender.finish().then(() => (finished = true));
		open[1]?.answer();
		await tick();
		expect(started).toEqual([0, 1, 2, 3]);
		expect(sender.pendingBytes).toBe(40);
		expect(finished).toBe(false);
		for (const { answer } of open) {
			answer();
		}
		await tick();
		open[4]?.answer();
		await finishing;
		expect(sender.pendingBytes).toBe(0);
	});

	it("makes the encoder wait while too much is pending", async () => {
		const { open, deliver } = manual();
		const sender = new PartSender(deliver, new Gate(), new AbortController().signal, LIMITS);
		for (let i = 0; i < 5; i++) {
			await sender.add(part(i, 4 * MEGABYTE));
		}
		let room = false;
		const adding = sender.add(part(5, 4 * MEGABYTE)).then(() => (room = true));
		await tick();
		expect(room).toBe(false);
		open[0]?.answer();
		await adding;
		expect(room).toBe(true);
	});

	it("sends nothing new while the gate is closed", async () => {
		const { started, deliver } = manual();
		const gate = new Gate();
		gate.close();
		const sender = new PartSender(deliver, gate, new AbortController().signal, LIMITS);
		await sender.add(part(0));
		await tick();
		expect(started).toEqual([]);
		gate.open();
		await tick();
		expect(started).toEqual([0]);
	});

	it("stops everything at the first failure and reports that one", async () => {
		const { open, deliver } = manual();
		const sender = new PartSender(deliver, new Gate(), new AbortController().signal, LIMITS);
		for (let i = 0; i < 4; i++) {
			await sender.add(part(i));
		}
		await tick();
		const finishing = sender.finish();
		open[1]?.refuse(new Error("no room on the disk"));
		await expect(finishing).rejects.toThrow("no room on the disk");
		await expect(sender.add(part(9))).rejects.toThrow("no room on the disk");
		expect(open.length).toBe(3);
	});

	it("is settled when what was added before is acknowledged, whatever came after, and throws what stopped it", async () => {
		const { open, deliver } = manual();
		const sender = new PartSender(deliver, new Gate(), new AbortController().signal, LIMITS);
		await sender.settled();
		await sender.add(part(0));
		let settled = false;
		const settling = sender.settled().then(() => (settled = true));
		await sender.add(part(1));
		await tick();
		expect(settled).toBe(false);
		open[0]?.answer();
		await settling;
		expect(sender.pendingBytes).toBe(part(1).bytes.length);
		const failing = sender.settled();
		open[1]?.refuse(new Error("no room on the disk"));
		await expect(failing).rejects.toThrow("no room on the disk");
	});

	it("ends with the caller's reason when aborted", async () => {
		const { deliver } = manual();
		const abort = new AbortController();
		const sender = new PartSender(deliver, new Gate(), abort.signal, LIMITS);
		await sender.add(part(0));
		const finishing = sender.finish();
		abort.abort(new Error("changed my mind"));
		await expect(finishing).rejects.toThrow("changed my mind");
	});
});
