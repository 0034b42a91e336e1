import { Lines } from "./lines.ts";
import type { PlaybackState, PlaybackTrack } from "./playback-state.ts";
import type { SegmentList } from "./segment-list.ts";
import {
	extInf,
	extM3u,
	extXEndList,
	extXGap,
	extXIndependentSegments,
	extXMap,
	extXMediaSequence,
	extXPart,
	extXPartInf,
	extXPlaylistType,
	extXPreloadHint,
	extXProgramDateTime,
	extXRenditionReport,
	extXServerControl,
	extXSkip,
	extXTargetDuration,
	extXVersion,
} from "./tags.ts";

/** Segments that a client is told to stay behind the end of a playlist, in target durations, before it may skip what it knows. */
const SKIP_TARGETS = 6;

/** Pieces that a low-latency player stays behind the end; RFC 8216bis, 4.4.3.8: at least twice, better three times the target. */
const HOLD_BACK_PARTIALS = 3;

/**
 * The media playlist of one track, from the state: EVENT with what is there while the asset is written, VOD once it is
 * complete. URIs are relative to the playlist, so that a signed prefix of the path is kept.
 *
 * A low-latency asset that is still written has the pieces of its latest segments too, takes blocking requests, and with `skip`
 * leaves out what a client that asks for a delta update has (RFC 8216bis, 6.2.5.1).
 */
export const mediaPlaylist = (state: PlaybackState, track: PlaybackTrack, options: { skip?: boolean } = {}): string => {
	const live = state.complete ? undefined : state.live;
	const target = targetSeconds(state);
	// A gap at the end is not announced: the track has simply no more.
	let { length } = track.segments;
	while (state.complete && length > 0 && track.segments.at(length - 1)?.bytes === 0) length -= 1;
	const skipped = live !== undefined && options.skip === true ? skippableSegments(track, target) : 0;
	const lines = new Lines();
	lines.push(
		extM3u(),
		// Version 9 for EXT-X-SKIP, 8 for EXT-X-GAP; 7 would do for EXT-X-MAP.
		extXVersion(skipped > 0 ? 9 : 8),
		extXTargetDuration(target),
		...(live === undefined ? [] : liveTags(live.partialTarget, target)),
		extXMediaSequence(0),
		extXPlaylistType(state.complete ? "VOD" : "EVENT"),
		extXIndependentSegments(),
		...(skipped > 0 ? [extXSkip(skipped)] : []),
		extXMap("init.mp4"),
	);
	if (live !== undefined)
		lines.push(extXProgramDateTime(Date.parse(state.createdAt) + startOf(track, skipped) / 1000));
	for (let number = skipped; number < length; number++) {
		const segment = track.segments.at(number);
		if (segment === undefined) break;
		if (live !== undefined) lines.push(...partials(number, segment.partials ?? []));
		if (segment.bytes === 0) lines.push(extXGap());
		lines.push(extInf(segment.duration), `segments/${number}.m4s`);
	}
	if (live !== undefined) lines.push(...openEnd(state, track));
	if (state.complete) lines.push(extXEndList());
	return lines.toString();
};

const liveTags = (partialTarget: number, target: number): string[] => [
	extXServerControl({ partHoldBack: HOLD_BACK_PARTIALS * partialTarget, canSkipUntil: SKIP_TARGETS * target }),
	extXPartInf(partialTarget),
];

/** The pieces of the segment that is not closed, the one that comes next, and how far the other tracks are. */
const openEnd = (state: PlaybackState, track: PlaybackTrack): string[] => {
	const number = track.segments.length;
	const open = track.open ?? [];
	// A segment that is about as long as it should be is over with the next sample, and the piece after it begins the next.
	const length = open.reduce((sum, { duration }) => sum + duration, 0);
	const isFull = state.live !== undefined && length > state.segmentTarget - state.live.partialTarget / 2;
	const others = state.tracks.filter(({ id, segments }) => id !== track.id && segments.length > 0);
	return [
		...partials(number, open),
		extXPreloadHint(isFull ? `partials/${number + 1}.0.m4s` : `partials/${number}.${open.length}.m4s`),
		...others.map((other) => {
			const { segment, partial } = lastPartial(other);
			return extXRenditionReport(`../${other.id}/playlist.m3u8`, segment, partial);
		}),
	];
};

const partials = (
	segment: number,
	pieces: readonly { readonly duration: number; readonly independent: boolean }[],
): string[] =>
	pieces.map(({ duration, independent }, index) =>
		extXPart({ uri: `partials/${segment}.${index}.m4s`, duration, independent }),
	);

/** The last piece that a track has: of the open segment, else of the one before. */
const lastPartial = ({ segments, open = [] }: PlaybackTrack): { segment: number; partial: number } =>
	open.length > 0
		? { segment: segments.length, partial: open.length - 1 }
		: { segment: segments.length - 1, partial: Math.max(0, (segments.at(-1)?.partials?.length ?? 1) - 1) };

/** Segments that end further from the end of the playlist than a client without them may be. */
const skippableSegments = ({ segments, open = [] }: PlaybackTrack, target: number): number => {
	let left = SKIP_TARGETS * target * 1_000_000 - open.reduce((sum, { duration }) => sum + duration, 0);
	for (let number = segments.length - 1; number >= 0; number--) {
		left -= segments.at(number)?.duration ?? 0;
		if (left < 0) return number;
	}
	return 0;
};

const startOf = ({ segments }: PlaybackTrack, number: number): number => {
	let start = 0;
	for (let index = 0; index < number; index++) start += segments.at(index)?.duration ?? 0;
	return start;
};

/** Whether a playlist has this piece, or this segment: what a blocking request waits for (RFC 8216bis, 6.2.5.2). */
export const hasPartial = (
	{ segments, open = [] }: PlaybackTrack,
	segment: number,
	partial: number | undefined,
): boolean =>
	segments.length > segment || (partial !== undefined && segments.length === segment && open.length > partial);

/**
 * RFC 8216, 4.3.3.1: "The EXTINF duration of each Media Segment in the Playlist file, when rounded to the nearest integer, MUST
 * be less than or equal to the target duration". One value for all tracks of an asset. While the asset is written it is
 * what the client declared, and grows only if the client's groups of pictures turn out longer.
 */
export const targetSeconds = (state: PlaybackState): number => {
	let longest = state.segmentTarget;
	for (const { segments } of state.tracks) longest = Math.max(longest, longestOf(segments));
	return Math.max(1, Math.round(longest / 1_000_000));
};

/** Every request that waits asks for it, so hours of segments are not walked for each. */
const longestOf = (segments: SegmentList): number => {
	if (segments.longest !== undefined) return segments.longest;
	let longest = 0;
	for (const { duration } of segments) longest = Math.max(longest, duration);
	return longest;
};
