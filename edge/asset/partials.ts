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
	/** Where the last sample ends, microseconds; undefined for a segment's last piece that is not full: the segment knows its end. */
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

/** Microseconds by which a sample may last longer or shorter than it says and is believed: times are rounded. */
const ROUNDING = 1000;

/**
 * The pieces of a segment that are decided: full, so that none like its last sample fits in; or the next sample is known and does not; or
 * the segment is closed. A piece that waited for the sample after it would come to viewers as late as the whole next one: a camera sends
 * its samples piece by piece. But where a sample of the segment has not lasted as long as it said, pieces wait for the next sample: from
 * there on nothing is known of where one ends.
 */
export const cutPartials = (heads: Iterable<SampleHead>, bounds: PartialBounds): PartialCut[] => {
	const { target, end, horizon, closed } = bounds;
	const cuts: PartialCut[] = [];
	let start = bounds.start;
	let from = 0;
	let index = 0;
	let independent = false;
	let believed = true;
	let ownEnd: number | undefined;
	for (const head of heads) {
		if (end !== undefined && head.timestamp >= end && !closed) break;
		if (ownEnd !== undefined && Math.abs(head.timestamp - ownEnd) > ROUNDING) believed = false;
		// The piece before may have said that it lasts longer.
		if (index === from) start = Math.min(start, head.timestamp);
		if (index > from && head.timestamp + head.duration - start > target) {
			if (head.timestamp > horizon) return cuts;
			const duration = head.timestamp - start;
			cuts.push({ from, count: index - from, duration, lastSampleEnd: head.timestamp, independent });
			start = head.timestamp;
			from = index;
		}
		if (index === from) independent = head.sync;
		index += 1;
		// Its last sample lasts as long as it says, whatever comes: its bytes do not change when more is known.
		ownEnd = head.timestamp + head.duration;
		if (believed && ownEnd - start <= target && ownEnd + head.duration / 2 - start > target) {
			if (head.timestamp > horizon) return cuts;
			cuts.push({ from, count: index - from, duration: ownEnd - start, lastSampleEnd: ownEnd, independent });
			start = ownEnd;
			from = index;
		}
	}
	if (closed && end !== undefined && index > from) {
		// A track may go on where the base has ended.
		const duration = (end > start ? end : (ownEnd ?? end)) - start;
		cuts.push({ from, count: index - from, duration, lastSampleEnd: undefined, independent });
	}
	return cuts;
};
