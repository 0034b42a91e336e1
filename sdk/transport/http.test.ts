import { describe, expect, it } from "vitest";
import { UploadError } from "../errors.ts";
import { HttpClient } from "./http.ts";
import type { HttpEnvironment } from "./http.ts";
import { BRISK, PATIENT } from "./retry.ts";
import type { RetryPolicy } from "./retry.ts";

type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | "silence";

/** @param replies in turn; after the last there is silence. A function is asked, with the milliseconds that have passed. */
const setUp = (
	replies: Reply[] | ((clock: number) => Reply),
	options: { provide?: (count: number) => Promise<string>; online?: () => boolean; policy?: RetryPolicy } = {},
) => {
	const sent: { url: string; token: string | null }[] = [];
	const waits: number[] = [];
	const silences: boolean[] = [];
	let clock = 0;
	const environment: HttpEnvironment = {
		fetch: async (url, init) => {
			sent.push({ url, token: new Headers(init.headers).get("authorization") });
			const reply = (typeof replies === "function" ? replies(clock) : replies.shift()) ?? "silence";
			if (reply === "silence") {
				throw new TypeError("Failed to fetch");
			}
			const text = reply.body === undefined ? "" : JSON.stringify(reply.body);
			return new Response(text, { status: reply.status, headers: reply.headers ?? {} });
		},
		sleep: async (milliseconds) => {
			waits.push(milliseconds);
			clock += milliseconds;
		},
		timer: () => () => undefined,
		random: () => 1,
		now: () => clock,
		online: options.online ?? (() => true),
	};
	let tokens = 0;
	const provide = options.provide ?? (async (count) => `token-${count}`);
	const client = new HttpClient(
		() => provide(++tokens),
		(silent) => silences.push(silent),
		environment,
	);
	const ask = (accept: readonly number[] = []) =>
		client.request({
			method: "GET",
			url: "https://edge.example/v1/x",
			signal: new AbortController().signal,
			policy: options.policy ?? BRISK,
			accept,
		});
	return { ask, sent, waits, silences, clock: () => clock };
};

const error = (code: string) => ({ error: { code, message: "m", hint: "h" } });

const failure = async (promise: Promise<unknown>): Promise<UploadError> => {
	const thrown: unknown = await promise.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	expect(thrown).toBeInstanceOf(UploadError);
	return thrown as UploadError;
};

