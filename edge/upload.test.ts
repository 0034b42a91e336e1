import { M3U8Parser, type PlaylistLevelType } from "hls.js";
import { BufferSource, EncodedPacketSink, Input, MP4 } from "mediabunny";
import { beforeAll, describe, expect, it } from "vitest";
import { readMediaSegment } from "../codec/mp4/fragment-reader.ts";
import { readInitSegment } from "../codec/mp4/init-reader.ts";
import { concatenate } from "../codec/mp4/box.ts";
import { parseEnhancementList } from "../protocol/enhancements.ts";
import { call, createAsset, migrate, ORIGIN, putPart, split, uploadAll } from "./testing/edge-client.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";

const tracks = clipTracks({ frames: 130 });

const fetchBytes = async (url: string): Promise<Uint8Array<ArrayBuffer>> => {
	const response = await call(url, { token: "" });
	if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
	return new Uint8Array(await response.arrayBuffer());
};
const fetchText = async (url: string) => new TextDecoder().decode(await fetchBytes(url));

/** Init and media segments of a track, as a player finds them from its playlist. */
const fetchTrack = async (playlistUrl: string) => {
	const text = await fetchText(playlistUrl);
	const details = M3U8Parser.parseLevelPlaylist(text, playlistUrl, 0, "main" as PlaylistLevelType, 0, null);
	expect(details.playlistParsingError).toBeNull();
	const init = await fetchBytes(details.fragments[0]?.initSegment?.url ?? "");
	const segments = await Promise.all(details.fragments.map(({ url }) => fetchBytes(url)));
	return { init, segments, durations: details.fragments.map(({ duration }) => duration) };
};

/** Playlists of all tracks, from the master playlist on. */
const findPlaylists = async (id: string) => {
	const url = `${ORIGIN}/v1/assets/${id}/master.m3u8`;
	const text = await fetchText(url);
	const master = M3U8Parser.parseMasterPlaylist(text, url);
	const media = M3U8Parser.parseMasterPlaylistMedia(text, url, master);
	const data = master.sessionData?.["dev.crescendo.enhancements"];
	const listUrl = new URL(data?.URI ?? "", url).href;
	const list = parseEnhancementList(JSON.parse(await fetchText(listUrl)));
	const enhancement = new URL(list?.enhancements[0]?.uri ?? "", listUrl).href;
	return { base: master.levels[0]?.url ?? "", e40: enhancement, audio: media.AUDIO?.[0]?.url ?? "" };
};

beforeAll(migrate);

describe("an upload", () => {
	it("is told what is there, what is missing and where parts go", async () => {
		const asset = await createAsset(createRequest(tracks));
		expect(asset).toMatchObject({
			state: "uploading",
			createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
			urls: { master: `${ORIGIN}/v1/assets/${asset.id}/master.m3u8`, watch: `${ORIGIN}/watch/${asset.id}` },
		});
		expect(asset.tracks).toEqual(
			tracks.map(({ id }) => ({
				id,
				next: 0,
				ahead: [],
				missing: [],
				partsUrl: `${ORIGIN}/v1/assets/${asset.id}/tracks/${id}/parts/`,
			})),
		);
		const late = await putPart(asset.id, "base", 2, split(tracks[0]?.samples ?? [], 40)[2] ?? []);
		expect(late.status).toBe(201);
		expect(await late.json()).toMatchObject({ track: { id: "base", next: 0, ahead: [2], missing: [0, 1] } });
	});

	it("comes back from the playlists sample by sample", async () => {
		const playlists = await findPlaylists(await uploadAll(tracks, 33));
		for (const { id, samples, track } of tracks) {
			const { init, segments, durations } = await fetchTrack(playlists[id as keyof typeof playlists]);
			expect(durations).toHaveLength(3);
			const read = readInitSegment(init);
			expect(read.tracks.map((entry) => entry.track)).toEqual([track]);
			const back = segments.flatMap((segment) =>
				readMediaSegment(segment, read.tracks).flatMap((part) => part.samples),
			);
			expect(back.map(({ data, timestamp, sync }) => ({ data, timestamp, sync }))).toEqual(
				samples.map(({ data, timestamp, sync }) => ({ data, timestamp, sync })),
			);
		}
	});

	it("is read by mediabunny as well: base and audio as what they are, the enhancement as packets", async () => {
		const playlists = await findPlaylists(await uploadAll(tracks, 50));
		for (const { id, samples } of tracks) {
			const { init, segments } = await fetchTrack(playlists[id as keyof typeof playlists]);
			const input = new Input({ source: new BufferSource(concatenate([init, ...segments])), formats: [MP4] });
			const [track] = await input.getTracks();
			if (track === undefined) throw new Error("mediabunny finds no track");
			const sizes: number[] = [];
			for await (const packet of new EncodedPacketSink(track).packets()) sizes.push(packet.byteLength);
			expect(sizes).toEqual(samples.map(({ data }) => data.length));
		}
	});
});
