import { SegmentTable } from "../hls/segment-list.ts";
import { cutPartials, type PartialCut } from "./partials.ts";
import {
	cutBase,
	cutFollower,
	exceeds,
	type SampleHead,
	type SegmentCut,
	type SegmentLimits,
	sizeOf,
} from "./segmenter.ts";

/**
 * What an asset knows of itself while it is written, and what it does next. Plain data and functions; the Durable Object keeps
 * it in SQLite and carries the steps out.
 *
 * `nextStep` names the one thing to do now. Every step is: write an object under a name that only it has, create-once; then
 * record it in one transaction. After a crash the state is what was recorded, so `nextStep` names the same step with the
 * same bytes, and the write finds its own object. Nothing is lost, nothing is done twice:
 *
 *   open ----------- complete called --> completing ---- all written ----> ready
 *     |  init, segments as they are decided   |  last segments, then freeze     catalogue
 *     +-------------- delete called ----------+------------------------------> deleting
 */
export type Phase = "open" | "completing" | "ready" | "deleting";

/** A part that has come, as far as the state has to remember it. Thousands may wait, so their heads may be fetched when asked for. */
export type PartRecord = {
	readonly bytes: number;
	readonly samples: number;
	/** Timestamp of the last sample, microseconds. */
	readonly last: number;
	readonly heads: readonly SampleHead[];
};

/** A piece of a segment that can be fetched alone. Duration in microseconds. */
export type PartialRecord = { readonly duration: number; readonly bytes: number; readonly independent: boolean };

/** A segment that is in the store. Bytes 0: a gap, of which nothing is stored. Duration in microseconds. */
export type SegmentRecord = {
	readonly duration: number;
	readonly bytes: number;
	readonly samples: number;
	/** The pieces of one of the latest segments of a low-latency asset. */
	readonly partials?: readonly PartialRecord[];
};

/** Of so many of the latest segments pieces are listed and known; viewers who are further behind take whole segments. */
export const SEGMENTS_WITH_PARTIALS = 4;

/** Why a track takes no more: a segment that begins with no sync sample, or holds more than a segment may. */
export type TrackFailure = "misaligned" | "segment-too-large";

export type TrackState = {
	readonly id: string;
	readonly kind: "base" | "enhancement" | "audio";
	initBytes: number | undefined;
	/** Parts of which some sample stands in no segment; those before are used up and only in the database. */
	readonly parts: Map<number, PartRecord>;
	/** Parts 0 up to here, without it, are all there. */
	contiguous: number;
	/** Timestamp of the last sample before the first missing part, microseconds; -1 where there is none. */
	contiguousTime: number;
	/** Of all parts that have come. */
	receivedBytes: number;
	/** The next sample that stands in no segment. */
	cursor: { part: number; sample: number };
	readonly segments: SegmentTable<PartialRecord>;
	/** How many parts the track has in all; known from completion on. */
	expected: number | undefined;
	failure: TrackFailure | undefined;
};

export type AssetState = {
	phase: Phase;
	/** Microseconds, see `cutBase`. */
	readonly segmentTarget: number;
	readonly segmentLimits: SegmentLimits;
	/** Microseconds, see `cutPartials`; undefined where the asset is not cut into pieces. */
	readonly partialTarget: number | undefined;
	/** Microseconds of the longest piece of all segments there were. */
	longestPartial: number;
	/** The base first. */
	readonly tracks: readonly TrackState[];
	/** `boundaries[k]` is where segment k begins; one more than the base has segments, none before its first. */
	readonly boundaries: number[];
};

export type SegmentStep = {
	readonly type: "segment";
	readonly track: TrackState;
	readonly number: number;
	readonly cut: SegmentCut;
	/** Where its samples are: ranges of parts, in order. */
	readonly slices: readonly PartSlice[];
	/** Microseconds, as the playlist says it. */
	readonly duration: number;
	/** Its pieces; undefined where the asset is not cut into pieces. */
	readonly partials: readonly PartialCut[] | undefined;
};

/** Samples `from` up to `to` of a part; `offset` is where the first of them begins among the part's sample bytes. */
export type PartSlice = {
	readonly part: number;
	readonly offset: number;
	readonly heads: readonly SampleHead[];
};

