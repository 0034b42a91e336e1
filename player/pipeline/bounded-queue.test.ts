import { describe, expect, it } from "vitest";
import { BoundedQueue } from "./bounded-queue.ts";

const settled = async (promise: Promise<unknown>) => {
	let state = "waiting";
	promise.then(
		() => (state = "done"),
		() => (state = "failed"),
	);
	for (let i = 0; i < 10; i++) await Promise.resolve();
	return state;
};

describe("bounded queue", () => {
	it("holds the producer while it is full, and the consumer while it is empty", async () => {
		const queue = new BoundedQueue<number>(2, new AbortController().signal);
		const taken = queue.take();
		expect(await settled(taken)).toBe("waiting");
		await queue.put(1);
		expect(await taken).toBe(1);
		await queue.put(2);
		await queue.put(3);
		const full = queue.put(4);
		expect(await settled(full)).toBe("waiting");
		expect(await queue.take()).toBe(2);
		expect(await settled(full)).toBe("done");
		expect([await queue.take(), await queue.take()]).toEqual([3, 4]);
	});

	it("ends every wait when it is aborted, with the reason", async () => {
		const abort = new AbortController();
		const empty = new BoundedQueue<number>(1, abort.signal);
		const full = new BoundedQueue<number>(1, abort.signal);
		await full.put(1);
		const waits = [empty.take(), full.put(2)];
		const reason = new Error("enough");
		abort.abort(reason);
		const results = await Promise.allSettled(waits);
		expect(results.map((result) => (result.status === "rejected" ? result.reason : undefined))).toEqual([
			reason,
			reason,
		]);
		await expect(full.take()).rejects.toBe(reason);
	});
});
