/**
 * Where segments end. Pure: the same samples give the same segments, whatever parts they came in and whenever.
 *
 *   base         I . . . . . | I . . . . . | I . .        the base leads: a segment ends at the first sync sample
 *   enhancement  I . . . . . | I . . . . . | I .          that is a target duration or more after its start
 *   audio        - - - - - - -|- - - - - - |- - -         all others share its boundaries; audio to the frame
 *                0            2             4 s
 *
 * A segment of a track is decided once a sample at or after its end has come, or the track has ended.
 */

/** What the segmenter knows of a sample: everything but its bytes. Times in microseconds, size in bytes. */
export type SampleHead = {
	readonly timestamp: number;
	readonly duration: number;
	readonly sync: boolean;
	readonly size: number;
};

/** Bytes of samples. */
export const sizeOf = (heads: readonly SampleHead[]): number => heads.reduce((sum, { size }) => sum + size, 0);

/** Samples of one track that stand in no segment yet, in order, with no part missing before or between them. */
export type TrackQueue = {
	readonly heads: Iterable<SampleHead>;
	/** No sample will follow those in `heads`. */
	readonly ended: boolean;
};

/** One decided segment: the first `count` samples of the queue. */
export type SegmentCut = {
	/** 0 where the track has no sample in that time: a gap. */
	readonly count: number;
	readonly bytes: number;
	/** Time at which the next segment begins, microseconds. */
	readonly end: number;
	/** End of the last sample: where the next begins in this track, or its own end. Undefined in a gap. */
	readonly lastSampleEnd: number | undefined;
	/** The first sample can be decoded without any before it. True in a gap. */
	readonly independent: boolean;
	/** The track ends with this segment. */
	readonly last: boolean;
};

/**
 * How much earlier than the target a sync sample may come and still end the segment: times are rounded, and 29.97 frames a second
 * make a group of 60 pictures 2.002 s long or, after rounding, a little less than what was asked for.
 */
export const BOUNDARY_SLACK = 50_000;

/** Most that one segment may hold: a viewer waits for all of it. */
export type SegmentLimits = {
	readonly bytes: number;
	readonly samples: number;
	/** Microseconds. */
	readonly duration: number;
};

/** Whether a segment is more than its limits allow; a group of pictures that cannot be cut is the usual reason. */
export const exceeds = (cut: SegmentCut, start: number, limits: SegmentLimits): boolean =>
	cut.bytes > limits.bytes || cut.count > limits.samples || cut.end - start > limits.duration;

/**
 * The base's next segment, or undefined while it is undecided. `target` in microseconds.
 * The base's last segment is the rest, however short. A segment that has grown over its limits is returned as it is, without
 * waiting for its end: however it ends, it will be too much.
 */
export const cutBase = (queue: TrackQueue, target: number, limits: SegmentLimits): SegmentCut | undefined => {
	let start: number | undefined;
	const span = new Span();
	for (const head of queue.heads) {
		start ??= head.timestamp;
		if (head.sync && head.timestamp >= start + target - BOUNDARY_SLACK)
			return span.close(head.timestamp, head.timestamp, false);
		span.add(head);
		// A sample lasts until the next, whatever it says of itself: up to its own time the segment surely lasts.
		const grown = span.close(head.timestamp, head.timestamp, false);
		if (exceeds(grown, start, limits)) return grown;
	}
	if (!queue.ended || span.count === 0) return undefined;
	return span.close(span.ownEnd, span.ownEnd, true);
};

/**
 * The next segment of a track that follows the base, or undefined while it is undecided. `start` and `end` are the base's boundaries; with
 * `last` there is none at the end, and the segment takes the rest of the track, but nothing after `end` that would be more than it may
 * hold: sound that goes on for long when the picture has ended ends with it. One that has grown over its limits is returned as it is.
 */
export const cutFollower = (
	queue: TrackQueue,
	{ start, end, last, limits }: FollowerBounds,
): SegmentCut | undefined => {
	const span = new Span();
	for (const head of queue.heads) {
		if (!last && head.timestamp >= end) {
			// Where the track pauses, its last sample does not last into segments that have none.
			return span.close(end, Math.min(head.timestamp, Math.max(end, span.ownEnd)), false);
		}
		if (head.timestamp >= end && !span.hasRoomFor(head, start, limits))
			return span.close(Math.max(end, span.ownEnd), span.ownEnd, true);
		span.add(head);
		if (span.bytes > limits.bytes || span.count > limits.samples) return span.close(end, span.ownEnd, last);
	}
	return queue.ended ? span.close(last ? Math.max(end, span.ownEnd) : end, span.ownEnd, last) : undefined;
};

/** Where a segment of a track that follows the base begins and ends; see `cutFollower`. */
type FollowerBounds = {
	readonly start: number;
	readonly end: number;
	readonly last: boolean;
	readonly limits: SegmentLimits;
};

/** Running totals of the samples of one segment. */
class Span {
	count = 0;
	bytes = 0;
	ownEnd = 0;
	independent = true;

	add(head: SampleHead): void {
		if (this.count === 0) this.independent = head.sync;
		this.count += 1;
		this.bytes += head.size;
		this.ownEnd = head.timestamp + head.duration;
	}

	hasRoomFor({ size, timestamp, duration }: SampleHead, start: number, limits: SegmentLimits): boolean {
		const fits = this.bytes + size <= limits.bytes && this.count < limits.samples;
		return fits && timestamp + duration - start <= limits.duration;
	}

	close(end: number, lastSampleEnd: number, last: boolean): SegmentCut {
		const { count, bytes, independent } = this;
		return { count, bytes, end, lastSampleEnd: count === 0 ? undefined : lastSampleEnd, independent, last };
	}
}
