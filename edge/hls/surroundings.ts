import type { AssetDetails } from "../../protocol/asset.ts";
import type { CaptionTrack, Surroundings } from "./master-playlist.ts";
import type { PlaybackState } from "./playback-state.ts";

/** What is in force beside the tracks; see `asset/extras.ts`. `details`: undefined where they were never written down. */
export type Beside = {
	readonly extras: readonly { readonly name: string; readonly label: string }[];
	readonly details?: AssetDetails;
};

/**
 * What the master playlist names beside tracks: the title as it is now (that of the state is the one of creation), and addresses that
 * stay the same when what is there is replaced.
 */
export const surroundingsOf = (state: PlaybackState, { extras, details }: Beside) => {
	const has = (wanted: string): boolean => extras.some(({ name }) => name === wanted);
	return {
		title: details === undefined ? state.title : details.title,
		// One file of captions is for the whole of an asset: while it grows, there is no telling what they are for.
		...(state.complete && { captions: captionTracks(extras) }),
		...(has("poster") && { poster: "poster" }),
		...(has("storyboard") && { storyboard: "storyboard.vtt" }),
	} satisfies Surroundings;
};

const captionTracks = (extras: Beside["extras"]): CaptionTrack[] =>
	extras.flatMap(({ name, label }) => {
		const language = /^captions\/(.+)$/.exec(name)?.[1];
		return language === undefined ? [] : [{ language, label, uri: `captions/${language}/playlist.m3u8` }];
	});
