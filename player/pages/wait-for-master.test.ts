import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { waitForMaster } from "./wait-for-master.ts";

const answers = (...list: readonly Response[]) => {
	const left = [...list];
	const fetched = vi.fn(async () => {
		const next = left.shift();
		if (next === undefined) throw new TypeError("Failed to fetch");
		return next;
	});
	vi.stubGlobal("fetch", fetched);
	return fetched;
};
const answer = (status: number, retryAfter?: string) =>
	new Response(null, { status, headers: retryAfter === undefined ? {} : { "Retry-After": retryAfter } });

describe("waitForMaster", () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => {
		vi.useRealTimers();
		vi.unstubAllGlobals();
	});

	/** What it resolves with, however long that takes. */
	const wait = async () => {
		const onWaiting = vi.fn();
		const result = waitForMaster("https://edge.test/master.m3u8", onWaiting);
		await vi.runAllTimersAsync();
		return { wrong: await result, said: onWaiting.mock.calls.flat().map((words: string) => words.split(" ")[1]) };
	};

	it("waits for an upload that has only begun, as long as the answer asks for", async () => {
		const fetched = answers(answer(404, "1"), answer(429, "30"), answer(200));
		const begun = performance.now();
		expect(await wait()).toEqual({ wrong: undefined, said: ["upload", "server"] });
		expect(fetched).toHaveBeenCalledTimes(3);
		expect(performance.now() - begun).toBeGreaterThanOrEqual(31_500);
	});

	it("takes a server that fails neither for a video that is deleted nor for the end", async () => {
		answers(answer(500), answer(503, "2"), answer(200));
		expect(await wait()).toEqual({ wrong: undefined, said: ["server", "server"] });
		answers(...Array.from({ length: 100 }, () => answer(500)));
		expect((await wait()).wrong).toContain("The server has a problem");
		answers(answer(429, "300"));
		expect((await wait()).wrong).toContain("too much to do");
	});

	it("says what is wrong, and asks no more", async () => {
		for (const [status, words] of [
			[401, "private"],
			[403, "private"],
			[404, "no such video"],
			[400, "no such video"],
		] as const) {
			const fetched = answers(answer(status));
			expect((await wait()).wrong).toContain(words);
			expect(fetched).toHaveBeenCalledTimes(1);
		}
		answers();
		expect((await wait()).wrong).toContain("does not answer");
	});
});
