import { cutPartials, type PartialCut } from "./partials.ts";
import {
	type AssetState,
	baseOf,
	closedPartials,
	decideCut,
	type PartSlice,
	pendingHeads,
	sliceParts,
	type TrackState,
} from "./state.ts";

/** A piece of the segment that a track is at, and where its samples are. */
export type OpenPartial = { readonly cut: PartialCut; readonly slices: readonly PartSlice[] };

/** The pieces that are decided of the segment that the track is at. */
export const openPartials = (state: AssetState, track: TrackState): readonly OpenPartial[] => {
	const { partialTarget: target } = state;
	// What waited of a track that failed is forgotten, and without the base nothing goes on.
	if (target === undefined || track.failure !== undefined || baseOf(state).failure !== undefined) return [];
	const own = decideCut(state, track);
	const start = state.boundaries[track.segments.length] ?? pendingHeads(track).next().value?.timestamp;
	if (start === undefined) return [];
	const cuts =
		own === undefined
			? cutPartials(pendingHeads(track), { start, target, closed: false, ...knownEnd(state, track) })
			: closedPartials(target, track, start, own);
	return cuts.map((cut) => {
		const lastSampleEnd = cut.lastSampleEnd ?? own?.lastSampleEnd;
		return { cut: { ...cut, lastSampleEnd }, slices: sliceParts(track, cut.count, cut.from) };
	});
};

/** What is known of where an undecided segment ends: the base's boundary, or only that it comes after all that the base has. */
const knownEnd = (state: AssetState, track: TrackState): { end: number | undefined; horizon: number } => {
	const base = baseOf(state);
	const end = state.boundaries[track.segments.length + 1];
	if (end !== undefined) return { end, horizon: Infinity };
	if (track === base) return { end: undefined, horizon: Infinity };
	if (track.segments.length > base.segments.length) return { end: undefined, horizon: -1 };
	const next = decideCut(state, base);
	if (next !== undefined && !next.last) return { end: next.end, horizon: Infinity };
	return { end: undefined, horizon: base.contiguousTime };
};
