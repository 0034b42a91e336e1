import { createExecutionContext, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { AssetResponse, CreateTokenRequest, CreateTokenResponse } from "../protocol/asset.ts";
import { signClaims } from "./access/signed-claims.ts";
import { signingKeys } from "./access/signing-keys.ts";
import { createUploadToken, readUploadToken } from "./access/upload-token.ts";
import { API_KEY, call, createAsset, migrate, ORIGIN, putPart, uploadAll } from "./testing/edge-client.ts";
import { assetStub } from "./testing/faults.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";
import app from "./worker.ts";

const tracks = clipTracks({ frames: 75 });
const part = tracks[0]?.samples.slice(0, 40) ?? [];

const newToken = async (request: CreateTokenRequest = {}): Promise<string> => {
	const response = await call("/v1/upload-tokens", { method: "POST", json: request });
	expect(response.status).toBe(201);
	return (await response.json<CreateTokenResponse>()).token;
};
const codeOf = async (response: Response) => [
	response.status,
	(await response.json<{ error: { code: string } }>()).error.code,
];
const create = (token: string, headers: Record<string, string> = {}) =>
	call("/v1/assets", { method: "POST", token, json: createRequest(tracks), headers });

beforeAll(migrate);

describe("upload tokens", () => {
	it("make one asset and write it", async () => {
		const token = await newToken();
		const id = await uploadAll(tracks, 40, token);
		expect((await call(`/v1/assets/${id}`, { token })).status).toBe(200);
		// The answer of the creation may have been lost: the same request finds the same asset.
		const again = await create(token);
		expect(again.status).toBe(200);
		expect(await again.json()).toMatchObject({ id });
		const other = await call("/v1/assets", {
			method: "POST",
			token,
			json: createRequest(tracks, { title: "Other" }),
		});
		expect(await codeOf(other)).toEqual([403, "forbidden"]);
	});

	it("are for single use: of two assets that are asked for at once one is made, and none later", async () => {
		const token = await newToken();
		const createOther = (title: string, by = token) =>
			call("/v1/assets", { method: "POST", token: by, json: createRequest(tracks, { title }) });
		const responses = await Promise.all(["One", "Two", "Three"].map((title) => createOther(title)));
		expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 403, 403]);
		const made = responses.find(({ status }) => status === 201);
		const { id, title } = (await made?.json<AssetResponse>()) ?? { id: "", title: "" };
		const rows = env.CATALOGUE.prepare("SELECT title FROM assets WHERE title IN ('One', 'Two', 'Three')");
		expect((await rows.run()).results).toEqual([{ title }]);
		// Nor after a kill, nor with a token that was made to go on with this asset, nor when it is gone.
		await evictDurableObject(assetStub(id));
		const renewed = await newToken({ asset: id });
		for (const by of [token, renewed])
			expect(await codeOf(await createOther("Four", by))).toEqual([403, "forbidden"]);
		expect((await call(`/v1/assets/${id}`, { token: renewed, method: "DELETE" })).status).toBe(204);
		await evictDurableObject(assetStub(id));
		for (const by of [token, renewed]) {
			for (const again of [title ?? "", "Five"])
				expect(await codeOf(await createOther(again, by))).toEqual([403, "forbidden"]);
		}
	});

	it("do nothing else", async () => {
		const token = await newToken();
		const mine = await createAsset(createRequest(tracks), token);
		const other = await createAsset(createRequest(tracks));
		for (const response of [
			await call(`/v1/assets/${other.id}`, { token }),
			await call(`/v1/assets/${other.id}`, { token, method: "DELETE" }),
			await putPart(other.id, "base", 0, part, token),
			await call(`/v1/assets/${other.id}/complete`, {
				token,
				method: "POST",
				json: { tracks: [{ id: "base", parts: 1 }] },
			}),
			await call("/v1/assets", { token }),
			await call("/v1/upload-tokens", { token, method: "POST", json: {} }),
		]) {
			expect(await codeOf(response)).toEqual([403, "forbidden"]);
		}
		expect((await call(`/v1/assets/${mine.id}`, { token, method: "DELETE" })).status).toBe(204);
		// The id is used up: segments under it may still be in caches.
		expect(await codeOf(await create(token))).toEqual([403, "forbidden"]);
	});

	it("hold for bytes and seconds", async () => {
		const small = await newToken({ maxBytes: 1000 });
		const first = await createAsset(createRequest(tracks), small);
		expect(await codeOf(await putPart(first.id, "base", 0, part, small))).toEqual([413, "constraint-exceeded"]);
		const short = await newToken({ maxDurationSeconds: 1 });
		const second = await createAsset(createRequest(tracks), short);
		expect(await codeOf(await putPart(second.id, "base", 0, part, short))).toEqual([413, "constraint-exceeded"]);
		expect((await putPart(second.id, "base", 0, part.slice(0, 25), short)).status).toBe(201);
	});

	it("hold for tracks", async () => {
		expect(await codeOf(await create(await newToken({ maxTracks: 2 })))).toEqual([413, "constraint-exceeded"]);
		expect((await create(await newToken({ maxTracks: 3 }))).status).toBe(201);
	});

	it("hold for one origin", async () => {
		const token = await newToken({ origin: "https://good.test" });
		expect(await codeOf(await create(token))).toEqual([403, "origin-not-allowed"]);
		for (const origin of ["https://bad.test", "http://good.test", "https://good.test.bad.test", "null"]) {
			expect(await codeOf(await create(token, { Origin: origin }))).toEqual([403, "origin-not-allowed"]);
		}
		expect((await create(token, { Origin: "https://good.test" })).status).toBe(201);
	});

	it("go on with an asset whose token has expired", async () => {
		const keys = await signingKeys(env, "upload");
		const { token: expired, claims } = await createUploadToken(keys, {}, Date.now() - 4_000_000);
		expect(await codeOf(await create(expired))).toEqual([401, "token-expired"]);
		const first = await newToken();
		const { id } = await createAsset(createRequest(tracks), first);
		const second = await newToken({ asset: id });
		expect((await putPart(id, "base", 0, part, second)).status).toBe(201);
		expect(claims.asset).not.toBe(id);
	});

	it("are good for nothing when a single character differs", async () => {
		const token = await newToken();
		await fc.assert(
			fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(..."aZ9_-.A"), async (place, character) => {
				fc.pre(token[place] !== character);
				const forged = token.slice(0, place) + character + token.slice(place + 1);
				expect((await create(forged)).status).toBe(401);
			}),
			{ numRuns: 150, seed: 7 },
		);
	});

	it("cannot be made with another algorithm, purpose, or key id", async () => {
		const now = Date.now();
		const keys = await signingKeys(env, "upload");
		const { claims } = await createUploadToken(keys, {}, now);
		const playback = `cut_${await signClaims(await signingKeys(env, "playback"), claims)}`;
		const payload = btoa(JSON.stringify(claims)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
		for (const forged of [
			playback,
			`cut_api.${payload}.`,
			`cut_none.${payload}.`,
			`cut_.${payload}.AAAA`,
			`cut_${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`,
			"cut_",
			"cut_..",
		]) {
			expect(await readUploadToken(keys, forged, now)).toBeUndefined();
			expect((await create(forged)).status).toBe(401);
		}
		// Well signed, but no claims of an upload.
		expect(await readUploadToken(keys, `cut_${await signClaims(keys, { asset: 5 })}`, now)).toBeUndefined();
	});

	it("survive the rotation of keys, as long as the old key is listed", async () => {
		const [older, newer] = ["k1:0123456789abcdef0", "k2:fedcba98765432100"];
		const before = await signingKeys({ ...env, CRESCENDO_SIGNING_KEYS: older }, "upload");
		const { token } = await createUploadToken(before, {}, Date.now());
		const during = await signingKeys({ ...env, CRESCENDO_SIGNING_KEYS: `${newer},${older}` }, "upload");
		expect(await readUploadToken(during, token, Date.now())).toMatchObject({ access: "public" });
		expect((await createUploadToken(during, {}, Date.now())).token).toMatch(/^cut_k2\./);
		const after = await signingKeys({ ...env, CRESCENDO_SIGNING_KEYS: newer }, "upload");
		expect(await readUploadToken(after, token, Date.now())).toBeUndefined();
		await expect(signingKeys({ ...env, CRESCENDO_SIGNING_KEYS: "k1:short" }, "upload")).rejects.toThrow(TypeError);
	});

	it.each([{ maxBytes: 0 }, { expiresInSeconds: 1 }, { origin: "good.test" }, { asset: "../x" }, { more: 1 }])(
		"are not made with %j",
		async (request) => {
			const response = await call("/v1/upload-tokens", { method: "POST", json: request });
			expect([400, 404]).toContain(response.status);
		},
	);
});