export type Step =
	| { readonly type: "init"; readonly track: TrackState }
	| SegmentStep
	| { readonly type: "fail-track"; readonly track: TrackState; readonly failure: TrackFailure }
	| { readonly type: "freeze" };

/** A track before its first part. */
export const newTrackState = (id: string, kind: TrackState["kind"]): TrackState => ({
	id,
	kind,
	initBytes: undefined,
	parts: new Map(),
	contiguous: 0,
	contiguousTime: -1,
	receivedBytes: 0,
	cursor: { part: 0, sample: 0 },
	segments: new SegmentTable(),
	expected: undefined,
	failure: undefined,
});

/** The step to take now, or undefined where the next part, the completion, or nothing at all is awaited. */
export const nextStep = (state: AssetState): Step | undefined => {
	if (state.phase !== "open" && state.phase !== "completing") return undefined;
	// Nothing plays without the base; an enhancement or the audio that failed is left out.
	if (baseOf(state).failure !== undefined) return undefined;
	const live = state.tracks.filter((track) => track.failure === undefined);
	for (const track of live) {
		if (track.initBytes === undefined) return { type: "init", track };
	}
	// The base leads, so that a follower always knows where its segment ends.
	for (const track of live) {
		const step = nextSegment(state, track);
		if (step !== undefined) return step;
	}
	return state.phase === "completing" && live.every((track) => isCut(state, track)) ? { type: "freeze" } : undefined;
};

const nextSegment = (state: AssetState, track: TrackState): Step | undefined => {
	const number = track.segments.length;
	const cut = decideCut(state, track);
	if (cut === undefined) return undefined;
	if (!cut.independent && track.kind !== "audio") return { type: "fail-track", track, failure: "misaligned" };
	const slices = sliceParts(track, cut.count);
	const start = state.boundaries[number] ?? slices[0]?.heads[0]?.timestamp ?? 0;
	if (exceeds(cut, start, state.segmentLimits)) return { type: "fail-track", track, failure: "segment-too-large" };
	const partials =
		state.partialTarget === undefined ? undefined : closedPartials(state.partialTarget, track, start, cut);
	return { type: "segment", track, number, cut, slices, duration: cut.end - start, partials };
};

/** The track's next segment, or undefined while it is undecided, and where all are cut. */
export const decideCut = (state: AssetState, track: TrackState): SegmentCut | undefined => {
	if (isCut(state, track)) return undefined;
	if (track.kind !== "base") return cutAfterBase(state, track, track.segments.length);
	const queue = { heads: pendingHeads(track), ended: hasEnded(track) };
	return cutBase(queue, state.segmentTarget, state.segmentLimits);
};

/** The pieces of a segment that is decided. */
export const closedPartials = (target: number, track: TrackState, start: number, cut: SegmentCut): PartialCut[] =>
	cutPartials(take(pendingHeads(track), cut.count), { start, target, end: cut.end, horizon: Infinity, closed: true });

function* take<Value>(values: Iterable<Value>, count: number): Generator<Value, void> {
	let left = count;
	for (const value of values) {
		if (left-- === 0) return;
		yield value;
	}
}

const cutAfterBase = (state: AssetState, track: TrackState, number: number): SegmentCut | undefined => {
	const base = baseOf(state);
	const end = state.boundaries[number + 1];
	if (end === undefined) return undefined;
	const last = isCut(state, base) && number === base.segments.length - 1;
	const queue = { heads: pendingHeads(track), ended: hasEnded(track) };
	const cut = cutFollower(queue, { start: state.boundaries[number] ?? 0, end, last, limits: state.segmentLimits });
	// An enhancement is listed with the base's durations: its pictures are the base's pictures.
	return cut !== undefined && track.kind === "enhancement" ? { ...cut, end } : cut;
};

/** Records that a segment is stored (or a gap): moves the cursor, forgets samples that are used up. */
export const recordSegment = (
	state: AssetState,
	step: SegmentStep,
	bytes: number,
	partials?: readonly PartialRecord[],
): SegmentRecord => {
	const { track, cut, slices } = step;
	const record = { duration: step.duration, bytes, samples: cut.count, ...(partials !== undefined && { partials }) };
	if (track.kind === "base") {
		if (step.number === 0) state.boundaries.push(slices[0]?.heads[0]?.timestamp ?? 0);
		state.boundaries.push(cut.end);
	}
	for (const { duration } of partials ?? []) state.longestPartial = Math.max(state.longestPartial, duration);
	track.segments.push(record);
	track.segments.keepPartials(SEGMENTS_WITH_PARTIALS);
	track.cursor = cursorAfter(track, cut.count);
	for (const { part } of slices) if (part < track.cursor.part) track.parts.delete(part);
	return record;
};

