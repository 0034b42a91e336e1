import { describe, expect, it } from "vitest";
import { TurnQueue } from "./turn-queue.ts";

const fail = () => Promise.reject(new Error("no store"));

describe("TurnQueue", () => {
	it("does one thing after the other, and whatever fails keeps none of the others", async () => {
		const done: string[] = [];
		const queue = new TurnQueue(async () => void done.push("failure"));
		const slow = async () => {
			await Promise.resolve();
			done.push("slow");
		};
		const answers = await Promise.all([
			queue.run(slow),
			queue.run(fail),
			queue.run(async () => void done.push("last")),
		]);
		expect(done).toEqual(["slow", "failure", "last"]);
		expect(answers).toEqual([true, false, true]);
	});

	it("waits twice as long after each failure in a row, and no longer than five minutes", async () => {
		const delays: number[] = [];
		const queue = new TurnQueue(async (_, retryInMs) => void delays.push(retryInMs));
		for (let failure = 0; failure < 11; failure++) await queue.run(fail);
		expect(queue.failing).toBe(true);
		expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]);
		await queue.run(async () => undefined);
		expect(queue.failing).toBe(false);
		await queue.run(fail);
		expect(delays.at(-1)).toBe(1000);
	});

	it("goes on after a failure that could not even be told: only whoever asked is refused", async () => {
		const queue = new TurnQueue(() => Promise.reject(new Error("no alarm")));
		await expect(queue.run(fail)).rejects.toThrow("no alarm");
		expect(await queue.run(async () => undefined)).toBe(true);
	});
});
