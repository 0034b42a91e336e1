import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { masterPlaylist } from "./hls/master-playlist.ts";
import { unpackState } from "./hls/packed-state.ts";
import { API_KEY, call, createAsset, migrate, ORIGIN, putPart, uploadAll } from "./testing/edge-client.ts";
import { assetStub } from "./testing/faults.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";
import app from "./worker.ts";

const tracks = clipTracks({ frames: 75 });
let id: string;
let path: string;
let bytes: Uint8Array;
let etag: string;

const get = (headers: Record<string, string> = {}, method = "GET") => call(path, { token: "", method, headers });
const bodyOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

beforeAll(async () => {
	await migrate();
	id = await uploadAll(tracks);
	path = `/v1/assets/${id}/tracks/e40/segments/0.m4s`;
	const object = await env.MEDIA.get(`assets/${id}/e40/0.m4s`);
	if (object === null) throw new Error("The segment is not stored.");
	bytes = new Uint8Array(await object.arrayBuffer());
	etag = object.httpEtag;
});

describe("a segment", () => {
	it("is whole, exact and immutable", async () => {
		const response = await get();
		expect(response.status).toBe(200);
		expect(await bodyOf(response)).toEqual(bytes);
		expect(Object.fromEntries(response.headers)).toMatchObject({
			"content-type": "video/mp4",
			"content-length": String(bytes.length),
			"cache-control": "public, max-age=31536000, immutable",
			"accept-ranges": "bytes",
			"access-control-allow-origin": "*",
			"cross-origin-resource-policy": "cross-origin",
			etag,
		});
		expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
		expect(response.headers.get("Access-Control-Expose-Headers")).toMatch(/Content-Range.*ETag/);
	});

	it("has the same headers for HEAD, and no body", async () => {
		const [head, whole] = [await get({}, "HEAD"), await get()];
		expect(head.status).toBe(200);
		expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(whole.headers));
		expect(await bodyOf(head)).toEqual(new Uint8Array());
		expect((await get({ Range: "bytes=0-1" }, "HEAD")).status).toBe(200);
	});

	it.each([
		["bytes=0-0", 0, 1],
		["bytes=10-19", 10, 20],
		["bytes=-7", -7, undefined],
		["bytes=100-", 100, undefined],
		["bytes=5-9999999", 5, undefined],
	])("answers %s with that range", async (range, from, to) => {
		const response = await get({ Range: range });
		const expected = bytes.slice(from, to);
		expect(response.status).toBe(206);
		expect(await bodyOf(response)).toEqual(expected);
		const first = from < 0 ? bytes.length + from : from;
		expect(response.headers.get("Content-Range")).toBe(
			`bytes ${first}-${first + expected.length - 1}/${bytes.length}`,
		);
		expect(response.headers.get("Content-Length")).toBe(String(expected.length));
		expect(response.headers.get("ETag")).toBe(etag);
	});

	it.each(["bytes=0-1,4-5", "items=0-1", "bytes=9-2"])("answers %s with the whole", async (range) => {
		const response = await get({ Range: range });
		expect(response.status).toBe(200);
		expect(await bodyOf(response)).toEqual(bytes);
	});

	it("answers 416 with the size where nothing is left, with CORS and as JSON", async () => {
		const response = await get({ Range: `bytes=${bytes.length}-` });
		expect(response.status).toBe(416);
		expect(response.headers.get("Content-Range")).toBe(`bytes */${bytes.length}`);
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
		expect(await response.json()).toMatchObject({ error: { code: "range-not-satisfiable" } });
	});

	it("is 304 where it is known, for GET and HEAD, before any range", async () => {
		for (const method of ["GET", "HEAD"]) {
			for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
				const response = await get({ "If-None-Match": known, Range: "bytes=0-1" }, method);
				expect(response.status).toBe(304);
				expect(response.headers.get("ETag")).toBe(etag);
				expect(await bodyOf(response)).toEqual(new Uint8Array());
			}
		}
		expect((await get({ "If-None-Match": '"other"' })).status).toBe(200);
	});

	it("is 412 where If-Match names another version, before anything else", async () => {
		for (const known of [etag, `"x", ${etag}`, "*"]) {
			expect((await get({ "If-Match": known, Range: "bytes=0-1" })).status).toBe(206);
		}
		for (const other of ['"other"', `W/${etag}`]) {
			for (const headers of [{}, { Range: "bytes=0-1" }, { "If-None-Match": etag }]) {
				const response = await get({ "If-Match": other, ...headers });
				expect(response.status).toBe(412);
				expect(await response.json()).toMatchObject({ error: { code: "precondition-failed" } });
			}
		}
	});

	it("gives a range only of the version that If-Range knows", async () => {
		expect((await get({ Range: "bytes=0-1", "If-Range": etag })).status).toBe(206);
		for (const other of ['"other"', `W/${etag}`, "Sun, 22 Nov 2026 00:00:00 GMT"]) {
			const response = await get({ Range: "bytes=0-1", "If-Range": other });
			expect(response.status).toBe(200);
			expect(await bodyOf(response)).toEqual(bytes);
		}
	});
});