describe("HttpClient", () => {
	it("asks for one token where several requests learn of the expiry one after the other", async () => {
		const { ask, sent } = setUp([{ status: 401 }, { status: 401 }, { status: 200 }, { status: 200 }]);
		const answers = await Promise.all([ask(), ask()]);
		expect(answers.map(({ status }) => status)).toEqual([200, 200]);
		expect(sent.map(({ token }) => token)).toEqual([
			"Bearer token-1",
			"Bearer token-1",
			"Bearer token-2",
			"Bearer token-2",
		]);
	});

	it("repeats after a bad answer, and no sooner than it was told", async () => {
		const { ask, sent, waits } = setUp([
			{ status: 503 },
			{ status: 429, headers: { "retry-after": "5" } },
			{ status: 200, body: { fine: true } },
		]);
		expect(await ask()).toEqual({ status: 200, body: { fine: true } });
		expect(sent.length).toBe(3);
		expect(waits[0]).toBe(300);
		expect(waits[1]).toBeGreaterThanOrEqual(5000);
	});

	it("gives up on bad answers after as many as the policy says", async () => {
		const { ask, sent } = setUp(Array.from({ length: 9 }, () => ({ status: 500, body: error("internal") })));
		const thrown = await failure(ask());
		expect(thrown).toMatchObject({ code: "rejected", serverCode: "internal", status: 500, hint: "h" });
		expect(sent.length).toBe(BRISK.answers);
	});

	it("waits for the network and says so, then gives up", async () => {
		const { ask, silences } = setUp([]);
		const thrown = await failure(ask());
		expect(thrown.code).toBe("network-failed");
		expect(new Set(silences)).toEqual(new Set([true]));
	});

	it("goes on when the network comes back", async () => {
		const { ask, silences } = setUp(["silence", "silence", { status: 200 }]);
		expect((await ask()).status).toBe(200);
		expect(silences).toEqual([true, true, false]);
	});

	it("asks for a new token once after a 401, and then believes it", async () => {
		const good = setUp([{ status: 401, body: error("token-expired") }, { status: 200 }]);
		await good.ask();
		expect(good.sent.map(({ token }) => token)).toEqual(["Bearer token-1", "Bearer token-2"]);
		const bad = setUp([
			{ status: 401, body: error("token-expired") },
			{ status: 401, body: error("unauthorized") },
		]);
		expect(await failure(bad.ask())).toMatchObject({ code: "unauthorized", serverCode: "unauthorized" });
		expect(bad.sent.length).toBe(2);
	});

	it("asks for a token each time one expires, also within one request", async () => {
		const { ask, sent } = setUp([
			{ status: 401 },
			"silence",
			{ status: 401 },
			{ status: 503 },
			{ status: 401 },
			{ status: 200 },
		]);
		expect((await ask()).status).toBe(200);
		expect(sent.map(({ token }) => token?.at(-1))).toEqual(["1", "2", "2", "3", "3", "4"]);
	});

	it("does not ask for tokens for ever", async () => {
		let turn = 0;
		const { ask, sent } = setUp(() => (turn++ % 2 === 0 ? { status: 401 } : "silence"), {
			policy: { ...PATIENT, silence: Number.POSITIVE_INFINITY },
		});
		expect((await failure(ask())).code).toBe("unauthorized");
		expect(new Set(sent.map(({ token }) => token)).size).toBe(16);
	});

	it("survives an hour offline, at least twice a minute looking whether it is over", async () => {
		const hour = 3_600_000;
		const { ask, sent, waits, clock } = setUp((now) => (now < hour ? "silence" : { status: 200 }), {
			policy: PATIENT,
		});
		expect((await ask()).status).toBe(200);
		expect(clock()).toBeLessThanOrEqual(hour + 30_000);
		expect(Math.max(...waits)).toBe(30_000);
		expect(waits.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
		expect(sent.length).toBeLessThan(140);
	});

	it("survives a night offline whose end finds the token expired and its provider not yet reachable", async () => {
		const night = 8 * 3_600_000;
		let now = () => 0;
		const provide = async (count: number) => {
			if (count > 1 && now() < night + 20_000) {
				throw new TypeError("Failed to fetch");
			}
			return `token-${count}`;
		};
		const reply = (clock: number): Reply =>
			clock < night ? "silence" : { status: clock < night + 20_000 ? 401 : 200 };
		const { ask, sent, clock } = setUp(reply, { provide, policy: PATIENT });
		now = clock;
		expect((await ask()).status).toBe(200);
		expect(sent.at(-1)?.token).not.toBe("Bearer token-1");
	});

	it("waits for the network before it gives up on a provider of tokens", async () => {
		let online = false;
		let clock = () => 0;
		const provide = async () => {
			online = clock() > 3_600_000;
			if (!online) {
				throw new TypeError("Failed to fetch");
			}
			return "token";
		};
		const bench = setUp([{ status: 200 }], { provide, online: () => online, policy: PATIENT });
		clock = bench.clock;
		expect((await bench.ask()).status).toBe(200);
		expect(bench.silences.at(-1)).toBe(false);
	});

	it("says when a provider of tokens fails again and again", async () => {
		const { ask, waits } = setUp([], { provide: () => Promise.reject(new Error("no session")) });
		const thrown = await failure(ask());
		expect(thrown.code).toBe("unauthorized");
		expect(thrown.cause).toMatchObject({ message: "no session" });
		expect(waits.length).toBe(BRISK.answers - 1);
	});

	it("keeps the token between requests", async () => {
		const { ask, sent } = setUp([{ status: 200 }, { status: 200 }]);
		await ask();
		await ask();
		expect(sent.map(({ token }) => token)).toEqual(["Bearer token-1", "Bearer token-1"]);
	});

	it("sends a body again that was damaged on the way", async () => {
		const { ask, sent } = setUp([{ status: 400, body: error("digest-mismatch") }, { status: 201 }]);
		await ask();
		expect(sent.length).toBe(2);
	});

	it("tells a conflict from other refusals, and hands over what is expected", async () => {
		expect((await failure(setUp([{ status: 409, body: error("part-conflict") }]).ask())).code).toBe("conflict");
		expect((await failure(setUp([{ status: 413 }]).ask())).code).toBe("rejected");
		expect((await setUp([{ status: 404, body: error("not-found") }]).ask([404])).status).toBe(404);
	});

	it("does not wait for a token, which may be a person's to give, once it is aborted", async () => {
		const client = new HttpClient(() => new Promise(() => {}));
		const stop = new AbortController();
		const asked = client.request({ method: "GET", url: "https://edge.example/v1/x", signal: stop.signal });
		stop.abort(new Error("enough"));
		await expect(asked).rejects.toThrow("enough");
	});

	it("takes an abort along while it waits for an answer, and lets go of a request that is answered", async () => {
		const stop = new AbortController();
		const signals: AbortSignal[] = [];
		const environment: HttpEnvironment = {
			fetch: async (_url, { signal }) => {
				signals.push(signal as AbortSignal);
				if (signals.length === 1) {
					return new Response("{}", { status: 200 });
				}
				return new Promise((_resolve, reject) =>
					signal?.addEventListener("abort", () => reject(signal.reason as Error)),
				);
			},
			sleep: async () => {},
			timer: () => () => undefined,
			random: () => 1,
			now: () => 0,
			online: () => true,
		};
		const client = new HttpClient(async () => "token", undefined, environment);
		const ask = () => client.request({ method: "GET", url: "https://edge.example/v1/x", signal: stop.signal });
		expect((await ask()).status).toBe(200);
		const waiting = ask();
		await expect.poll(() => signals.length).toBe(2);
		stop.abort(new Error("enough"));
		await expect(waiting).rejects.toThrow("enough");
		expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
	});

	it("gives a request up at its deadline, later where its body is long, and counts the wait as silence", async () => {
		const deadlines: number[] = [];
		let clock = 0;
		const expired: unknown[] = [];
		const environment: HttpEnvironment = {
			// Nobody answers: what ends the request is its deadline alone.
			fetch: (_url, { signal }) =>
				new Promise((_resolve, reject) =>
					signal?.addEventListener("abort", () => {
						expired.push(signal.reason);
						reject(signal.reason as Error);
					}),
				),
			sleep: async () => {},
			timer: (milliseconds, expire) => {
				deadlines.push(milliseconds);
				void Promise.resolve().then(() => {
					clock += milliseconds;
					expire();
				});
				return () => undefined;
			},
			random: () => 1,
			now: () => clock,
			online: () => true,
		};
		const client = new HttpClient(async () => "token", undefined, environment);
		const { signal } = new AbortController();
		const about = { method: "PUT", url: "https://edge.example/v1/x", signal } as const;
		const thrown = await failure(client.request({ ...about, policy: BRISK }));
		expect(thrown.code).toBe("network-failed");
		// One wait alone is longer than the silence that the policy bears.
		expect(deadlines).toEqual([BRISK.timeout]);
		expect(expired).toMatchObject([{ name: "TimeoutError" }]);
		deadlines.length = 0;
		const body = new Uint8Array(1_600_000);
		await failure(client.request({ ...about, body, policy: { ...PATIENT, silence: 900_000 } }));
		expect(deadlines).toEqual([400_000, 400_000, 400_000]);
	});
});
