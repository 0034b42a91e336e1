import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { M3U8Parser, type PlaylistLevelType } from "hls.js";
import { beforeAll, describe, expect, it } from "vitest";
import { findCopy, keepCopy } from "./http/object-cache.ts";
import { call, createAsset, migrate, ORIGIN, uploadAll } from "./testing/edge-client.ts";
import { assetStub, Faults } from "./testing/faults.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";

const tracks = clipTracks({ frames: 75 });
const VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\nHallo Welt\n";
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 1, 2, 3]);
const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 9, 9]);
let id: string;

const put = (name: string, body: string | Uint8Array<ArrayBuffer>, token?: string) =>
	call(`/v1/assets/${id}/${name}`, { method: "PUT", body, ...(token !== undefined && { token }) });
const get = (name: string) => call(`/v1/assets/${id}/${name}`, { token: "" });
const textOf = async (response: Response) => new TextDecoder().decode(await response.arrayBuffer());
const codeOf = async (response: Response) => [
	response.status,
	(await response.json<{ error: { code: string } }>()).error.code,
];
const files = async () => (await env.MEDIA.list({ prefix: `assets/${id}/extras/` })).objects.map(({ key }) => key);

beforeAll(async () => {
	await migrate();
	id = await uploadAll(tracks);
});

describe("captions", () => {
	it("stand in the master playlist and play, also when they come after completion", async () => {
		expect((await put("captions/de", VTT)).status).toBe(201);
		expect((await put("captions/pt-BR", VTT)).status).toBe(201);
		const url = `${ORIGIN}/v1/assets/${id}/master.m3u8`;
		const text = await textOf(await get("master.m3u8"));
		const media = M3U8Parser.parseMasterPlaylistMedia(text, url, M3U8Parser.parseMasterPlaylist(text, url));
		expect(media.SUBTITLES?.map(({ name, lang, default: isDefault }) => [name, lang, isDefault])).toEqual([
			["German", "de", false],
			["Brazilian Portuguese", "pt-BR", false],
		]);
		const playlistUrl = media.SUBTITLES?.[0]?.url ?? "";
		const type = "subtitle" as PlaylistLevelType;
		const details = M3U8Parser.parseLevelPlaylist(
			await textOf(await call(playlistUrl)),
			playlistUrl,
			0,
			type,
			0,
			null,
		);
		expect(details.playlistParsingError).toBeNull();
		expect(details).toMatchObject({ live: false, totalduration: 3 });
		const file = await call(details.fragments[0]?.url ?? "", { token: "" });
		expect(file.headers.get("Content-Type")).toBe("text/vtt; charset=utf-8");
		expect(file.headers.get("X-Content-Type-Options")).toBe("nosniff");
		expect(await textOf(file)).toBe(VTT);
	});

	it("are replaced and removed, and leave no file behind", async () => {
		expect((await put("captions/fr", VTT)).status).toBe(201);
		expect((await put("captions/fr", VTT)).status).toBe(200);
		expect((await put("captions/fr", `${VTT}\n`)).status).toBe(200);
		expect((await files()).filter((key) => key.includes("/fr/"))).toHaveLength(1);
		expect((await call(`/v1/assets/${id}/captions/fr`, { method: "DELETE" })).status).toBe(204);
		expect((await files()).filter((key) => key.includes("/fr/"))).toEqual([]);
		expect((await get("captions/fr/playlist.m3u8")).status).toBe(404);
		expect(await textOf(await get("master.m3u8"))).not.toContain('"fr"');
	});

	it("leave no copy in the cache behind", async () => {
		const copied = async (body: string): Promise<string> => {
			expect((await put("captions/nl", body)).status).toBeLessThan(202);
			const key = (await files()).find((file) => file.includes("/nl/")) ?? "";
			await keepCopy(key, new Response(body, { headers: { "Content-Length": String(body.length) } }));
			expect((await findCopy(key))?.status).toBe(200);
			return key;
		};
		const replaced = await copied(VTT);
		const removed = await copied(`${VTT}\n`);
		expect(await findCopy(replaced)).toBeUndefined();
		expect((await call(`/v1/assets/${id}/captions/nl`, { method: "DELETE" })).status).toBe(204);
		expect(await findCopy(removed)).toBeUndefined();
		expect((await get(`captions/nl/${removed.split("/").at(-1)}`)).status).toBe(404);
	});

	it("are refused where they are none", async () => {
		for (const body of ["", "WEBVTTX", "<script>", new Uint8Array([0x57, 0xff]), "WEBVTT\n\0"]) {
			expect(await codeOf(await put("captions/de", body))).toEqual([400, "invalid-request"]);
		}
		expect(await codeOf(await put("captions/de", `WEBVTT\n${"x".repeat(2 ** 20)}`))).toEqual([413, "too-large"]);
		const impossible = ["de-12", "ab-cd-ef", "de-1996-1996"];
		for (const language of ["x", "DE", "de_DE", "de-", "..%2fx", "%00", ...impossible]) {
			expect(await codeOf(await put(`captions/${language}`, VTT))).toEqual([400, "invalid-request"]);
		}
	});

	it("are one of each language, however its tag is written", async () => {
		expect((await put("captions/pt-br", VTT)).status).toBe(200);
		const other = await put("captions/zh-hant-tw", VTT);
		expect([other.status, await other.json()]).toEqual([
			201,
			{ name: "captions/zh-Hant-TW", contentType: "text/vtt; charset=utf-8" },
		]);
		const listed = await textOf(await get("master.m3u8"));
		expect(listed.match(/LANGUAGE="[^"]+"/g)).toEqual([
			'LANGUAGE="de"',
			'LANGUAGE="pt-BR"',
			'LANGUAGE="zh-Hant-TW"',
		]);
		expect((await call(`/v1/assets/${id}/captions/zh-HANT-TW`, { method: "DELETE" })).status).toBe(204);
		expect(await textOf(await get("master.m3u8"))).not.toContain("zh-Hant");
	});

	it("that were stored under a tag as it was written are replaced and removed by the one form of it", async () => {
		const before = (tag: string) =>
			runInDurableObject(assetStub(id), (_, { storage: { sql } }) => {
				const file = `captions/${tag}/${"0".repeat(32)}.vtt`;
				sql.exec("INSERT OR REPLACE INTO extra VALUES (?, ?, 'text/vtt', 'Before')", `captions/${tag}`, file);
			});
		const listed = async () => [...(await textOf(await get("master.m3u8"))).matchAll(/LANGUAGE="(es[^"]*)"/g)];
		await before("es-mx");
		expect((await put("captions/es-mx", VTT)).status).toBe(200);
		expect((await listed()).map(([, tag]) => tag)).toEqual(["es-MX"]);
		await before("es-mx");
		expect((await put("captions/es-mx", VTT)).status).toBe(200);
		expect((await listed()).map(([, tag]) => tag)).toEqual(["es-MX"]);
		await before("es-mx");
		expect((await call(`/v1/assets/${id}/captions/es-mx`, { method: "DELETE" })).status).toBe(204);
		expect(await listed()).toEqual([]);
	});

	it("need a right to write", async () => {
		expect((await put("captions/de", VTT, "")).status).toBe(401);
		expect((await put("captions/de", VTT, "wrong")).status).toBe(401);
	});
});

