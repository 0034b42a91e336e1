import { M3U8Parser } from "hls.js";
import { beforeAll, describe, expect, it } from "vitest";
import { call, createAsset, migrate, ORIGIN, putPart, split, uploadAll } from "./testing/edge-client.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";

beforeAll(migrate);

const tracks = clipTracks({ frames: 150 });

describe("an upload from creation to playback", () => {
	it("answers what is there and what is missing, and plays once complete", async () => {
		const asset = await createAsset(createRequest(tracks));
		expect(asset.state).toBe("uploading");
		expect(asset.tracks.map(({ id, next }) => [id, next])).toEqual([
			["base", 0],
			["e40", 0],
			["audio", 0],
		]);
		expect(asset.tracks[0]?.partsUrl).toBe(`${ORIGIN}/v1/assets/${asset.id}/tracks/base/parts/`);
		const parts = split(tracks[0]?.samples ?? [], 40);
		const late = await putPart(asset.id, "base", 2, parts[2] ?? []);
		expect(late.status).toBe(201);
		expect(await late.json()).toMatchObject({ track: { next: 0, ahead: [2], missing: [0, 1] } });
	});

	it("plays with hls.js's parser", async () => {
		const id = await uploadAll(tracks);
		const response = await call(`/v1/assets/${id}/master.m3u8`, { token: "" });
		expect(response.status).toBe(200);
		const url = `${ORIGIN}/v1/assets/${id}/master.m3u8`;
		const text = await response.text();
		const master = M3U8Parser.parseMasterPlaylist(text, url);
		expect(master.playlistParsingError).toBeNull();
		expect(master.levels).toHaveLength(1);
		expect(master.sessionData?.["dev.crescendo.enhancements"]).toBeDefined();
	});
});
