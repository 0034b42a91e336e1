import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { M3U8Parser, type PlaylistLevelType } from "hls.js";
import { beforeAll, describe, expect, it } from "vitest";
import { createPlaybackToken } from "./access/playback-token.ts";
import { signClaims } from "./access/signed-claims.ts";
import { signingKeys } from "./access/signing-keys.ts";
import { API_KEY, call, migrate, ORIGIN, uploadAll } from "./testing/edge-client.ts";
import { clipTracks } from "./testing/fixture-media.ts";
import app from "./worker.ts";

const tracks = clipTracks({ frames: 75 });
const FILES = [
	"master.m3u8",
	"enhancements.json",
	"tracks/base/playlist.m3u8",
	"tracks/base/init.mp4",
	"tracks/e40/segments/0.m4s",
];
let signed: string;
let other: string;
let open: string;

const fetchFile = (prefix: string, id: string, file: string, headers: Record<string, string> = {}, method = "GET") =>
	call(`${prefix}/v1/assets/${id}/${file}`, { token: "", headers, method });
const newToken = async (id: string, json: object = {}) => {
	const response = await call(`/v1/assets/${id}/playback-tokens`, { method: "POST", json });
	expect(response.status).toBe(201);
	return response.json<{ token: string; urls: { master: string } }>();
};
const codeOf = async (response: Response) => [
	response.status,
	(await response.json<{ error: { code: string } }>()).error.code,
];

beforeAll(async () => {
	await migrate();
	signed = await uploadAll(tracks, 40, undefined, { access: "signed" });
	other = await uploadAll(tracks, 40, undefined, { access: "signed" });
	open = await uploadAll(tracks);
});

