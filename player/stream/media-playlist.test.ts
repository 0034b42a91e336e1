import { M3U8Parser } from "hls.js";
import { describe, expect, it } from "vitest";
import { readMediaPlaylist } from "./media-playlist.ts";

const URL = "https://edge.test/p/token/v1/assets/a/tracks/e30/playlist.m3u8";
const playlist = (...lines: string[]) =>
	["#EXTM3U", "#EXT-X-VERSION:8", "#EXT-X-TARGETDURATION:2", ...lines, ""].join("\n");
const read = (...lines: string[]) => readMediaPlaylist(M3U8Parser, playlist(...lines), URL);
const MAP = '#EXT-X-MAP:URI="init.mp4"';

describe("media playlist of an enhancement", () => {
	it("gives segments with their places and absolute addresses, under the playlist's own path", () => {
		const { segments, complete, targetDuration } = read(
			"#EXT-X-MEDIA-SEQUENCE:3",
			MAP,
			"#EXTINF:2,",
			"segments/3.m4s",
			"#EXTINF:1.5,",
			"segments/4.m4s",
			"#EXT-X-ENDLIST",
		);
		expect({ complete, targetDuration }).toEqual({ complete: true, targetDuration: 2 });
		expect(segments.map(({ sequence, start, duration }) => [sequence, start, duration])).toEqual([
			[3, 0, 2],
			[4, 2, 1.5],
		]);
		expect(segments[0]?.media).toEqual({ url: URL.replace("playlist.m3u8", "segments/3.m4s"), range: undefined });
		expect(segments[1]?.init.url).toBe(URL.replace("playlist.m3u8", "init.mp4"));
	});

	it("is not complete without an end", () => {
		expect(read("#EXT-X-PLAYLIST-TYPE:EVENT", MAP, "#EXTINF:2,", "0.m4s").complete).toBe(false);
	});

	it("reads byte ranges, of media and of the init segment", () => {
		const { segments } = read(
			'#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@0"',
			"#EXTINF:2,",
			"#EXT-X-BYTERANGE:1000@700",
			"all.mp4",
			"#EXTINF:2,",
			"#EXT-X-BYTERANGE:500",
			"all.mp4",
			"#EXT-X-ENDLIST",
		);
		expect(segments.map(({ media, init }) => [media.range, init.range])).toEqual([
			[
				[700, 1700],
				[0, 700],
			],
			[
				[1700, 2200],
				[0, 700],
			],
		]);
	});

	it("says how far it is listed, gaps at its end included", () => {
		const { segments, end } = read(
			"#EXT-X-MEDIA-SEQUENCE:3",
			MAP,
			"#EXTINF:2,",
			"3.m4s",
			"#EXT-X-GAP",
			"#EXTINF:2,",
			"4.m4s",
		);
		expect([segments.map(({ sequence }) => sequence), end]).toEqual([[3], 5]);
		expect(read("#EXT-X-MEDIA-SEQUENCE:3", MAP).end).toBe(3);
	});

	it("leaves gaps out and keeps the places of what follows", () => {
		const { segments } = read(
			MAP,
			"#EXTINF:2,",
			"0.m4s",
			"#EXT-X-GAP",
			"#EXTINF:2,",
			"1.m4s",
			"#EXTINF:2,",
			"2.m4s",
			"#EXT-X-ENDLIST",
		);
		expect(segments.map(({ sequence, start }) => [sequence, start])).toEqual([
			[0, 0],
			[2, 4],
		]);
	});

	it.each([
		["text that is no playlist", "<html>"],
		["a multivariant playlist", playlist('#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42c01e"', "a.m3u8")],
		["segments without an init segment", playlist("#EXTINF:2,", "0.m4s", "#EXT-X-ENDLIST")],
		["segments of no length", playlist(MAP, "#EXTINF:0,", "0.m4s", "#EXT-X-ENDLIST")],
		["addresses that are not on http", playlist(MAP, "#EXTINF:2,", "file:///etc/passwd", "#EXT-X-ENDLIST")],
	])("refuses %s with a typed error", (_, text) => {
		expect(() => readMediaPlaylist(M3U8Parser, text, URL)).toThrow(
			expect.objectContaining({ code: "invalid-file" }),
		);
	});
});
