import type { Enhancement, EnhancementList } from "../../protocol/enhancements.ts";
import { playlistUri } from "./master-playlist.ts";
import { bandwidthOf, type PlaybackState, offeredTracks } from "./playback-state.ts";

/** The document that the session data of the master playlist points to. */
export const enhancementList = (state: PlaybackState): EnhancementList => ({
	enhancements: offeredTracks(state).flatMap((playback): Enhancement[] => {
		const { id, track } = playback;
		if (track.kind !== "enhancement") return [];
		const { width, height, q, modelId, codec } = track;
		return [{ id, width, height, q, bandwidth: bandwidthOf(playback).peak, modelId, codec, uri: playlistUri(id) }];
	}),
});
