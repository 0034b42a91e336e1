import { M3U8Parser, type PlaylistLevelType } from "hls.js";
import { describe, expect, it } from "vitest";
import { parseEnhancementList } from "../../protocol/enhancements.ts";
import { trackToJson } from "../../protocol/track.ts";
import { audioTrack, baseTrack, enhancementTrack } from "../testing/fixture-media.ts";
import { enhancementList } from "./enhancement-list.ts";
import { packState, unpackState } from "./packed-state.ts";
import { masterPlaylist } from "./master-playlist.ts";
import { mediaPlaylist, targetSeconds } from "./media-playlist.ts";
import type { PlaybackSegment } from "./playback-segment.ts";
import type { PlaybackState, PlaybackTrack } from "./playback-state.ts";
import { SegmentTable } from "./segment-list.ts";
import { extXSessionData } from "./tags.ts";

const URL_OF_MASTER = "https://edge.test/v1/assets/x/master.m3u8";

const segments = (bytes: readonly number[], seconds = 2): PlaybackSegment[] =>
	bytes.map((size) => ({ duration: seconds * 1_000_000, bytes: size, samples: 50 }));

const state = (over: Partial<PlaybackState> = {}): PlaybackState => ({
	id: "x",
	title: "Title",
	createdAt: "2026-11-22T00:00:00.000Z",
	complete: true,
	width: 640,
	height: 360,
	frameRate: 25,
	segmentTarget: 2_000_000,
	tracks: [
		{ id: "base", track: trackToJson("base", baseTrack), segments: segments([10_000, 20_000, 15_000]) },
		{ id: "audio", track: trackToJson("audio", audioTrack), segments: segments([4000, 4000, 4000]) },
		{ id: "e40", track: trackToJson("e40", enhancementTrack(40)), segments: segments([40_000, 50_000, 45_000]) },
	],
	...over,
});

const parseMedia = (text: string) => {
	const type = "main" as PlaylistLevelType;
	return M3U8Parser.parseLevelPlaylist(
		text,
		"https://edge.test/v1/assets/x/tracks/base/playlist.m3u8",
		0,
		type,
		0,
		null,
	);
};

const trackAt = (playback: PlaybackState, index: number): PlaybackTrack => {
	const track = playback.tracks[index];
	if (track === undefined) throw new Error("No such track");
	return track;
};

describe("masterPlaylist", () => {
	it("has one ordinary variant, audio, and the enhancements as session data", () => {
		const text = masterPlaylist(state()) ?? "";
		const parsed = M3U8Parser.parseMasterPlaylist(text, URL_OF_MASTER);
		expect(parsed.playlistParsingError).toBeNull();
		expect(parsed.levels).toHaveLength(1);
		expect(parsed.levels[0]).toMatchObject({
			url: "https://edge.test/v1/assets/x/tracks/base/playlist.m3u8",
			width: 160,
			height: 90,
			videoCodec: "avc1.42c01e",
			audioCodec: "mp4a.40.2",
			bitrate: 96_000,
		});
		expect(parsed.levels[0]?.attrs.decimalInteger("BANDWIDTH")).toBe(96_000);
		expect(parsed.levels[0]?.attrs["FRAME-RATE"]).toBe("25.000");
		expect(parsed.sessionData?.["dev.crescendo.enhancements"]?.URI).toBe("enhancements.json");
		const media = M3U8Parser.parseMasterPlaylistMedia(text, URL_OF_MASTER, parsed);
		expect(media.AUDIO).toHaveLength(1);
		expect(media.AUDIO?.[0]?.url).toBe("https://edge.test/v1/assets/x/tracks/audio/playlist.m3u8");
	});

	it("says what the asset is called, whatever is in the name", () => {
		const text = masterPlaylist(state(), { title: 'A "quoted" name\nof two lines' }) ?? "";
		const { sessionData } = M3U8Parser.parseMasterPlaylist(text, URL_OF_MASTER);
		expect(sessionData?.["com.apple.hls.title"]?.["VALUE"]).toBe("A ″quoted″ name of two lines");
	});

	it("says where poster and storyboard are, where there are any", () => {
		const text = masterPlaylist(state(), { poster: "poster", storyboard: "storyboard.vtt" }) ?? "";
		const parsed = M3U8Parser.parseMasterPlaylist(text, URL_OF_MASTER);
		expect(parsed.playlistParsingError).toBeNull();
		expect(parsed.sessionData?.["video.crescendo.poster"]).toMatchObject({ URI: "poster", FORMAT: "RAW" });
		expect(parsed.sessionData?.["video.crescendo.storyboard"]).toMatchObject({ URI: "storyboard.vtt" });
		expect(masterPlaylist(state())).not.toMatch(/video\.crescendo/);
	});

	it("says nothing of audio or enhancements where there are none", () => {
		const [base] = state().tracks;
		const text = masterPlaylist(state({ tracks: base === undefined ? [] : [base] })) ?? "";
		expect(text).not.toMatch(/AUDIO|enhancements/);
		expect(M3U8Parser.parseMasterPlaylist(text, URL_OF_MASTER).levels).toHaveLength(1);
	});

	it("waits for the first segment of base and audio", () => {
		const { tracks } = state();
		for (const id of ["base", "audio"]) {
			const waiting = tracks.map((track) => (track.id === id ? { ...track, segments: [] } : track));
			expect(masterPlaylist(state({ complete: false, tracks: waiting }))).toBeUndefined();
		}
	});
});

