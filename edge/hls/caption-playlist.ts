import { durationOf, type PlaybackState } from "./playback-state.ts";
import {
	extInf,
	extM3u,
	extXEndList,
	extXMediaSequence,
	extXPlaylistType,
	extXTargetDuration,
	extXVersion,
} from "./tags.ts";

/** The media playlist of captions in one language: one WebVTT file as long as the asset. `uri` is relative to the playlist. */
export const captionPlaylist = (state: PlaybackState, uri: string): string => {
	const duration = durationOf(state);
	const lines = [
		extM3u(),
		extXVersion(8),
		extXTargetDuration(Math.max(1, Math.round(duration / 1_000_000))),
		extXMediaSequence(0),
		extXPlaylistType("VOD"),
		extInf(duration),
		uri,
		extXEndList(),
	];
	return `${lines.join("\n")}\n`;
};
