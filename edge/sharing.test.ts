import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { findCopy, findText, keepText, type SharedText } from "./http/object-cache.ts";
import { call, createAsset, migrate, ORIGIN, putPart, uploadAll } from "./testing/edge-client.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";
import app, { AssetObject } from "./worker.ts";

const tracks = clipTracks({ frames: 75 });
const bodyOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

beforeAll(migrate);

describe("copies in the cache", () => {
	it("have the bytes and headers of what they are copies of, and are found only after the check of access", async () => {
		const secret = await uploadAll(tracks, 40, undefined, { access: "signed" });
		const { token } = await (
			await call(`/v1/assets/${secret}/playback-tokens`, { method: "POST", json: {} })
		).json<{ token: string }>();
		const file = `/v1/assets/${secret}/tracks/e40/segments/0.m4s`;
		const first = await call(`/p/${token}${file}`, { token: "" });
		const firstBytes = await bodyOf(first);
		await expect.poll(async () => (await findCopy(`assets/${secret}/e40/0.m4s`))?.status).toBe(200);
		const second = await call(`/p/${token}${file}`, { token: "" });
		expect(await bodyOf(second)).toEqual(firstBytes);
		expect(Object.fromEntries(second.headers)).toEqual(Object.fromEntries(first.headers));
		expect(second.headers.get("Cache-Control")).toBe("private, max-age=31536000, immutable");
		expect((await call(file, { token: "" })).status).toBe(401);
		expect((await call(`/p/${token}x${file}`, { token: "" })).status).toBe(401);
		expect((await call(`/v1/assets/${secret}`, { method: "DELETE" })).status).toBe(204);
	});

	it("are gone with the asset", async () => {
		const gone = await uploadAll(tracks);
		const keys = (await env.MEDIA.list({ prefix: `assets/${gone}/` })).objects.map(({ key }) => key);
		const files = [
			"tracks/base/init.mp4",
			"tracks/base/segments/0.m4s",
			"tracks/e40/segments/1.m4s",
			"master.m3u8",
		];
		for (const file of files) await (await call(`/v1/assets/${gone}/${file}`, { token: "" })).arrayBuffer();
		// That of the state is there for ten seconds only.
		for (const key of ["state.json", "base/0.m4s"]) {
			await expect.poll(async () => (await findCopy(`assets/${gone}/${key}`))?.status).toBe(200);
		}
		expect((await call(`/v1/assets/${gone}`, { method: "DELETE" })).status).toBe(204);
		expect(keys.length).toBeGreaterThan(6);
		for (const key of keys) expect(await findCopy(key)).toBeUndefined();
		for (const file of files) expect((await call(`/v1/assets/${gone}/${file}`, { token: "" })).status).toBe(404);
	});
});

/** Asks the Worker where texts are shared. It resolves when all is kept that is to be kept of the answer. */
const askShared = async (path: string) => {
	const context = createExecutionContext();
	const limits = { ...env, CRESCENDO_LIMITS: '{"playlistSeconds":10}' };
	const response = await app.fetch(new Request(ORIGIN + path), limits, context);
	const text = new TextDecoder().decode(await bodyOf(response));
	await waitOnExecutionContext(context);
	return { status: response.status, retryAfter: response.headers.get("Retry-After"), text };
};

/** Keeps a text that is shared for longer than any limit lets it be: a test may take its time. */
const keepLonger = async (key: string): Promise<SharedText> => {
	const kept = await findText(key);
	if (kept === undefined) throw new Error(`${key} is not kept.`);
	await keepText(key, kept, 600);
	return kept;
};

describe("the playlist of an asset that is still written", () => {
	it("is the same for all who ask within a second, after the check of access", async () => {
		const { id: growing } = await createAsset(createRequest(tracks, { access: "signed" }));
		const { token } = await (
			await call(`/v1/assets/${growing}/playback-tokens`, { method: "POST", json: {} })
		).json<{ token: string }>();
		const base = tracks[0]?.samples ?? [];
		await putPart(growing, "base", 0, base.slice(0, 60));
		const ask = (prefix: string) => askShared(`${prefix}/v1/assets/${growing}/tracks/base/playlist.m3u8`);
		const { text: first } = await ask(`/p/${token}`);
		expect(await keepLonger(`playlists/${growing}/tracks/base`)).toEqual({ text: first, complete: false });
		await putPart(growing, "base", 1, base.slice(60));
		expect(await ask(`/p/${token}`)).toMatchObject({ status: 200, text: first });
		expect((await ask("")).status).toBe(401);
		expect((await call(`/v1/assets/${growing}`, { method: "DELETE" })).status).toBe(204);
	});

	it.each(["master.m3u8", "enhancements.json"])(
		"has a %s that is shared so as well, and so is that there is none yet",
		async (file) => {
			const { id: coming } = await createAsset(createRequest(tracks));
			const atAsset = vi.spyOn(AssetObject.prototype, "index");
			const ask = () => askShared(`/v1/assets/${coming}/${file}`);
			try {
				const first = await ask();
				const none =
					file === "master.m3u8" ? { status: 404, retryAfter: "1" } : { status: 200, retryAfter: null };
				expect(first).toMatchObject(none);
				await keepLonger(`playlists/${coming}/index/${file.split(".")[0]}`);
				for (const viewer of [2, 3]) expect([viewer, await ask()]).toEqual([viewer, first]);
				expect(atAsset).toHaveBeenCalledTimes(1);
			} finally {
				atAsset.mockRestore();
			}
			expect((await call(`/v1/assets/${coming}`, { method: "DELETE" })).status).toBe(204);
		},
	);
});