describe("what is logged", () => {
	it("holds no key, token, query or body, whatever goes wrong", async () => {
		const lines: string[] = [];
		const log = vi
			.spyOn(console, "error")
			.mockImplementation((...words: unknown[]) => void lines.push(words.join(" ")));
		const token = await newToken();
		const failing = {
			...env,
			CATALOGUE: undefined as unknown as D1Database,
			MEDIA: undefined as unknown as R2Bucket,
		};
		const asset = `p${"a".repeat(20)}`;
		for (const [method, path] of [
			["GET", `/v1/assets?search=hidden-word`],
			["GET", `/v1/assets/${asset}/tracks/base/init.mp4?hidden-word`],
			["GET", `/p/${token}/v1/assets/${asset}/master.m3u8`],
			["POST", "/v1/api-keys"],
		] as const) {
			const headers = { Authorization: `Bearer ${API_KEY}`, "Content-Type": "application/json" };
			const body = method === "POST" ? JSON.stringify({ name: "hidden-word", scopes: ["read"] }) : null;
			const request = new Request(ORIGIN + path, { method, headers, body });
			expect((await app.fetch(request, failing, createExecutionContext())).status).toBeGreaterThanOrEqual(400);
		}
		log.mockRestore();
		expect(lines.length).toBeGreaterThan(0);
		for (const line of lines) {
			expect(() => JSON.parse(line) as unknown).not.toThrow();
			expect(line).not.toContain("hidden-word");
			expect(line).not.toContain(API_KEY);
			expect(line).not.toContain(token.slice(4));
		}
	});
});