describe("the poster", () => {
	it("is what its bytes say, can be replaced, and is named by the master playlist", async () => {
		expect((await get("poster")).status).toBe(404);
		expect(await textOf(await get("master.m3u8"))).not.toContain("video.crescendo.poster");
		expect((await put("poster", PNG)).status).toBe(201);
		const master = M3U8Parser.parseMasterPlaylist(await textOf(await get("master.m3u8")), ORIGIN);
		expect(master.sessionData?.["video.crescendo.poster"]?.["URI"]).toBe("poster");
		const first = await get("poster");
		expect(first.headers.get("Content-Type")).toBe("image/png");
		expect(first.headers.get("Cache-Control")).toBe("no-cache");
		expect(new Uint8Array(await first.arrayBuffer())).toEqual(PNG);
		expect((await put("poster", JPEG)).status).toBe(200);
		expect((await get("poster")).headers.get("Content-Type")).toBe("image/jpeg");
		expect((await files()).filter((key) => key.includes("/poster/"))).toHaveLength(1);
		expect(await codeOf(await put("poster", "<svg onload=alert(1)>"))).toEqual([415, "unsupported-media-type"]);
	});
});

describe("a failing store", () => {
	it("loses no captions: the same request again stores them, and nothing is listed that is not there", async () => {
		for (let target = 0; target < 4; target++) {
			for (const moment of ["before", "after"] as const) {
				const faults = new Faults((write) => (write === target ? moment : undefined));
				await faults.install(id);
				const body = `WEBVTT\n\nNOTE ${target} ${moment}\n`;
				let response = await put("captions/it", body);
				for (let attempt = 0; attempt < 3 && response.status === 503; attempt++)
					response = await put("captions/it", body);
				expect(response.status).toBeLessThan(202);
				const playlist = await textOf(await get("captions/it/playlist.m3u8"));
				const file = /^[0-9a-f]{32}\.vtt$/m.exec(playlist)?.[0] ?? "";
				expect(await textOf(await get(`captions/it/${file}`))).toBe(body);
			}
		}
	});
});

describe("an asset with captions", () => {
	it("is removed with them", async () => {
		({ id } = await createAsset(createRequest(tracks)));
		expect((await put("captions/de", VTT)).status).toBe(201);
		expect((await put("poster", JPEG)).status).toBe(201);
		expect(await files()).toHaveLength(3);
		expect((await call(`/v1/assets/${id}`, { method: "DELETE" })).status).toBe(204);
		expect(await files()).toEqual([]);
		expect((await assetStub(id).progress()).ok).toBe(false);
		expect((await put("captions/de", VTT)).status).toBe(404);
	});
});
