import type { AssetResponse, TrackProgress } from "../../protocol/asset.ts";
import { hasMedia, type PlaybackState, type PlaybackTrack } from "../hls/playback-state.ts";
import type { CatalogueAsset } from "../catalogue/assets.ts";
import type { StoredAsset } from "./stored-asset.ts";
import type { AssetSettings } from "./settings.ts";
import { openPartials } from "./open-segment.ts";
import { type AssetState, baseOf, missingParts, type TrackState } from "./state.ts";

/** Most part numbers in one list of an answer: an answer stays small however strange the upload. */
const LISTED_PARTS = 1000;

/** A track's progress without its address, which the Worker knows. */
export type BareProgress = Omit<TrackProgress, "partsUrl">;

/** An asset's answer without addresses, which the Worker knows. */
export type BareAsset = Omit<AssetResponse, "tracks" | "urls"> & { readonly tracks: readonly BareProgress[] };

/** What the asset has of a track. */
export const trackProgress = (track: TrackState): BareProgress => ({
	id: track.id,
	next: track.contiguous,
	ahead: [...track.parts.keys()]
		.filter((number) => number > track.contiguous)
		.toSorted(ascending)
		.slice(0, LISTED_PARTS),
	missing: missingParts(track, LISTED_PARTS),
	...(track.failure !== undefined && { failure: track.failure }),
});

/** The asset as the interface tells it; complete only when nothing is left to write. */
export const assetProgress = ({ settings, state, details }: StoredAsset): BareAsset => ({
	...details,
	id: settings.id,
	state: state.phase === "ready" ? "complete" : "uploading",
	createdAt: new Date(settings.createdAt).toISOString(),
	tracks: state.tracks.map(trackProgress),
});

/** What playlists are built from. Tracks that failed are left out. */
export const playbackState = (settings: AssetSettings, state: AssetState, complete: boolean): PlaybackState => {
	const { width, height, frameRate, title, tracks } = settings.request;
	const live = !complete && state.partialTarget !== undefined;
	const listed = state.tracks.flatMap((tracked) => {
		const { id, failure, segments } = tracked;
		const track = tracks.find((candidate) => candidate.id === id);
		if (track === undefined || failure !== undefined) return [];
		return [{ id, track, segments, ...(live && { open: openPartials(state, tracked).map(({ cut }) => cut) }) }];
	});
	return {
		id: settings.id,
		title,
		createdAt: new Date(settings.createdAt).toISOString(),
		complete,
		width,
		height,
		frameRate,
		segmentTarget: state.segmentTarget,
		...(live && { live: { partialTarget: longestPartial(state, listed) } }),
		tracks: listed,
	};
};

/** What is declared, unless single samples last longer, or have: no piece may last longer than the playlist says. */
const longestPartial = (
	{ partialTarget = 0, longestPartial: longest }: AssetState,
	tracks: readonly Pick<PlaybackTrack, "open">[],
): number => {
	const open = tracks.flatMap((track) => track.open ?? []).map(({ duration }) => duration);
	return Math.max(partialTarget, longest, ...open);
};

/** The asset's row in the catalogue. */
export const catalogueAsset = ({ settings, state, details }: StoredAsset): CatalogueAsset => {
	const { width, height } = settings.request;
	let [duration, bytes] = [0, 0];
	for (const segment of baseOf(state).segments) duration += segment.duration;
	for (const { initBytes = 0, segments } of state.tracks) {
		bytes += initBytes;
		for (const segment of segments) bytes += segment.bytes;
	}
	return {
		id: settings.id,
		title: details.title,
		description: details.description,
		metadata: details.metadata,
		state: state.phase === "ready" ? "complete" : "uploading",
		access: settings.access,
		createdAt: settings.createdAt,
		width,
		height,
		duration,
		bytes,
		enhancements: state.tracks.filter(
			(track) => track.kind === "enhancement" && track.failure === undefined && hasMedia(track),
		).length,
	};
};

const ascending = (left: number, right: number): number => left - right;
