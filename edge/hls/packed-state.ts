import type { PlaybackSegment } from "./playback-segment.ts";
import type { PlaybackState, PlaybackTrack } from "./playback-state.ts";
import { type SegmentList, SegmentTable } from "./segment-list.ts";

/** Equal numbers one after the other: a number, how often, the next number, how often. */
type Runs = readonly number[];

/** Segments in columns. Almost all of a video have the same duration and number of samples, so those are runs. */
type PackedSegments = { readonly durations: Runs; readonly samples: Runs; readonly bytes: readonly number[] };

type PackedTrack = Omit<PlaybackTrack, "segments"> & { readonly segments: PackedSegments };

/**
 * A `PlaybackState` as plain data: what is frozen beside the segments on completion, and what the Durable Object tells before. Twelve
 * hours of a track are 150 kB of JSON. Frozen states are read for as long as assets live: `unpackState` reads every version there was.
 */
export type PackedState = Omit<PlaybackState, "tracks"> & {
	readonly version: 2;
	readonly tracks: readonly PackedTrack[];
};

/** The first version: an object for each segment. */
type FirstVersion = Omit<PlaybackState, "tracks"> & {
	readonly version: 1;
	readonly tracks: readonly (Omit<PlaybackTrack, "segments"> & { readonly segments: readonly PlaybackSegment[] })[];
};

/** The state as plain data. Pieces of segments are left out: only the Durable Object knows how to serve them. */
export const packState = (state: PlaybackState): PackedState => ({
	...state,
	version: 2,
	tracks: state.tracks.map(({ segments, ...track }) => ({ ...track, segments: pack(segments) })),
});

const pack = (segments: SegmentList): PackedSegments => {
	const durations: number[] = [];
	const samples: number[] = [];
	const bytes: number[] = [];
	for (const segment of segments) {
		append(durations, segment.duration);
		append(samples, segment.samples);
		bytes.push(segment.bytes);
	}
	return { durations, samples, bytes };
};

const append = (runs: number[], value: number): void => {
	if (runs.at(-2) === value) runs.push((runs.pop() ?? 0) + 1);
	else runs.push(value, 1);
};

/** What `packState` or a version before it made. */
export const unpackState = (packed: PackedState | FirstVersion): PlaybackState => {
	const { version, ...state } = packed;
	return version === 1
		? { ...state, tracks: packed.tracks }
		: { ...state, tracks: packed.tracks.map((track) => ({ ...track, segments: unpack(track.segments) })) };
};

const unpack = ({ durations, samples, bytes }: PackedSegments): SegmentList => {
	const segments = new SegmentTable(bytes.length);
	const [duration, sampled] = [expand(durations), expand(samples)];
	for (const size of bytes) {
		segments.push({ duration: duration.next().value ?? 0, samples: sampled.next().value ?? 0, bytes: size });
	}
	return segments;
};

function* expand(runs: Runs): Generator<number, undefined> {
	for (let run = 0; run < runs.length; run += 2) {
		for (let left = runs[run + 1] ?? 0; left > 0; left--) yield runs[run] ?? 0;
	}
	return undefined;
}