describe("addresses that lead nowhere", () => {
	it.each([
		"tracks/e40/segments/99.m4s",
		"tracks/e40/segments/00.m4s",
		"tracks/e40/segments/0.mp4",
		"tracks/e40/segments/-1.m4s",
		"tracks/e41/segments/0.m4s",
		"tracks/e41/init.mp4",
		"tracks/E40/init.mp4",
		"tracks/%2e%2e%2fe40/init.mp4",
		"tracks/e40%00/init.mp4",
		"tracks/é/init.mp4",
		"state.json",
		"nothing",
		"tracks/none/playlist.m3u8",
	])("%s: 404 as JSON with CORS", async (rest) => {
		const response = await call(`/v1/assets/${id}/${rest}`, { token: "" });
		expect(response.status).toBe(404);
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
		expect(response.headers.get("Cache-Control")).toBe("no-store");
		expect(await response.json()).toMatchObject({
			error: { code: "not-found", message: expect.any(String), hint: expect.any(String) },
		});
	});

	it.each(["paaaaaaaaaaaaaaaaaaaa", "x", "..", "%2e%2e", "p%00", "ｐaaaaaaaaaaaaaaaaaaaa", "PAAAAAAAAAAAAAAAAAAAA"])(
		"asset %s: 404",
		async (other) => {
			for (const rest of ["master.m3u8", "tracks/base/init.mp4"]) {
				expect((await call(`/v1/assets/${other}/${rest}`, { token: "" })).status).toBe(404);
			}
		},
	);

	it.each([
		["POST", "master.m3u8"],
		["DELETE", "tracks/e40/init.mp4"],
		["PATCH", "tracks/e40/segments/0.m4s"],
		["GET", "tracks/e40/parts/0"],
		["GET", "complete"],
		["PUT", ""],
	])("%s %s: 405 with Allow", async (method, rest) => {
		const response = await call(`/v1/assets/${id}${rest === "" ? "" : `/${rest}`}`, { method });
		expect(response.status).toBe(405);
		expect(response.headers.get("Allow")).toBeTruthy();
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
		expect(await response.json()).toMatchObject({ error: { code: "method-not-allowed" } });
	});
});

describe("playlists", () => {
	it("are asked for anew and cost a 304 where nothing changed", async () => {
		for (const rest of ["master.m3u8", "tracks/base/playlist.m3u8", "enhancements.json"]) {
			const response = await call(`/v1/assets/${id}/${rest}`, { token: "" });
			expect(response.status).toBe(200);
			expect(response.headers.get("Cache-Control")).toBe("no-cache");
			expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
			const tag = response.headers.get("ETag") ?? "";
			const again = await call(`/v1/assets/${id}/${rest}`, { token: "", headers: { "If-None-Match": tag } });
			expect(again.status).toBe(304);
			const head = await call(`/v1/assets/${id}/${rest}`, { token: "", method: "HEAD" });
			expect(head.headers.get("Content-Length")).toBe(response.headers.get("Content-Length"));
			expect(head.headers.get("ETag")).toBe(tag);
		}
	});
});

describe("the Worker before this version", () => {
	it("finds in an asset that is still written what it builds playlists from", async () => {
		const { id: open } = await createAsset(createRequest(tracks));
		for (const track of tracks) expect((await putPart(open, track.id, 0, track.samples)).status).toBe(201);
		const state = await assetStub(open).playback();
		if (!state.ok) throw new Error("an asset that is still written has no state");
		expect(masterPlaylist(unpackState(state.value), {})).toContain("tracks/base/playlist.m3u8");
		expect((await call(`/v1/assets/${open}`, { method: "DELETE" })).status).toBe(204);
		expect((await assetStub(open).playback()).ok).toBe(false);
	});
});

