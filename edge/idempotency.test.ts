import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { AssetResponse, CreateAssetRequest } from "../protocol/asset.ts";
import { readIdempotencyKey } from "./access/idempotency-key.ts";
import { API_KEY, call, migrate } from "./testing/edge-client.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";

const tracks = clipTracks({ frames: 10 });
const create = (key: string, more: Partial<CreateAssetRequest> = {}, token = API_KEY) =>
	call("/v1/assets", {
		method: "POST",
		json: createRequest(tracks, more),
		token,
		headers: { "Idempotency-Key": key },
	});
const made = async (response: Response) => [response.status, (await response.json<AssetResponse>()).id] as const;
const codeOf = async (response: Response) => [
	response.status,
	(await response.json<{ error: { code: string } }>()).error.code,
];

beforeAll(migrate);

describe("creation with an Idempotency-Key", () => {
	it("makes one asset however often it is sent, one after the other and at once", async () => {
		const [status, id] = await made(await create("8e03978e-40d5-43e8-bc93-6894a57f9324"));
		expect(status).toBe(201);
		// As the draft writes it.
		expect(await made(await create('"8e03978e-40d5-43e8-bc93-6894a57f9324"'))).toEqual([200, id]);
		const together = await Promise.all(Array.from({ length: 4 }, async () => made(await create("together"))));
		expect(together.map(([code]) => code).toSorted()).toEqual([200, 200, 200, 201]);
		expect(new Set(together.map(([, each]) => each)).size).toBe(1);
		const { results } = await env.CATALOGUE.prepare("SELECT id FROM assets").run();
		expect(results).toHaveLength(2);
	});

	it("makes another for another key, for another API key, and for another access", async () => {
		const other = await call("/v1/api-keys", { method: "POST", json: { name: "Other", scopes: ["write"] } });
		const { key } = await other.json<{ key: string }>();
		const ids = [
			await made(await create("a")),
			await made(await create("b")),
			await made(await create("a", {}, key)),
			await made(await create("a", { access: "signed" })),
		];
		expect(ids.map(([status]) => status)).toEqual([201, 201, 201, 201]);
		expect(new Set(ids.map(([, id]) => id)).size).toBe(4);
	});

	it("is refused where the key has made something else, or what it made is deleted", async () => {
		const [, id] = await made(await create("once"));
		expect(await codeOf(await create("once", { title: "Another" }))).toEqual([422, "idempotency-key-reused"]);
		expect((await call(`/v1/assets/${id}`, { method: "DELETE" })).status).toBe(204);
		expect(await codeOf(await create("once"))).toEqual([422, "idempotency-key-reused"]);
	});

	it("without one makes an asset each time", async () => {
		const twice = [0, 1].map(() => call("/v1/assets", { method: "POST", json: createRequest(tracks) }));
		const [first, second] = await Promise.all(twice.map(async (response) => made(await response)));
		expect(first?.[1]).not.toBe(second?.[1]);
	});

	it.each(["", " ", '"', '""', "a b", 'a"b', "\\", "x".repeat(256)])("is refused with %j", async (key) => {
		expect(() => readIdempotencyKey(key)).toThrow("not one");
		expect(await codeOf(await create(key))).toEqual([400, "invalid-request"]);
	});
});