/** Nothing brings the asset on but a request: it waits for parts, or for its deletion where the base has failed at completion. */
export const needsRequest = (state: AssetState): boolean =>
	state.phase === "open" || (state.phase === "completing" && baseOf(state).failure !== undefined);

/** Adds a part that is not there yet. */
export const recordPart = (track: TrackState, number: number, part: PartRecord): void => {
	track.parts.set(number, part);
	track.receivedBytes += part.bytes;
	for (let next = track.parts.get(track.contiguous); next !== undefined; next = track.parts.get(track.contiguous)) {
		track.contiguous += 1;
		track.contiguousTime = next.last;
	}
};

/** Part numbers that are not there: below the highest that is, or below the number expected. At most `limit` of them. */
export const missingParts = (track: TrackState, limit: number): number[] => {
	let end = track.expected ?? 0;
	if (track.expected === undefined) for (const number of track.parts.keys()) end = Math.max(end, number + 1);
	const missing: number[] = [];
	for (let number = track.contiguous; number < end && missing.length < limit; number++) {
		if (!track.parts.has(number)) missing.push(number);
	}
	return missing;
};

/** The asset's base track, which is always the first. */
export const baseOf = (state: AssetState): TrackState => {
	const base = state.tracks[0];
	if (base === undefined) throw new Error("An asset has a base track.");
	return base;
};

/** Bytes of parts that are not used up. */
export const pendingBytes = (track: TrackState): number => {
	let bytes = 0;
	for (const part of track.parts.values()) bytes += part.bytes;
	return bytes;
};

/** Bytes of all parts of all tracks that have come. */
export const receivedBytes = ({ tracks }: AssetState): number =>
	tracks.reduce((sum, track) => sum + track.receivedBytes, 0);

const hasEnded = (track: TrackState): boolean => track.expected !== undefined && track.contiguous >= track.expected;

/** All its samples stand in segments, but for those long after the base's end, and none will come. */
const isCut = (state: AssetState, track: TrackState): boolean => {
	if (!hasEnded(track)) return false;
	if (track.kind === "base") return firstPending(track) === undefined;
	const base = baseOf(state);
	return isCut(state, base) && track.segments.length === base.segments.length;
};

const firstPending = (track: TrackState): SampleHead | undefined => pendingHeads(track).next().value ?? undefined;

/** The samples of a track that stand in no segment yet, as far as none is missing before them. */
export function* pendingHeads(track: TrackState): Generator<SampleHead, void> {
	let from = track.cursor.sample;
	for (let number = track.cursor.part; number < track.contiguous; number++, from = 0) {
		const heads = partAt(track, number).heads;
		for (let index = from; index < heads.length; index++) yield heads[index] as SampleHead;
	}
}

const partAt = (track: TrackState, number: number): PartRecord => {
	const part = track.parts.get(number);
	if (part === undefined) throw new Error(`Part ${number} of track ${track.id} is not there.`);
	return part;
};

/** Where the segment after one of `count` samples begins. */
export const cursorAfter = (track: TrackState, count: number): { part: number; sample: number } => {
	let { part, sample } = track.cursor;
	let left = count;
	while (part < track.contiguous) {
		const samples = partAt(track, part).samples;
		if (sample + left < samples) return { part, sample: sample + left };
		left -= samples - sample;
		part += 1;
		sample = 0;
	}
	return { part, sample };
};

/** Where `count` samples are, `skip` of those that stand in no segment left out before them. */
export const sliceParts = (track: TrackState, count: number, skip = 0): PartSlice[] => {
	const slices: PartSlice[] = [];
	let { part, sample } = skip === 0 ? track.cursor : cursorAfter(track, skip);
	for (let left = count; left > 0; part++, sample = 0) {
		const heads = partAt(track, part).heads;
		const taken = heads.slice(sample, sample + left);
		const offset = sizeOf(heads.slice(0, sample));
		if (taken.length > 0) slices.push({ part, offset, heads: taken });
		left -= taken.length;
	}
	return slices;
};