describe("the Studio's tokens", () => {
	const ask = (headers: Record<string, string>) =>
		call("/studio/upload-token", { method: "POST", token: "", json: {}, headers });

	it("are for pages of this origin", async () => {
		const response = await ask({ Origin: ORIGIN });
		expect(response.status).toBe(201);
		const { token, asset: promised } = await response.json<CreateTokenResponse>();
		const made = await create(token, { Origin: ORIGIN });
		// Whoever gave the token knew whose asset this would be.
		expect([made.status, (await made.json<AssetResponse>()).id]).toEqual([201, promised]);
		expect(await codeOf(await create(token, { Origin: "https://elsewhere.test" }))).toEqual([
			403,
			"origin-not-allowed",
		]);
	});

	it("are for no others", async () => {
		expect((await ask({})).status).toBe(403);
		expect((await ask({ Origin: "https://elsewhere.test" })).status).toBe(403);
	});
});

describe("API keys", () => {
	const makeKey = async (scopes: readonly string[]) => {
		const response = await call("/v1/api-keys", { method: "POST", json: { name: "A key", scopes } });
		expect(response.status).toBe(201);
		return response.json<{ id: string; key: string }>();
	};

	it("do what their scopes say until they are revoked", async () => {
		const reader = await makeKey(["read"]);
		expect((await call("/v1/assets", { token: reader.key })).status).toBe(200);
		for (const response of [
			await create(reader.key),
			await call("/v1/upload-tokens", { method: "POST", token: reader.key, json: {} }),
			await call("/v1/api-keys", { token: reader.key }),
		]) {
			expect(await codeOf(response)).toEqual([403, "forbidden"]);
		}
		expect((await call(`/v1/api-keys/${reader.id}`, { method: "DELETE" })).status).toBe(204);
		expect(await codeOf(await call("/v1/assets", { token: reader.key }))).toEqual([401, "unauthorized"]);
		expect((await call(`/v1/api-keys/${reader.id}`, { method: "DELETE" })).status).toBe(404);
	});

	it("are kept as hashes and shown once", async () => {
		const { id, key } = await makeKey(["read", "write"]);
		expect(key).toMatch(/^cak_[A-Za-z0-9_-]{43}$/);
		const { results } = await env.CATALOGUE.prepare("SELECT * FROM api_keys").run();
		expect(JSON.stringify(results)).not.toContain(key.slice(4));
		const list = await call("/v1/api-keys");
		const text = await list.text();
		expect(text).toContain(id);
		expect(text).not.toContain(key.slice(4));
	});

	it.each(["", "wrong", `${API_KEY}x`, API_KEY.slice(1), "cak_unknown", "Bearer", "a b"])(
		"%s is none",
		async (key) => {
			const response = await call("/v1/assets", { token: key, method: "POST", json: {} });
			expect(await codeOf(response)).toEqual([401, "unauthorized"]);
			expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
		},
	);

	it.each([{ name: "x", scopes: ["root"] }, { name: "", scopes: ["read"] }, { name: "x", scopes: [] }, {}])(
		"are not made with %j",
		async (json) => {
			expect((await call("/v1/api-keys", { method: "POST", json })).status).toBe(400);
		},
	);
});
