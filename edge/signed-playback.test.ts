import { env } from "cloudflare:workers";
import { M3U8Parser, type PlaylistLevelType } from "hls.js";
import { beforeAll, describe, expect, it } from "vitest";
import { createPlaybackToken } from "./access/playback-token.ts";
import { signClaims } from "./access/signed-claims.ts";
import { signingKeys } from "./access/signing-keys.ts";
import { call, migrate, ORIGIN, uploadAll } from "./testing/edge-client.ts";
import { clipTracks } from "./testing/fixture-media.ts";

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

	it("plays only on the origin that its token names", async () => {
		const { token } = await newToken(signed, { origin: "https://good.test" });
		const from = (headers: Record<string, string>) => fetchFile(`/p/${token}`, signed, "master.m3u8", headers);
		expect((await from({ Origin: "https://good.test" })).status).toBe(200);
		expect(await codeOf(await from({ Origin: "https://bad.test" }))).toEqual([403, "origin-not-allowed"]);
		expect(await codeOf(await from({}))).toEqual([403, "origin-not-allowed"]);
		const { token: here } = await newToken(signed, { origin: ORIGIN });
		expect((await fetchFile(`/p/${here}`, signed, "master.m3u8")).status).toBe(200);
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
