import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AssetResponse, CreateTokenResponse } from "../protocol/asset.ts";
import { neuralKey } from "../protocol/neural.ts";
import { encodePart, PART_MEDIA_TYPE } from "../protocol/part.ts";
import { reprDigest } from "../protocol/digest.ts";
import { DescribedEdge } from "./testing/described-edge.ts";
import { API_KEY, call, migrate, ORIGIN } from "./testing/edge-client.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";
import { jpegOf } from "./testing/pictures.ts";
import app from "./worker.ts";

const tracks = clipTracks({ frames: 75 });
const VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\nHallo Welt\n";
let edge: DescribedEdge;
let id: string;

const textOf = async (response: Response) => new TextDecoder().decode(await response.bytes());
const putAll = async (asset: string, token = API_KEY) => {
	for (const track of tracks) {
		const body = encodePart(track.samples);
		const headers = { "Content-Type": PART_MEDIA_TYPE, "Repr-Digest": await reprDigest(body) };
		const values = { id: asset, track: track.id, number: "0" };
		const part = "put /v1/assets/{id}/tracks/{track}/parts/{number}";
		expect((await edge.call(part, values, { body, headers, token })).status).toBe(201);
	}
};
const counts = { tracks: tracks.map((track) => ({ id: track.id, parts: 1 })) };

beforeAll(async () => {
	await migrate();
	edge = new DescribedEdge(await (await call("/openapi.json", { token: "" })).json());
	const created = await edge.call("post /v1/assets", {}, { json: createRequest(tracks) });
	({ id } = await created.json<AssetResponse>());
	vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(null, { status: 204 }));
});
afterAll(() => void vi.restoreAllMocks());

