import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { verifyWebhook, type WebhookPayload } from "../protocol/webhook.ts";
import { call, createAsset, migrate, putPart, uploadAll } from "./testing/edge-client.ts";
import { clipTracks, createRequest, enhancementSamples, enhancementTrack } from "./testing/fixture-media.ts";
import { retryDelay } from "./webhooks/schedule.ts";
import { findTargetFault } from "./webhooks/target.ts";

const tracks = clipTracks({ frames: 60 });
const URL_OF_HOOK = "https://hooks.crescendo-video.dev/in";

/** What the receiver was sent, and what it answers. */
let received: { headers: Headers; body: string; redirect: string }[] = [];
let answer: () => Response | Promise<Response> = () => new Response(null, { status: 204 });

const makeHook = async (json: object = {}) => {
	const response = await call("/v1/webhooks", { method: "POST", json: { url: URL_OF_HOOK, ...json } });
	expect(response.status).toBe(201);
	return response.json<{ id: string; secret: string; events: string[] }>();
};
const stub = (id: string) => env.WEBHOOK.get(env.WEBHOOK.idFromName(id));
const deliveries = async (id: string) =>
	(
		await (
			await call(`/v1/webhooks/${id}/deliveries`)
		).json<{ deliveries: { id: string; type: string; state: string; attempts: number; problem?: string }[] }>()
	).deliveries;
/** Lets everything that waits be sent now. */
const flush = async (id: string) => {
	await runInDurableObject(stub(id), (_, state) => {
		state.storage.sql.exec("UPDATE message SET next_at = 0 WHERE next_at IS NOT NULL");
	});
	await runDurableObjectAlarm(stub(id));
};

beforeAll(migrate);
beforeEach(() => {
	received = [];
	answer = () => new Response(null, { status: 204 });
	vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
		const request = new Request(input, init);
		received.push({ headers: request.headers, body: await request.text(), redirect: request.redirect });
		return answer();
	});
	vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(async () => {
	vi.restoreAllMocks();
	const { webhooks } = await (await call("/v1/webhooks")).json<{ webhooks: { id: string }[] }>();
	for (const { id } of webhooks) await call(`/v1/webhooks/${id}`, { method: "DELETE" });
});

