import { describe, expect, it } from "vitest";
import { patientFetch } from "./patient-fetch.ts";
import { BRISK } from "./retry.ts";

type Reply = number | "silence" | "broken body" | "stuck body" | "never";

/** @param replies in turn; after the last there is silence. A clock that only waits move. */
const setUp = (replies: Reply[], stop = new AbortController()) => {
	let clock = 0;
	let excused = 0;
	let asked = 0;
	const silences: boolean[] = [];
	const timers = new Set<() => void>();
	/** Time passes until whoever waits loses patience. */
	const lapse = () => void setTimeout(() => [...timers].forEach((expire) => expire()));
	const stuck = () =>
		new ReadableStream(
			{
				start: (controller) => controller.enqueue(new Uint8Array(3)),
				pull: () => {
					lapse();
					return new Promise<void>(() => {});
				},
			},
			{ highWaterMark: 0 },
		);
	const body = () =>
		new ReadableStream({
			start: (controller) => controller.enqueue(new Uint8Array(3)),
			pull: (controller) => controller.error(new TypeError("network error")),
		});
	const fetch = patientFetch({
		signal: stop.signal,
		excuse: (work) => {
			excused += 1;
			return work;
		},
		onSilence: (silent) => silences.push(silent),
		environment: {
			fetch: async (_, { signal }) => {
				asked += 1;
				const reply = replies.shift() ?? "silence";
				if (reply === "never") {
					lapse();
					return new Promise((_resolve, reject) =>
						signal?.addEventListener("abort", () => reject(signal.reason as Error)),
					);
				}
				if (reply === "silence") {
					throw new TypeError("Failed to fetch");
				}
				if (reply === "stuck body") {
					return new Response(stuck());
				}
				return reply === "broken body" ? new Response(body()) : new Response("whole", { status: reply });
			},
			sleep: async (milliseconds, signal) => {
				signal.throwIfAborted();
				clock += milliseconds;
			},
			timer: (milliseconds, expire) => {
				const late = () => {
					clock += milliseconds;
					expire();
				};
				timers.add(late);
				return () => timers.delete(late);
			},
			random: () => 1,
			now: () => clock,
			online: () => true,
		},
	});
	return { ...fetch, stop, silences, clock: () => clock, excused: () => excused, asked: () => asked };
};

const ADDRESS = "https://models.example/model.json";

describe("a patient fetch", () => {
	it("asks a server again that is unwell, and takes no for an answer", async () => {
		const { streamed, excused } = setUp([503, 429, 200, 404]);
		expect((await streamed(ADDRESS)).status).toBe(200);
		// Three answers, and the two waits between them.
		expect(excused()).toBe(5);
		expect((await streamed(ADDRESS)).status).toBe(404);
	});

	it("waits for an hour for a network that was there before", async () => {
		const away = Array.from({ length: 130 }, (): Reply => "silence");
		const { whole, clock } = setUp([200, ...away, 200]);
		await whole(ADDRESS);
		expect(await (await whole(ADDRESS)).text()).toBe("whole");
		expect(clock()).toBeGreaterThan(3_600_000);
	});

	it("tells within seconds that a server never answered", async () => {
		const { streamed, clock } = setUp([]);
		await expect(streamed(ADDRESS)).rejects.toMatchObject({ code: "network-failed" });
		expect(clock()).toBeLessThan(BRISK.silence + BRISK.most);
	});

	it("gives up a request without an answer, and one that a server keeps refusing", async () => {
		await expect(setUp(["never"]).streamed(ADDRESS)).rejects.toMatchObject({ code: "network-failed" });
		const { streamed, asked } = setUp(Array.from({ length: 50 }, () => 500));
		expect((await streamed(ADDRESS)).status).toBe(500);
		expect(asked()).toBeLessThan(50);
	});

	it("asks for a body again that broke off", async () => {
		const { whole, asked } = setUp(["broken body", "broken body", 200]);
		expect(await (await whole(ADDRESS)).text()).toBe("whole");
		expect(asked()).toBe(3);
	});

	it("asks again for a body of which no more comes", async () => {
		const { whole, asked } = setUp(["stuck body", 200]);
		expect(await (await whole(ADDRESS)).text()).toBe("whole");
		expect(asked()).toBe(2);
	});

	it("tells while there is no answer, once each way", async () => {
		const { streamed, silences } = setUp([200, "silence", "silence", 503, 200, "silence"]);
		await streamed(ADDRESS);
		expect(silences).toEqual([]);
		await streamed(ADDRESS);
		expect(silences).toEqual([true, false]);
		await expect(streamed(ADDRESS)).rejects.toMatchObject({ code: "network-failed" });
		expect(silences).toEqual([true, false, true, false]);
	});

	it("ends with its signal", async () => {
		const { streamed, stop } = setUp([200, "silence"]);
		await streamed(ADDRESS);
		stop.abort(new Error("enough"));
		await expect(streamed(ADDRESS)).rejects.toThrow("enough");
	});
});