describe("the description of the interface", () => {
	it("holds for an upload", async () => {
		await edge.call("post /v1/upload-tokens", {}, { json: { maxBytes: 1e6, origin: ORIGIN } });
		const studio = { json: {}, token: "", headers: { Origin: ORIGIN } };
		const { token } = await (await edge.call("post /studio/upload-token", {}, studio)).json<CreateTokenResponse>();
		await edge.call("post /v1/assets", {}, { json: createRequest(tracks), token, headers: { Origin: ORIGIN } });
		await putAll(id);
		await edge.call("post /v1/assets/{id}/complete", { id }, { json: counts });
		await edge.call("get /v1/assets/{id}", { id });
		await edge.call(
			"patch /v1/assets/{id}",
			{ id },
			{ json: { metadata: { order: "A-17" }, description: "Words" } },
		);
		await edge.call("get /v1/assets", {}, { query: "?limit=1" });
		await edge.call("put /v1/assets/{id}/captions/{language}", { id, language: "de" }, { body: VTT });
		await edge.call("put /v1/assets/{id}/poster", { id }, { body: jpegOf(160, 90, 1) });
		const picture = { data: jpegOf(160, 90, 0), timestamp: 0, duration: 1_000_000, sync: true };
		await edge.call("put /v1/assets/{id}/storyboard", { id }, { body: encodePart([picture]) });
		expect(edge.faults).toEqual([]);
	});

	it("holds for viewers, with a token in the path and without", async () => {
		const made = await edge.call(
			"post /v1/assets/{id}/playback-tokens",
			{ id },
			{ json: { expiresInSeconds: 60 } },
		);
		const { token } = await made.json<{ token: string }>();
		for (const prefix of ["", "/p/{token}"]) {
			const get = (path: string, more: Record<string, string> = {}, query = "") =>
				edge.call(`get ${prefix}/v1/assets/{id}${path}`, { id, token, ...more }, { token: "", query });
			await get("/master.m3u8");
			await get("/enhancements.json");
			await get("/tracks/{track}/playlist.m3u8", { track: "base" });
			await get("/tracks/{track}/init.mp4", { track: "base" });
			await get("/tracks/{track}/segments/{file}", { track: "e40", file: "0.m4s" });
			const captions = await textOf(await get("/captions/{language}/playlist.m3u8", { language: "de" }));
			const file = /^\S+\.vtt$/m.exec(captions)?.[0] ?? "";
			await get("/captions/{language}/{file}", { language: "de", file });
			await get("/poster");
			const [, digest = ""] = /storyboard\/([0-9a-f]+)\//.exec(await textOf(await get("/storyboard.vtt"))) ?? [];
			await get("/storyboard/{digest}/{number}", { digest, number: "0" });
			await get("/thumbnail", {}, "?time=0.5");
			const report = { body: 'sid="playback-one",msd=300', headers: { "Content-Type": "application/cmcd" } };
			await edge.call(`post ${prefix}/v1/assets/{id}/reports`, { id, token }, { ...report, token: "" });
		}
		expect(edge.faults).toEqual([]);
	});

	it("holds for pieces of a low-latency asset", async () => {
		const request = { json: createRequest(tracks, { partialMilliseconds: 400 }) };
		const { id: live } = await (await edge.call("post /v1/assets", {}, request)).json<AssetResponse>();
		await putAll(live);
		const { token } = await (
			await edge.call("post /v1/assets/{id}/playback-tokens", { id: live }, { json: {} })
		).json<{ token: string }>();
		for (const prefix of ["", "/p/{token}"]) {
			const values = { id: live, token, track: "base", file: "0.0.m4s" };
			await edge.call(`get ${prefix}/v1/assets/{id}/tracks/{track}/partials/{file}`, values, { token: "" });
		}
		expect(edge.faults).toEqual([]);
	});

	it("holds for figures, keys and webhooks", async () => {
		await edge.call("get /v1/assets/{id}/quality", { id }, { query: "?days=7" });
		await edge.call("get /v1/assets/{id}/usage", { id });
		await edge.call("get /v1/usage");
		const newKey = { json: { name: "A key", scopes: ["read"] } };
		const { id: key } = await (await edge.call("post /v1/api-keys", {}, newKey)).json<{ id: string }>();
		await edge.call("get /v1/api-keys");
		await edge.call("delete /v1/api-keys/{key}", { key });
		const newHook = { json: { url: "https://hooks.crescendo-video.dev/in" } };
		const { id: webhook } = await (await edge.call("post /v1/webhooks", {}, newHook)).json<{ id: string }>();
		await edge.call("get /v1/webhooks");
		await edge.call("post /v1/webhooks/{webhook}/test", { webhook });
		await edge.call("get /v1/webhooks/{webhook}/deliveries", { webhook });
		await edge.call("delete /v1/webhooks/{webhook}", { webhook });
		expect(edge.faults).toEqual([]);
	});

	it("holds for pages and what they load", async () => {
		const anybody = { token: "" };
		await edge.call("get /embed/{id}", { id }, anybody);
		await edge.call("get /watch/{id}", { id }, anybody);
		// What cannot be an id: the same pages, which say so.
		expect((await edge.call("get /embed/{id}", { id: "x" }, anybody)).status).toBe(404);
		expect((await edge.call("get /watch/{id}", { id: "x" }, anybody)).status).toBe(404);
		await edge.call(
			"get /oembed",
			{},
			{ ...anybody, query: `?url=${encodeURIComponent(`${ORIGIN}/watch/${id}`)}` },
		);
		for (const path of ["/admin", "/health", "/ready", "/openapi.json"])
			await edge.call(`get ${path}`, {}, anybody);
		const [hash, file, model] = ["0123456789abcdef".repeat(2), "run.wasm", "crescendo-1"];
		await env.MEDIA.put(neuralKey(`/runtime/${hash}/${file}`, "identity"), new Uint8Array(9));
		await env.MEDIA.put(neuralKey(`/models/${model}/${hash}/base.onnx`, "identity"), new Uint8Array(9));
		const plain = { token: "", headers: { "Accept-Encoding": "identity" } };
		await edge.call("get /runtime/{hash}/{file}", { hash, file }, plain);
		await edge.call("get /models/{model}/{hash}/{file}", { model, hash, file: "base.onnx" }, plain);
		await edge.call("get /models/{model}/{file}", { model, file: "base.onnx" }, plain);
		expect(edge.faults).toEqual([]);
	});

	it("holds for refusals", async () => {
		const nobody = { token: "" };
		await edge.call("get /v1/assets/{id}", { id }, nobody);
		await edge.call("post /v1/assets", {}, { json: {} });
		await edge.call("get /v1/usage", {}, { query: "?days=x" });
		await edge.call("post /v1/assets/{id}/complete", { id }, { json: { tracks: [] } });
		await edge.call("get /v1/assets/{id}/master.m3u8", { id: `p${"a".repeat(20)}` }, nobody);
		await edge.call("get /v1/assets/{id}/poster", { id }, { ...nobody, headers: { Range: "bytes=99999-" } });
		await edge.call("get /oembed", {}, { ...nobody, query: "?url=x&format=xml" });
		const values = { id, track: "base", number: "0" };
		const part = "put /v1/assets/{id}/tracks/{track}/parts/{number}";
		await edge.call(part, values, { body: "x", headers: { "Content-Type": "text/plain" } });
		expect(edge.faults).toEqual([]);
	});

	it("holds for who comes too early", async () => {
		const { id: young } = await (
			await edge.call("post /v1/assets", {}, { json: createRequest(tracks) })
		).json<AssetResponse>();
		for (const path of ["/master.m3u8", "/tracks/{track}/playlist.m3u8"]) {
			const early = await edge.call(`get /v1/assets/{id}${path}`, { id: young, track: "base" }, { token: "" });
			expect([early.status, early.headers.get("Retry-After")]).toEqual([404, "1"]);
		}
		expect(edge.faults).toEqual([]);
	});

	it("holds for a store that does not answer", async () => {
		const silent = { head: () => Promise.reject(new Error("The store does not answer.")) };
		const broken = { ...env, MEDIA: silent as unknown as R2Bucket };
		const response = await app.fetch(new Request(`${ORIGIN}/ready`), broken, createExecutionContext());
		await edge.check("get /ready", response);
		expect(await response.json()).toEqual({
			status: "not-ready",
			catalogue: true,
			media: false,
			configuration: true,
		});
		expect(response.status).toBe(503);
		expect(edge.faults).toEqual([]);
	});

	it("holds for a configuration that cannot be read, with which what is there goes on playing", async () => {
		const ask = (path: string, more: object) =>
			app.fetch(new Request(`${ORIGIN}${path}`), { ...env, ...more }, createExecutionContext());
		const mistyped = { CRESCENDO_LIMITS: '{"assetSecond":3600}' };
		for (const more of [mistyped, { CRESCENDO_LIMITS: "{" }, { CRESCENDO_SIGNING_KEYS: "k1 short" }]) {
			const response = await ask("/ready", more);
			await edge.check("get /ready", response);
			expect(await response.json()).toMatchObject({ status: "not-ready", configuration: false });
			expect(response.status).toBe(503);
		}
		for (const file of ["master.m3u8", "tracks/base/playlist.m3u8", "tracks/base/segments/0.m4s"]) {
			expect((await ask(`/v1/assets/${id}/${file}`, mistyped)).status).toBe(200);
		}
		expect(edge.faults).toEqual([]);
	});

	it("holds for conditions and ranges", async () => {
		const get = (headers: Record<string, string>) =>
			edge.call("get /v1/assets/{id}/poster", { id }, { token: "", headers });
		const etag = (await get({})).headers.get("ETag") ?? "";
		expect((await get({ "If-None-Match": etag })).status).toBe(304);
		expect((await get({ "If-Match": etag, "If-Range": etag, Range: "bytes=0-3" })).status).toBe(206);
		expect((await get({ "If-Match": '"other"' })).status).toBe(412);
		expect(edge.faults).toEqual([]);
	});

	it("holds for what is removed, and names nothing that was not tried", async () => {
		await edge.call("delete /v1/assets/{id}/captions/{language}", { id, language: "de" });
		await edge.call("delete /v1/assets/{id}", { id });
		expect(edge.operations().filter((operation) => !edge.answered.has(operation))).toEqual([]);
		expect(edge.faults).toEqual([]);
	});
});