describe("CORS", () => {
	it("answers preflights without a token", async () => {
		const response = await call(`/v1/assets/${id}/tracks/base/parts/0`, {
			method: "OPTIONS",
			token: "",
			headers: {
				Origin: "https://elsewhere.test",
				"Access-Control-Request-Method": "PUT",
				"Access-Control-Request-Headers": "authorization,content-type,repr-digest",
			},
		});
		expect(response.status).toBe(204);
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://elsewhere.test");
		expect(response.headers.get("Vary")).toContain("Origin");
		expect(response.headers.get("Access-Control-Allow-Methods")).toContain("PUT");
		expect(response.headers.get("Access-Control-Allow-Headers")).toMatch(/Authorization.*Repr-Digest/);
	});

	it("is exact for what carries a key or token, and open for what anybody may play", async () => {
		const listed = { ...env, CRESCENDO_UPLOAD_ORIGINS: "https://studio.test https://desk.test" };
		const ask = (origin: string, headers: Record<string, string>, method = "GET", rest = "") =>
			app.fetch(
				new Request(`${ORIGIN}/v1/assets${rest}`, { method, headers: { Origin: origin, ...headers } }),
				listed,
				createExecutionContext(),
			);
		const key = { Authorization: `Bearer ${API_KEY}` };
		const question = { "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization" };
		for (const [origin, allowed] of [
			["https://studio.test", "https://studio.test"],
			["https://desk.test", "https://desk.test"],
			["https://desk.test.evil.test", null],
			["http://desk.test", null],
			["null", null],
		] as const) {
			const [preflight, answer] = [await ask(origin, question, "OPTIONS"), await ask(origin, key)];
			expect(preflight.headers.get("Access-Control-Allow-Origin")).toBe(allowed);
			expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(allowed);
			expect(answer.headers.get("Vary")).toContain("Origin");
			expect(answer.status).toBe(allowed === null ? 403 : 200);
			const media = await ask(origin, {}, "GET", `/${id}/master.m3u8`);
			expect([media.status, media.headers.get("Access-Control-Allow-Origin")]).toEqual([200, "*"]);
			expect(media.headers.get("Vary")).toBeNull();
		}
	});

	it("is on errors of every kind", async () => {
		for (const [path, init] of [
			["/v1/assets", { method: "POST", token: "" }],
			["/v1/assets", { method: "POST", token: "wrong" }],
			["/v1/assets", { method: "POST", json: {} }],
			["/v1/nothing", {}],
			[`/v1/assets/${id}/tracks/base/parts/0`, { method: "PUT" }],
		] as const) {
			const response = await call(path, init);
			expect(response.status).toBeGreaterThanOrEqual(400);
			expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
			expect(await response.json()).toMatchObject({ error: { code: expect.any(String) } });
		}
	});
});

describe("pages", () => {
	const textOf = async (address: string) => (await call(address, { token: "" })).text();

	it("and whatever else is no part of the interface take their own methods alone", async () => {
		for (const [path, allowed] of [
			[`/watch/${id}`, "GET, HEAD"],
			[`/embed/${id}`, "GET, HEAD"],
			["/health", "GET, HEAD"],
			["/oembed", "GET, HEAD"],
			["/studio/upload-token", "POST"],
		] as const) {
			const response = await call(path, { method: allowed === "POST" ? "HEAD" : "POST" });
			expect([path, response.status, response.headers.get("Allow")]).toEqual([path, 405, allowed]);
		}
		for (const path of ["/v1", "/p", "/models"]) expect((await call(path)).status).toBe(404);
	});

	it("are one file for all assets, and static files for the rest", async () => {
		expect(await textOf(`/embed/${id}`)).toContain("Embed fixture");
		expect(await textOf(`/watch/${id}`)).toContain("Watch fixture");
		expect(await textOf("/")).toContain("Studio fixture");
		expect((await call("/nothing", { token: "" })).status).toBe(404);
		for (const [path, text] of [
			["/embed/nothing", "Embed fixture"],
			["/watch/nothing", "Watch fixture"],
		] as const) {
			const response = await call(path, { token: "" });
			expect([response.status, response.headers.get("Link")]).toEqual([404, null]);
			expect(await response.text()).toContain(text);
		}
	});
});

describe("lists", () => {
	it("go through all assets, the newest first, page by page", async () => {
		const made = [];
		for (let index = 0; index < 5; index++) made.push((await createAsset(createRequest(tracks))).id);
		const seen: string[] = [];
		let cursor: string | undefined = "";
		while (cursor !== undefined) {
			const query = cursor === "" ? "" : `&cursor=${cursor}`;
			const page: { assets: { id: string; state: string }[]; cursor?: string } = await (
				await call(`/v1/assets?limit=2${query}`)
			).json();
			expect(page.assets.length).toBeLessThanOrEqual(2);
			seen.push(...page.assets.map((asset) => asset.id));
			cursor = page.cursor;
		}
		expect(seen.toSorted()).toEqual([...made, id].toSorted());
		expect(seen.at(-1)).toBe(id);
	});

	it("say what the Studio shows", async () => {
		const { assets } = await (
			await call("/v1/assets?limit=100", { token: "" })
		).json<{ assets: { id: string }[] }>();
		expect(assets.find((asset) => asset.id === id)).toMatchObject({
			title: "Fixture",
			state: "complete",
			access: "public",
			width: 640,
			height: 360,
			durationSeconds: 3,
			enhancements: 1,
			urls: { master: `${ORIGIN}/v1/assets/${id}/master.m3u8`, watch: `${ORIGIN}/watch/${id}` },
		});
	});

	it.each(["limit=0", "limit=101", "limit=x", "cursor=1", "cursor=%27%3B--"])("refuse ?%s", async (query) => {
		expect((await call(`/v1/assets?${query}`)).status).toBe(400);
	});
});
