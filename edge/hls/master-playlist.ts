import { ENHANCEMENTS_DATA_ID } from "../../protocol/enhancements.ts";
import { POSTER_DATA_ID, STORYBOARD_DATA_ID } from "../../protocol/session-data.ts";
import { bandwidthOf, type PlaybackState, offeredTracks } from "./playback-state.ts";
import {
	extM3u,
	extXIndependentSegments,
	extXMediaAudio,
	extXMediaSubtitles,
	extXSessionData,
	extXSessionText,
	extXStreamInf,
	extXVersion,
} from "./tags.ts";

/** `DATA-ID` of a title; Apple's players read it as well. */
const TITLE_DATA_ID = "com.apple.hls.title";

const AUDIO_GROUP = "audio";
const SUBTITLE_GROUP = "captions";

/** Captions of an asset in one language. */
export type CaptionTrack = {
	/** BCP 47. */
	readonly language: string;
	/** For people: the language's name. */
	readonly label: string;
	/** Media playlist, relative to the master playlist. */
	readonly uri: string;
};

/** What stands beside the tracks; addresses relative to the master playlist. */
export type Surroundings = {
	readonly title?: string | undefined;
	readonly captions?: readonly CaptionTrack[];
	readonly poster?: string;
	readonly storyboard?: string;
};

/**
 * The multivariant playlist: the base as an ordinary variant, so that every HLS player plays it. Enhancements are not variants:
 * hls.js drops codecs that it does not know and misreads the rest of the list; they stand in a JSON list that the
 * session data points to. URIs are relative to the playlist.
 * Undefined while the base or the audio has no segment: clients read this once and would miss what it leaves out.
 */
export const masterPlaylist = (state: PlaybackState, surroundings: Surroundings = {}): string | undefined => {
	const { title, captions = [], poster, storyboard } = surroundings;
	const tracks = offeredTracks(state);
	const base = tracks.find(({ track }) => track.kind === "base");
	if (base?.track.kind !== "base") return undefined;
	const audio = tracks.find(({ track }) => track.kind === "audio");
	if ([base, ...(audio === undefined ? [] : [audio])].some(({ segments }) => segments.length === 0)) return undefined;
	const bandwidths = [base, ...(audio === undefined ? [] : [audio])].map(bandwidthOf);
	const lines = [extM3u(), extXVersion(8), extXIndependentSegments()];
	if (tracks.some(({ track }) => track.kind === "enhancement")) {
		lines.push(extXSessionData(ENHANCEMENTS_DATA_ID, "enhancements.json"));
	}
	if (title !== undefined) lines.push(extXSessionText(TITLE_DATA_ID, title));
	if (poster !== undefined) lines.push(extXSessionData(POSTER_DATA_ID, poster, "RAW"));
	if (storyboard !== undefined) lines.push(extXSessionData(STORYBOARD_DATA_ID, storyboard, "RAW"));
	if (audio?.track.kind === "audio") {
		const { channels } = audio.track;
		lines.push(extXMediaAudio({ groupId: AUDIO_GROUP, name: "Audio", channels, uri: playlistUri(audio.id) }));
	}
	for (const { language, label, uri } of captions) {
		lines.push(extXMediaSubtitles({ groupId: SUBTITLE_GROUP, name: label, language, uri }));
	}
	lines.push(
		extXStreamInf({
			bandwidth: bandwidths.reduce((sum, { peak }) => sum + peak, 0),
			averageBandwidth: bandwidths.reduce((sum, { average }) => sum + average, 0),
			codecs: [base.track.codec, ...(audio === undefined ? [] : [audio.track.codec])],
			width: base.track.width,
			height: base.track.height,
			frameRate: state.frameRate,
			audio: audio === undefined ? undefined : AUDIO_GROUP,
			subtitles: captions.length === 0 ? undefined : SUBTITLE_GROUP,
			uri: playlistUri(base.id),
		}),
	);
	return `${lines.join("\n")}\n`;
};

/** A track's media playlist, relative to the master playlist and to the list of enhancements. */
export const playlistUri = (trackId: string): string => `tracks/${trackId}/playlist.m3u8`;
