import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { AssetObject } from "./asset/asset-object.ts";
import type { Environment } from "./environment.ts";
import { findCopy, keepText } from "./http/object-cache.ts";
import { type PurgeVariables, purgeAccess, purgeTag } from "./http/purge.ts";
import { call, migrate, uploadAll } from "./testing/edge-client.ts";
import { assetStub } from "./testing/faults.ts";
import { clipTracks } from "./testing/fixture-media.ts";

const ZONES = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"] as const;
const TOKEN = "token-of-the-zones";
const variables = { CRESCENDO_PURGE_ZONES: ` ${ZONES.join("  ")} `, CRESCENDO_PURGE_TOKEN: TOKEN };

type Asked = { url: string; method: string; authorization: string | null; body: unknown };

/** What the platform was asked, and what it answers. */
let asked: Asked[] = [];
let answer: () => Response | Promise<Response>;
let logged: unknown[] = [];

beforeAll(migrate);
beforeEach(() => {
	asked = [];
	answer = () => Response.json({ success: true, errors: [], result: { id: ZONES[0] } });
	vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
		const request = new Request(input, init);
		const { url, method, headers } = request;
		asked.push({ url, method, authorization: headers.get("Authorization"), body: await request.json() });
		return answer();
	});
	logged = [];
	vi.spyOn(console, "error").mockImplementation((line) => void logged.push(line));
});
afterEach(() => void vi.restoreAllMocks());

/** An asset that two seconds of it were uploaded of, in an edge that has these variables. */
const makeAsset = async (more: PurgeVariables): Promise<string> => {
	const id = await uploadAll(clipTracks({ frames: 60 }));
	await runInDurableObject(assetStub(id), (instance: AssetObject) => {
		(instance as unknown as { env: Environment }).env = { ...env, ...more };
	});
	return id;
};
const remove = async (id: string) => (await call(`/v1/assets/${id}`, { method: "DELETE" })).status;

describe("a deletion", () => {
	it("purges the asset's tag in every zone, once its objects are gone", async () => {
		const id = await makeAsset(variables);
		let left: number | undefined;
		const success = answer;
		answer = async () => {
			left = (await env.MEDIA.list({ prefix: `assets/${id}/` })).objects.length;
			return success();
		};
		expect(await remove(id)).toBe(204);
		expect(left).toBe(0);
		expect(asked).toEqual(
			ZONES.map((zone) => ({
				url: `https://api.cloudflare.com/client/v4/zones/${zone}/purge_cache`,
				method: "POST",
				authorization: `Bearer ${TOKEN}`,
				body: { tags: [`crescendo-${id}`] },
			})),
		);
	});

	it("asks nobody where no zone is configured", async () => {
		expect(await remove(await makeAsset({}))).toBe(204);
		expect(asked).toEqual([]);
	});

	const refusals: [string, () => Response | Promise<Response>][] = [
		["too many purges", () => Response.json({ success: false, errors: [{ code: 10000 }] }, { status: 429 })],
		["an answer that says no", () => Response.json({ success: false })],
		["an answer that is none", () => new Response("<html>")],
		["an answer from elsewhere", () => Response.redirect("https://elsewhere.example/", 302)],
		["no network", () => Promise.reject(new TypeError("Network connection lost."))],
	];
	it.each(refusals)("is not done until the zones have purged: %s", async (_, refusal) => {
		const id = await makeAsset(variables);
		const success = answer;
		answer = refusal;
		expect(await remove(id)).toBe(503);
		expect((await call(`/v1/assets/${id}/master.m3u8`, { token: "" })).status).toBe(404);
		expect(logged.join()).toContain("did not purge its caches");
		expect(logged.join()).not.toContain(TOKEN);
		answer = success;
		asked = [];
		// The alarm of the attempt that failed may have come by itself.
		await runDurableObjectAlarm(assetStub(id));
		await expect.poll(() => asked.length).toBe(ZONES.length);
		await expect.poll(() => remove(id)).toBe(404);
	});
});

describe("what a data centre keeps of an asset", () => {
	it("has the asset's tag, which no viewer sees", async () => {
		const id = await uploadAll(clipTracks({ frames: 60 }));
		const served = await call(`/v1/assets/${id}/tracks/base/segments/0.m4s`, { token: "" });
		await served.arrayBuffer();
		expect(served.headers.has("Cache-Tag")).toBe(false);
		const tagOf = async (key: string) => (await findCopy(key))?.headers.get("Cache-Tag");
		await expect.poll(() => tagOf(`assets/${id}/base/0.m4s`)).toBe(`crescendo-${id}`);
		await keepText(`playlists/${id}/index/master`, { text: "#EXTM3U", complete: true }, 60);
		expect(await tagOf(`playlists/${id}/index/master`)).toBe(`crescendo-${id}`);
		await keepText("runtime/0123/list", { text: "of no asset", complete: true }, 60);
		expect(await tagOf("runtime/0123/list")).toBe(null);
	});
});

describe("the variables of purges", () => {
	it.each([
		[{ CRESCENDO_PURGE_ZONES: ZONES[0] }, "without the secret CRESCENDO_PURGE_TOKEN"],
		[{ CRESCENDO_PURGE_TOKEN: TOKEN }, "without CRESCENDO_PURGE_ZONES"],
		[{ CRESCENDO_PURGE_ZONES: "video.example.com", CRESCENDO_PURGE_TOKEN: TOKEN }, "names video.example.com"],
	])("are refused: %j", (wrong, words) => {
		expect(() => purgeAccess(wrong)).toThrow(words);
	});

	it("may both be empty", () => {
		expect(purgeAccess({})).toBe(undefined);
		expect(purgeAccess({ CRESCENDO_PURGE_ZONES: " ", CRESCENDO_PURGE_TOKEN: "" })).toBe(undefined);
	});
});

it("a zone that never answers is not waited for without end", async () => {
	vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort(new DOMException("waited", "TimeoutError")));
	vi.mocked(globalThis.fetch).mockImplementation(async (_, init) => {
		init?.signal?.throwIfAborted();
		throw new Error("There was no signal.");
	});
	await expect(purgeTag({ zones: [ZONES[0]], token: TOKEN }, "crescendo-p")).rejects.toThrow("TimeoutError");
});
