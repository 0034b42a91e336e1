import { describe, expect, it } from "vitest";
import { BoundedQueue, runAhead } from "./queue.ts";

const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

describe("BoundedQueue", () => {
	it("makes the producer wait while it is full", async () => {
		const queue = new BoundedQueue<number>(2);
		await queue.push(1);
		await queue.push(2);
		let third = false;
		const pushing = queue.push(3).then((taken) => (third = taken));
		await tick();
		expect(third).toBe(false);
		expect(await queue.shift()).toBe(1);
		await pushing;
		expect(third).toBe(true);
	});

	it("delivers what is inside before the end, and then undefined", async () => {
		const queue = new BoundedQueue<number>(4);
		await queue.push(1);
		queue.end();
		expect(await queue.shift()).toBe(1);
		expect(await queue.shift()).toBeUndefined();
		expect(await queue.push(2)).toBe(false);
	});

	it("delivers what is inside before a failure", async () => {
		const queue = new BoundedQueue<number>(4);
		await queue.push(1);
		queue.fail(new Error("gone"));
		expect(await queue.shift()).toBe(1);
		await expect(queue.shift()).rejects.toThrow("gone");
	});

	it("refuses a capacity that cannot be", () => {
		expect(() => new BoundedQueue(0)).toThrow(RangeError);
	});
});

describe("runAhead", () => {
	it("runs ahead by the capacity and no further", async () => {
		let made = 0;
		const source = (async function* () {
			for (; made < 100;) {
				yield made++;
			}
		})();
		const ahead = runAhead(source, 3);
		expect((await ahead.next()).value).toBe(0);
		for (let i = 0; i < 20; i++) {
			await tick();
		}
		// One read, three in the queue, one in the producer's hand.
		expect(made).toBeLessThanOrEqual(5);
		expect(made).toBeGreaterThanOrEqual(4);
		await ahead.return();
	});

	it("closes the source when the reader stops early", async () => {
		let closed = false;
		const source = (async function* () {
			try {
				for (let i = 0; ; i++) {
					yield i;
				}
			} finally {
				closed = true;
			}
		})();
		for await (const item of runAhead(source, 2)) {
			if (item === 3) {
				break;
			}
		}
		expect(closed).toBe(true);
	});

	it("passes an error of the source on, after the items before it", async () => {
		const source = (async function* () {
			yield 1;
			throw new Error("broken");
		})();
		const seen: number[] = [];
		await expect(
			(async () => {
				for await (const item of runAhead(source, 4)) {
					seen.push(item);
				}
			})(),
		).rejects.toThrow("broken");
		expect(seen).toEqual([1]);
	});
});
