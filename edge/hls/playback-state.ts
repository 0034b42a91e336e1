import type { TrackJson } from "../../protocol/track.ts";
import type { PlaybackPartial } from "./playback-segment.ts";
import type { SegmentList } from "./segment-list.ts";

/** A track as playlists know it. */
export type PlaybackTrack = {
	readonly id: string;
	readonly track: TrackJson;
	readonly segments: SegmentList;
	/** Pieces of the segment after those, while it is not whole; only in low-latency assets. */
	readonly open?: readonly PlaybackPartial[];
};

/**
 * All that playlists are built from. While an asset is written its Durable Object makes one for each change of it; on completion the
 * last is frozen beside the segments (`packed-state.ts`), and the Durable Object is not asked again.
 */
export type PlaybackState = {
	readonly id: string;
	/** That of creation: what it is called now is not frozen. */
	readonly title: string | undefined;
	/** RFC 3339. */
	readonly createdAt: string;
	readonly complete: boolean;
	/** Visible size of the full picture. */
	readonly width: number;
	readonly height: number;
	/** Frames a second, nominal. */
	readonly frameRate: number;
	/** Microseconds. */
	readonly segmentTarget: number;
	/** A low-latency asset that is still written. `partialTarget`: microseconds that a piece lasts at most. */
	readonly live?: { readonly partialTarget: number };
	/** The base first; tracks that failed are left out. */
	readonly tracks: readonly PlaybackTrack[];
};

/** Bits a second of a track: of its fullest segment, and over all. */
export const bandwidthOf = (track: PlaybackTrack): { readonly peak: number; readonly average: number } => {
	let peak = 0;
	let bytes = 0;
	let duration = 0;
	for (const segment of track.segments) {
		if (segment.bytes === 0 || segment.duration <= 0) continue;
		peak = Math.max(peak, bitsPerSecond(segment.bytes, segment.duration));
		bytes += segment.bytes;
		duration += segment.duration;
	}
	return { peak, average: duration === 0 ? 0 : bitsPerSecond(bytes, duration) };
};

const bitsPerSecond = (bytes: number, microseconds: number): number => Math.ceil((bytes * 8_000_000) / microseconds);

/** Microseconds from the first to the last boundary of the base. */
export const durationOf = (state: PlaybackState): number => {
	let duration = 0;
	for (const segment of state.tracks[0]?.segments ?? []) duration += segment.duration;
	return duration;
};

/**
 * Tracks that are offered. While the asset is written all are: a client reads the list once, and a track that has nothing yet will.
 * Once it is complete, those that have something to show.
 */
export const offeredTracks = (state: PlaybackState): readonly PlaybackTrack[] =>
	state.complete ? state.tracks.filter(hasMedia) : state.tracks;

/** Whether any segment of a track is more than a gap. */
export const hasMedia = ({ segments }: { readonly segments: SegmentList }): boolean => {
	for (const { bytes } of segments) if (bytes > 0) return true;
	return false;
};