describe("a signed asset", () => {
	it("says so in its id", () => {
		expect([signed[0], open[0]]).toEqual(["s", "p"]);
	});

	it("plays with a token in front of the path, which every URI in its playlists keeps", async () => {
		const { urls } = await newToken(signed);
		const master = await call(urls.master, { token: "" });
		const parsed = M3U8Parser.parseMasterPlaylist(
			new TextDecoder().decode(await master.arrayBuffer()),
			urls.master,
		);
		const media = parsed.levels[0]?.url ?? "";
		const playlist = new TextDecoder().decode(await (await call(media, { token: "" })).arrayBuffer());
		const details = M3U8Parser.parseLevelPlaylist(playlist, media, 0, "main" as PlaylistLevelType, 0, null);
		for (const url of [details.fragments[0]?.url, details.fragments[0]?.initSegment?.url]) {
			const response = await call(url ?? "", { token: "" });
			expect(response.status).toBe(200);
			expect(response.headers.get("Cache-Control")).toBe("private, max-age=31536000, immutable");
		}
	});

	it("is closed without one, for every file and method, with CORS on the refusal", async () => {
		for (const file of FILES) {
			for (const method of ["GET", "HEAD"]) {
				const response = await fetchFile(
					"",
					signed,
					file,
					{ Range: "bytes=0-0", "If-None-Match": "*" },
					method,
				);
				expect(response.status).toBe(401);
				expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
			}
			// An API key writes and reads state; it plays nothing: keys do not belong into players.
			expect((await call(`/v1/assets/${signed}/${file}`)).status).toBe(401);
		}
	});

	it("is closed to tokens of other assets, other purposes, other keys, and to expired ones", async () => {
		const { token } = await newToken(other);
		const keys = await signingKeys(env, "playback");
		const now = Date.now();
		const { token: expired } = await createPlaybackToken(keys, signed, { expiresInSeconds: 60 }, now - 120_000);
		const upload = await signClaims(await signingKeys(env, "upload"), { asset: signed, exp: now });
		const foreign = await signingKeys({ ...env, CRESCENDO_SIGNING_KEYS: "api:another-secret-of-16" }, "playback");
		const { token: forged } = await createPlaybackToken(foreign, signed, { expiresInSeconds: 60 }, now);
		for (const file of FILES) {
			expect(await codeOf(await fetchFile(`/p/${token}`, signed, file))).toEqual([403, "forbidden"]);
			expect(await codeOf(await fetchFile(`/p/${expired}`, signed, file))).toEqual([401, "token-expired"]);
			for (const wrong of [upload, forged, "x", "a.b.c", "..%2f..", `${token}x`]) {
				expect(await codeOf(await fetchFile(`/p/${wrong}`, signed, file))).toEqual([401, "unauthorized"]);
			}
		}
	});

	it("cannot be reached around the token", async () => {
		const { token } = await newToken(other);
		for (const path of [
			`/p/${token}/v1/assets/${other}/../${signed}/tracks/base/init.mp4`,
			`/p/${token}/v1/assets/${other}/tracks/..%2f..%2f${signed}/tracks/base/init.mp4`,
			`/p/${token}/v1/assets/${other}%2f..%2f${signed}/tracks/base/init.mp4`,
			`/p/v1/assets/${signed}/tracks/base/init.mp4`,
			`/p//v1/assets/${signed}/tracks/base/init.mp4`,
			`//v1/assets/${signed}/tracks/base/init.mp4`,
			`/v1/assets/p${signed.slice(1)}/tracks/base/init.mp4`,
			`/v1/assets/${signed.toUpperCase()}/tracks/base/init.mp4`,
		]) {
			expect([401, 403, 404]).toContain((await call(path, { token: "" })).status);
		}
	});

	it("is closed to a token of which a single character differs", async () => {
		const { token } = await newToken(signed);
		await fc.assert(
			fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(..."aZ9_-.A"), async (place, character) => {
				fc.pre(token[place] !== character);
				const forged = token.slice(0, place) + character + token.slice(place + 1);
				expect((await fetchFile(`/p/${forged}`, signed, "tracks/base/init.mp4")).status).toBe(401);
			}),
			{ numRuns: 100, seed: 9 },
		);
	});

	it("is closed to claims under another algorithm or key id, and to letters that only look alike", async () => {
		const { token } = await newToken(signed);
		const [kid = "", payload = "", signature = ""] = token.split(".");
		const base64Url = (text: string) => btoa(text).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
		const key = await crypto.subtle.importKey(
			"raw",
			new TextEncoder().encode(API_KEY),
			{ name: "HMAC", hash: "SHA-512" },
			false,
			["sign"],
		);
		const foreign = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${kid}.${payload}`));
		const algorithm = { alphabet: "base64url", omitPadding: true } as const;
		for (const forged of [
			`${kid}.${payload}.`,
			`none.${payload}.`,
			`${base64Url('{"alg":"none"}')}.${payload}.`,
			`${base64Url('{"alg":"HS256","kid":"api"}')}.${payload}.${signature}`,
			`${kid}.${payload}.${new Uint8Array(foreign).toBase64(algorithm)}`,
			`other.${payload}.${signature}`,
			`${kid.toUpperCase()}.${payload}.${signature}`,
			`${kid}.${payload}.${signature}.${signature}`,
			`${kid}.${payload}=.${signature}`,
			`${kid}\u3002${payload}\u3002${signature}`,
			`${kid}%2E${payload}%00.${signature}`,
			`\uff41${token.slice(1)}`,
			encodeURIComponent(`${token}\u200b`),
		]) {
			expect((await fetchFile(`/p/${forged}`, signed, "tracks/base/init.mp4")).status).toBe(401);
		}
	});

	it("gives nobody with a playback token more than playing: no other method, no use as a key", async () => {
		const { token } = await newToken(signed);
		for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
			for (const file of ["master.m3u8", "tracks/base/init.mp4", "tracks/base/parts/0", "complete"]) {
				const response = await fetchFile(`/p/${token}`, signed, file, {}, method);
				expect([404, 405]).toContain(response.status);
			}
			const response = await call(`/p/${token}/v1/assets/${signed}`, { token: "", method });
			expect([404, 405]).toContain(response.status);
		}
		for (const bearer of [token, `cut_${token}`, `cak_${token}`]) {
			expect((await call(`/v1/assets/${signed}`, { token: bearer })).status).toBe(401);
			expect((await call(`/v1/assets/${signed}`, { token: bearer, method: "DELETE" })).status).toBe(401);
		}
		const overridden = { "X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE" };
		expect((await fetchFile(`/p/${token}`, signed, "master.m3u8", overridden)).status).toBe(200);
		expect((await call(`/v1/assets/${signed}`)).status).toBe(200);
	});

	it("plays through a rotation of keys as long as the old key is listed, and no longer", async () => {
		const [old, fresh] = ["k1:the-first-secret-of-all", "k2:the-second-secret-of-all"];
		const play = (keys: string, token: string) =>
			app.fetch(
				new Request(`${ORIGIN}/p/${token}/v1/assets/${signed}/tracks/base/init.mp4`),
				{ ...env, CRESCENDO_SIGNING_KEYS: keys },
				createExecutionContext(),
			);
		const before = await signingKeys({ ...env, CRESCENDO_SIGNING_KEYS: old }, "playback");
		const { token } = await createPlaybackToken(before, signed, { expiresInSeconds: 60 }, Date.now());
		expect((await play(old, token)).status).toBe(200);
		expect((await play(`${fresh},${old}`, token)).status).toBe(200);
		expect((await play(fresh, token)).status).toBe(401);
		// The same key id with another secret is another key.
		expect((await play("k1:another-secret-of-all", token)).status).toBe(401);
	});

	it("plays only on the origin that its token names", async () => {
		const { token } = await newToken(signed, { origin: "https://good.test" });
		const from = (headers: Record<string, string>) => fetchFile(`/p/${token}`, signed, "master.m3u8", headers);
		expect((await from({ Origin: "https://good.test" })).status).toBe(200);
		expect(await codeOf(await from({ Origin: "https://bad.test" }))).toEqual([403, "origin-not-allowed"]);
		expect(await codeOf(await from({}))).toEqual([403, "origin-not-allowed"]);
		// What is only shown (a poster, a video without hls.js) goes without `Origin`.
		const shown = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" };
		expect((await from({ ...shown, Referer: "https://good.test/" })).status).toBe(200);
		for (const headers of [shown, { ...shown, Referer: "https://bad.test/" }, { ...shown, Referer: "x" }]) {
			expect(await codeOf(await from(headers))).toEqual([403, "origin-not-allowed"]);
		}
	});

	it("plays on pages of the edge itself with a token for those, and nowhere else", async () => {
		const { token } = await newToken(signed, { origin: ORIGIN });
		const from = (headers: Record<string, string>) => fetchFile(`/p/${token}`, signed, "master.m3u8", headers);
		for (const headers of [{ "Sec-Fetch-Site": "same-origin" }, { Referer: `${ORIGIN}/watch/x` }]) {
			expect((await from(headers)).status).toBe(200);
		}
		for (const site of ["cross-site", "same-site", "none"]) {
			expect(await codeOf(await from({ "Sec-Fetch-Site": site }))).toEqual([403, "origin-not-allowed"]);
		}
		expect(await codeOf(await from({}))).toEqual([403, "origin-not-allowed"]);
	});

	it("is not in the list that anybody may see", async () => {
		const anybody = await (await call("/v1/assets?limit=100", { token: "" })).text();
		expect(anybody).toContain(open);
		expect(anybody).not.toContain(signed);
		expect(await (await call("/v1/assets?limit=100")).text()).toContain(signed);
	});
});

describe("a public asset", () => {
	it("plays without a token, and with its own, but not with a wrong one", async () => {
		const { token } = await newToken(open);
		expect((await fetchFile("", open, "master.m3u8")).status).toBe(200);
		expect((await fetchFile(`/p/${token}`, open, "master.m3u8")).status).toBe(200);
		expect((await fetchFile("/p/wrong", open, "master.m3u8")).status).toBe(401);
	});
});

describe("playback tokens", () => {
	it.each([{ expiresInSeconds: 0 }, { expiresInSeconds: 1e9 }, { origin: "x" }, { more: 1 }])(
		"are not made with %j",
		async (json) => {
			expect((await call(`/v1/assets/${signed}/playback-tokens`, { method: "POST", json })).status).toBe(400);
		},
	);
	it("are made with a key alone", async () => {
		const upload = await (await call("/v1/upload-tokens", { method: "POST", json: {} })).json<{ token: string }>();
		for (const token of ["", upload.token]) {
			const response = await call(`/v1/assets/${signed}/playback-tokens`, { method: "POST", json: {}, token });
			expect([401, 403]).toContain(response.status);
		}
	});
});
