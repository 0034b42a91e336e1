import { describe, expect, it } from "vitest";
import { runAhead } from "./run-ahead.ts";

const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

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
