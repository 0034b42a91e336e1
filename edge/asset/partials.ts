import type { SampleHead } from "./segmenter.ts";

/**
 * Where partial segments end: the pieces in which a segment of a low-latency asset can be fetched while the rest of it is not there
 * yet. Pure, like the segmenter, and stable: what is cut from the first samples of a segment stays so when more come, so a piece has
 * the same bytes whether it is asked for while the segment grows or afterwards, and a segment is its pieces one after the other.
 */
export type PartialCut = {
	/** Samples, and how many of the segment's stand before them. */
	readonly from: number;
	readonly count: number;
	/** Microseconds, to the next piece's start. */
	readonly duration: number;
	/** Where the last sample ends, microseconds; undefined for the segment's last piece, whose end the segment knows. */
	readonly lastSampleEnd: number | undefined;
	/** Its first sample can be decoded without any before it. */
	readonly independent: boolean;
};

/** What is known of the segment that is cut. Times in microseconds. */
export type PartialBounds = {
	/** Where the segment begins. */
	readonly start: number;
	/** Most that a piece lasts, unless a single sample lasts longer. */
	readonly target: number;
	/** Samples from here on stand in the next segment; undefined while nobody knows. */
	readonly end: number | undefined;
	/** Samples up to here, with it, surely stand in this segment. */
	readonly horizon: number;
	/** The samples are all that the segment has, and the last piece may be closed. Needs `end`. */
	readonly closed: boolean;
};

/** The pieces of a segment that are decided: the next sample is known, or the segment is closed. */
export const cutPartials = (heads: Iterable<SampleHead>, bounds: PartialBounds): PartialCut[] => {
	const { target, end, horizon, closed } = bounds;
	const cuts: PartialCut[] = [];
	let start = bounds.start;
	let from = 0;
	let index = 0;
	let independent = false;
	for (const head of heads) {
		if (end !== undefined && head.timestamp >= end && !closed) break;
		if (index > from && head.timestamp + head.duration - start > target) {
			if (head.timestamp > horizon) return cuts;
			const duration = head.timestamp - start;
			cuts.push({ from, count: index - from, duration, lastSampleEnd: head.timestamp, independent });
			start = head.timestamp;
			from = index;
		}
		if (index === from) independent = head.sync;
		index += 1;
	}
	if (closed && end !== undefined && index > from) {
		cuts.push({ from, count: index - from, duration: end - start, lastSampleEnd: undefined, independent });
	}
	return cuts;
};