describe("mediaPlaylist", () => {
	it("is VOD once the asset is complete", () => {
		const details = parseMedia(mediaPlaylist(state(), trackAt(state(), 0)));
		expect(details.playlistParsingError).toBeNull();
		expect(details).toMatchObject({ live: false, type: "VOD", targetduration: 2, totalduration: 6, startSN: 0 });
		expect(details.fragments.map(({ url }) => url)).toEqual(
			[0, 1, 2].map((number) => `https://edge.test/v1/assets/x/tracks/base/segments/${number}.m4s`),
		);
		expect(details.fragments[0]?.initSegment?.url).toBe("https://edge.test/v1/assets/x/tracks/base/init.mp4");
	});

	it("is EVENT and open before", () => {
		const live = state({ complete: false });
		const details = parseMedia(mediaPlaylist(live, trackAt(live, 0)));
		expect(details).toMatchObject({ live: true, type: "EVENT" });
		expect(details.fragments).toHaveLength(3);
	});

	it("has a target duration that no segment rounds over", () => {
		const track = { ...trackAt(state(), 0), segments: segments([1000, 1000], 3.6) };
		const playback = state({ tracks: [track] });
		expect(mediaPlaylist(playback, track)).toContain("#EXT-X-TARGETDURATION:4\n");
	});

	it("knows it for each of the requests that wait without walking hours of segments", () => {
		const table = new SegmentTable();
		for (const segment of [...segments([1, 2], 2), ...segments([3], 5), ...segments([4], 1)]) table.push(segment);
		table[Symbol.iterator] = () => {
			throw new Error("walked");
		};
		const tracks = state().tracks.map((track) => ({ ...track, segments: table }));
		expect(targetSeconds(state({ tracks }))).toBe(5);
	});

	it("marks a gap in the middle and drops gaps at the end", () => {
		const track = { ...trackAt(state(), 1), segments: segments([1000, 0, 1000, 0]) };
		const details = parseMedia(mediaPlaylist(state({ tracks: [track] }), track));
		expect(details.fragments.map(({ gap }) => gap === true)).toEqual([false, true, false]);
	});
});

describe("enhancementList", () => {
	it("lists what the player needs", () => {
		const list = parseEnhancementList(JSON.parse(JSON.stringify(enhancementList(state()))));
		expect(list?.enhancements).toEqual([
			{
				id: "e40",
				width: 640,
				height: 360,
				q: 40,
				bandwidth: 200_000,
				modelId: "00112233445566778899aabbccddeeff",
				codec: "sve1.01",
				uri: "tracks/e40/playlist.m3u8",
			},
		]);
	});

	it("leaves out an enhancement without a segment in a complete asset", () => {
		const tracks = state().tracks.map((track) =>
			track.id === "e40" ? { ...track, segments: segments([0, 0]) } : track,
		);
		expect(enhancementList(state({ tracks })).enhancements).toEqual([]);
	});
});

describe("tags", () => {
	it("refuse what a quoted string cannot hold", () => {
		expect(() => extXSessionData('a"b', "x")).toThrow(RangeError);
		expect(() => extXSessionData("a\nb", "x")).toThrow(RangeError);
	});
});

describe("packed states", () => {
	const uneven: PlaybackSegment[] = [
		{ duration: 2_000_000, bytes: 10, samples: 50 },
		{ duration: 2_000_000, bytes: 0, samples: 0 },
		{ duration: 2_002_000, bytes: 2 ** 31 + 1, samples: 50 },
		{ duration: 2_000_000, bytes: 12, samples: 7 },
	];
	const segmentsOf = ({ tracks }: PlaybackState) =>
		tracks.map((track) => ({ ...track, segments: [...track.segments] }));

	it("come back as they were, through JSON", () => {
		const before = state({ tracks: state().tracks.map((track) => ({ ...track, segments: uneven })) });
		const after = unpackState(JSON.parse(JSON.stringify(packState(before))));
		expect({ ...after, tracks: segmentsOf(after) }).toEqual({ ...before, tracks: segmentsOf(before) });
		expect(after.tracks[0]?.segments.at(-1)).toEqual(uneven[3]);
		expect(after.tracks[0]?.segments.at(4)).toBeUndefined();
		for (const track of after.tracks) expect(mediaPlaylist(after, track)).toBe(mediaPlaylist(before, track));
		expect(masterPlaylist(after)).toBe(masterPlaylist(before));
	});

	it("are read in their first version too", () => {
		const first = JSON.parse(JSON.stringify({ ...state(), version: 1 }));
		expect(unpackState(first)).toEqual(state());
	});

	it("are small however long the video", () => {
		const twelveHours = segments(Array.from({ length: 21_600 }, (_, number) => 500_000 + (number % 977)));
		const packed = JSON.stringify(
			packState(state({ tracks: [{ ...trackAt(state(), 0), segments: twelveHours }] })),
		);
		expect(packed.length).toBeLessThan(160_000);
	});
});
