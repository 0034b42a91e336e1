import { describe, expect, it } from "vitest";
import { BoundedQueue } from "./bounded-queue.ts";

describe("a bounded queue", () => {
	it("hands items over in order and lets the producer run ahead by its capacity only", async () => {
		const queue = new BoundedQueue<number>(2);
		let pushed = 0;
		const producing = (async () => {
			for (let i = 0; i < 6; i++) {
				await queue.push(i);
				pushed = i + 1;
			}
			queue.end();
		})();
		await new Promise((resolve) => setImmediate(resolve));
		expect(pushed).toBe(2);
		const seen: number[] = [];
		for (let item = await queue.pull(); item !== undefined; item = await queue.pull()) seen.push(item);
		await producing;
		expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
	});

	it("delivers what came before an error, then the error", async () => {
		const queue = new BoundedQueue<string>(3);
		await queue.push("a");
		queue.end({ error: new Error("broken") });
		expect(await queue.pull()).toBe("a");
		await expect(queue.pull()).rejects.toThrow("broken");
	});

	it("tells a waiting producer that nobody listens any more", async () => {
		const queue = new BoundedQueue<string>(1);
		await queue.push("a");
		const waiting = queue.push("b");
		queue.end();
		expect(await waiting).toBe(false);
		expect(queue.closed).toBe(true);
	});

	it("holds one item at least", () => {
		expect(() => new BoundedQueue(0)).toThrow(RangeError);
	});
});
