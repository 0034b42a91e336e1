import type { PlaybackState, PlaybackTrack } from "./playback-state.ts";
import {
	extInf,
	extM3u,
	extXEndList,
	extXGap,
	extXIndependentSegments,
	extXMap,
	extXMediaSequence,
	extXPlaylistType,
	extXTargetDuration,
	extXVersion,
} from "./tags.ts";

/**
 * The media playlist of one track, from the state: EVENT with what is there while the asset is written, VOD once it is
 * complete. URIs are relative to the playlist, so that a signed prefix of the path is kept.
 */
export const mediaPlaylist = (state: PlaybackState, track: PlaybackTrack): string => {
	// A gap at the end is not announced: the track has simply no more.
	const length = state.complete
		? track.segments.findLastIndex((segment) => segment.bytes > 0) + 1
		: track.segments.length;
	const lines = [
		extM3u(),
		// Version 8 for EXT-X-GAP; 7 would do for EXT-X-MAP.
		extXVersion(8),
		extXTargetDuration(targetSeconds(state)),
		extXMediaSequence(0),
		extXPlaylistType(state.complete ? "VOD" : "EVENT"),
		extXIndependentSegments(),
		extXMap("init.mp4"),
	];
	for (const [number, segment] of track.segments.slice(0, length).entries()) {
		if (segment.bytes === 0) lines.push(extXGap());
		lines.push(extInf(segment.duration), `segments/${number}.m4s`);
	}
	if (state.complete) lines.push(extXEndList());
	return `${lines.join("\n")}\n`;
};

/**
 * RFC 8216, 4.3.3.1: "The EXTINF duration of each Media Segment in the Playlist file, when rounded to the nearest integer, MUST
 * be less than or equal to the target duration". One value for all tracks of an asset. While the asset is written it is
 * what the client declared, and grows only if the client's groups of pictures turn out longer.
 */
export const targetSeconds = (state: PlaybackState): number => {
	let longest = state.segmentTarget;
	for (const track of state.tracks) {
		for (const segment of track.segments) longest = Math.max(longest, segment.duration);
	}
	return Math.max(1, Math.round(longest / 1_000_000));
};