describe("a webhook", () => {
	it("is told of an asset's life, signed, once each", async () => {
		const hook = await makeHook();
		const id = await uploadAll(tracks, 40, undefined, { title: "Told" });
		await call(`/v1/assets/${id}`, { method: "DELETE" });
		await flush(hook.id);
		const payloads = await Promise.all(
			received.map(({ headers, body }) => verifyWebhook(hook.secret, headers, body)),
		);
		expect(payloads.map((payload) => payload?.type).toSorted()).toEqual([
			"asset.created",
			"asset.deleted",
			"asset.ready",
		]);
		for (const payload of payloads) {
			expect(payload).toMatchObject({ timestamp: expect.stringMatching(/Z$/), data: { id, title: "Told" } });
		}
		expect(new Set(received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(3);
		expect(received.every(({ redirect }) => redirect === "manual")).toBe(true);
		expect((await deliveries(hook.id)).map(({ state, attempts }) => [state, attempts])).toEqual(
			Array.from({ length: 3 }, () => ["delivered", 1]),
		);
		await flush(hook.id);
		expect(received).toHaveLength(3);
	});

	it("is told of every track that fails, which it is, and why", async () => {
		const hook = await makeHook({ events: ["asset.track-failed"] });
		const [base, first, audio] = clipTracks({ frames: 110 });
		const second = {
			id: "e60",
			track: enhancementTrack(60),
			samples: enhancementSamples({ frames: 110, gop: 40 }, 60),
		};
		if (base === undefined || first === undefined || audio === undefined)
			throw new Error("The fixture has tracks.");
		const shifted = { ...first, samples: enhancementSamples({ frames: 110, gop: 40 }, 40) };
		const all = [base, shifted, second, audio];
		const { id } = await createAsset(createRequest(all));
		for (const { id: track, samples } of all) await putPart(id, track, 0, samples);
		await flush(hook.id);
		const told = await Promise.all(received.map(({ headers, body }) => verifyWebhook(hook.secret, headers, body)));
		expect(told.map((payload) => payload?.data)).toEqual(
			["e40", "e60"].map((track) => ({ id, title: "Fixture", track, failure: "misaligned" })),
		);
		expect(new Set(received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(2);
	});

	it("is told only of what it wants", async () => {
		const hook = await makeHook({ events: ["asset.ready"] });
		await uploadAll(tracks);
		await flush(hook.id);
		expect(received.map(({ body }) => (JSON.parse(body) as WebhookPayload).type)).toEqual(["asset.ready"]);
	});

	it("is told again until it has answered, with the same id", async () => {
		const hook = await makeHook({ events: ["asset.created"] });
		await createAsset(createRequest(tracks));
		const answers = [
			() => new Response(null, { status: 500 }),
			() => Response.redirect("https://elsewhere.dev/", 302),
			() => Promise.reject(new TypeError("connection refused")),
			() => new Response(null, { status: 200 }),
		];
		for (const next of answers) {
			answer = next;
			await flush(hook.id);
		}
		expect(new Set(received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
		expect(await deliveries(hook.id)).toMatchObject([{ state: "delivered", attempts: 4 }]);
	});

	it("is given up after three days, and says why", async () => {
		const hook = await makeHook({ events: ["asset.created"] });
		await createAsset(createRequest(tracks));
		answer = () => new Response("a secret of the receiver", { status: 503 });
		for (let attempt = 0; attempt < 12; attempt++) await flush(hook.id);
		expect(received).toHaveLength(10);
		expect(await deliveries(hook.id)).toMatchObject([{ state: "failed", attempts: 10, problem: "answered 503" }]);
		const delays = Array.from({ length: 9 }, (_, index) => retryDelay(index + 1, 0) ?? 0);
		expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeGreaterThan(3 * 86_400_000);
		expect(retryDelay(10, 0)).toBeUndefined();
	});

	it("can be tried, and removed with all that waits", async () => {
		const hook = await makeHook();
		expect((await call(`/v1/webhooks/${hook.id}/test`, { method: "POST" })).status).toBe(202);
		await flush(hook.id);
		expect(received.map(({ body }) => (JSON.parse(body) as WebhookPayload).type)).toEqual(["webhook.test"]);
		await call(`/v1/webhooks/${hook.id}/test`, { method: "POST" });
		expect((await call(`/v1/webhooks/${hook.id}`, { method: "DELETE" })).status).toBe(204);
		await runDurableObjectAlarm(stub(hook.id));
		expect(received).toHaveLength(1);
		expect((await call(`/v1/webhooks/${hook.id}/deliveries`)).status).toBe(404);
		expect((await call(`/v1/webhooks/${hook.id}`, { method: "DELETE" })).status).toBe(404);
	});

	it("can be removed while its messages are sent", async () => {
		const hook = await makeHook();
		await call(`/v1/webhooks/${hook.id}/test`, { method: "POST" });
		answer = async () => {
			expect((await call(`/v1/webhooks/${hook.id}`, { method: "DELETE" })).status).toBe(204);
			return new Response(null, { status: 204 });
		};
		await flush(hook.id);
		expect(received).toHaveLength(1);
		await runInDurableObject(stub(hook.id), async (_, { storage }) => {
			expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'message'").toArray()).toEqual([]);
			expect(await storage.getAlarm()).toBeNull();
		});
	});

	it("shows its secret once, and nowhere in the log", async () => {
		const { secret } = await makeHook();
		expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
		expect(await (await call("/v1/webhooks")).text()).not.toContain(secret.slice(6));
		expect(JSON.stringify((await env.CATALOGUE.prepare("SELECT * FROM webhooks").run()).results)).not.toContain(
			secret.slice(6),
		);
	});

	it("needs a key with its scope", async () => {
		const { key } = await (
			await call("/v1/api-keys", { method: "POST", json: { name: "reader", scopes: ["read"] } })
		).json<{ key: string }>();
		expect((await call("/v1/webhooks", { token: key })).status).toBe(403);
		expect((await call("/v1/webhooks", { token: "" })).status).toBe(401);
	});
});

describe("a webhook's address", () => {
	it.each([
		"http://hooks.dev/",
		"https://localhost/",
		"https://127.0.0.1/",
		"https://2130706433/",
		"https://0x7f.1/",
		"https://0177.0.0.1/",
		"https://169.254.169.254/latest/meta-data",
		"https://8.8.8.8/",
		"https://[::1]/",
		"https://[::ffff:10.0.0.1]/",
		"https://metadata.google.internal/",
		"https://printer.local/",
		"https://kubernetes.default.svc/",
		"https://10.0.0.1.nip.io/",
		"https://localtest.me./",
		"https://a.localhost./",
		"https://intranet/",
		"https://user:password@hooks.dev/",
		"https://hooks.dev:22/",
		"ftp://hooks.dev/",
		"hooks.dev",
		"",
	])("%s is refused", async (url) => {
		expect(findTargetFault(url)).toBeTypeOf("string");
		const response = await call("/v1/webhooks", { method: "POST", json: { url } });
		expect(response.status).toBe(400);
	});

	it.each(["https://hooks.example.com/in?x=1", "https://hooks.dev:8443/", "https://bücher.dev/"])(
		"%s is let in",
		(url) => {
			expect(findTargetFault(url)).toBeUndefined();
		},
	);
});

describe("verifyWebhook", () => {
	it("refuses what is forged, old, or signed for something else", async () => {
		const hook = await makeHook();
		await call(`/v1/webhooks/${hook.id}/test`, { method: "POST" });
		await flush(hook.id);
		const [message] = received;
		if (message === undefined) throw new Error("Nothing was sent.");
		const { headers, body } = message;
		const verify = (over: Record<string, string>, text = body, now = Date.now()) =>
			verifyWebhook(hook.secret, new Headers([...headers, ...Object.entries(over)]), text, now);
		const withOnly = (name: string, value: string) => {
			const changed = new Headers(headers);
			changed.set(name, value);
			return verifyWebhook(hook.secret, changed, body);
		};
		expect(await verify({})).toMatchObject({ type: "webhook.test" });
		expect(await verify({}, `${body} `)).toBeUndefined();
		expect(await verify({}, body, Date.now() + 400_000)).toBeUndefined();
		expect(await withOnly("webhook-id", "other")).toBeUndefined();
		expect(await withOnly("webhook-signature", `v1a,${"A".repeat(43)}=`)).toBeUndefined();
		expect(
			await withOnly("webhook-signature", `v1,${"A".repeat(43)}= ${headers.get("webhook-signature")}`),
		).toMatchObject({ type: "webhook.test" });
		expect(await verifyWebhook(`whsec_${btoa("another secret")}`, headers, body)).toBeUndefined();
	});
});
