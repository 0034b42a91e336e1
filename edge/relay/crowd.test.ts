import { describe, expect, it } from "vitest";
import { Crowd, MOST_A_SECOND, MOST_WAITING } from "./crowd.ts";

const times = (count: number, serve: () => Promise<unknown>) => Array.from({ length: count }, serve);

describe("Crowd", () => {
	it("sends viewers elsewhere while too many wait, and never a relay", async () => {
		const crowd = new Crowd(() => 0);
		const { promise, resolve } = Promise.withResolvers<"crowded" | { ok: true; value: string }>();
		const waiting = times(MOST_WAITING, () => crowd.serve("viewer", () => promise));
		expect(await crowd.serve("viewer", () => promise)).toBe("crowded");
		waiting.push(crowd.serve("relay", () => promise));
		resolve({ ok: true, value: "there" });
		expect(new Set((await Promise.all(waiting)).map((served) => JSON.stringify(served))).size).toBe(1);
		expect(await crowd.serve("viewer", () => promise)).toEqual({ ok: true, value: "there" });
	});

	it("takes so many requests of viewers a second, though none of them waits", async () => {
		let now = 5000;
		const crowd = new Crowd(() => now);
		const ask = (asker: "viewer" | "relay") => crowd.serve(asker, async () => ({ ok: true, value: 1 }) as const);
		for (let request = 0; request < MOST_A_SECOND; request++) expect(await ask("viewer")).not.toBe("crowded");
		expect(await ask("viewer")).toBe("crowded");
		expect(await ask("relay")).not.toBe("crowded");
		now = 6000;
		expect(await ask("viewer")).not.toBe("crowded");
	});

	it("is left by those whose answer fails", async () => {
		const crowd = new Crowd(() => 0);
		const failing = () => crowd.serve("viewer", async () => Promise.reject(new Error("gone")));
		for (let request = 0; request < MOST_WAITING; request++) await expect(failing()).rejects.toThrow("gone");
		expect(await crowd.serve("viewer", async () => ({ ok: true, value: 1 }))).not.toBe("crowded");
	});
});
