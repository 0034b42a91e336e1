/** One segment of the enhancement's playlist. */
export type PlannedSegment = {
	/** Position in the playlist, from 0. */
	readonly index: number;
	/** Seconds on the media timeline. */
	readonly start: number;
	readonly duration: number;
	/** Expected bytes; undefined: not known. */
	readonly bytes: number | undefined;
};

export type FetchObservation = {
	readonly segments: readonly PlannedSegment[];
	/** Segments fetched or being fetched. */
	readonly have: (index: number) => boolean;
	/** Seconds on the media timeline. */
	readonly position: number;
	readonly playbackRate: number;
	readonly paused: boolean;
	/** End of the base's buffered range that holds the playhead, in seconds; undefined: the base is stalled. */
	readonly baseBufferedEnd: number | undefined;
	/** Seconds of base that must be buffered ahead before the enhancement may use the network. */
	readonly baseBufferWanted: number;
	/** The base has nothing left to fetch. */
	readonly baseComplete: boolean;
	/** Bits a second that the enhancement may use; undefined: not known. */
	readonly bandwidth: number | undefined;
	/** Bits a second of the enhancement, where a segment's size is not known. */
	readonly bitrate: number;
	/** Seconds that decoding one second of the enhancement takes; 0 where not known. */
	readonly decodeSecondsPerSecond: number;
	/** Seconds of enhancement to hold ahead of the playhead at most. */
	readonly ahead: number;
};

export type FetchPlan =
	| { readonly fetch: number }
	| { readonly fetch: undefined; readonly reason: "base-first" | "full" | "base-missing" };

/** Latency of a request that is added to every estimate, in seconds. */
const REQUEST_SECONDS = 0.15;

/**
 * Picks the next enhancement segment to fetch: the diagonal policy.
 *
 * ```
 * base         |#####|#####|#####|#####|#####|     |     |
 * enhancement  |     |  x  |#####|     |     |
 *                 ^playhead  1st ready   ^ next: the earliest that base covers and that can still arrive in time
 * ```
 *
 * The base is filled to its target first; the segment under the playhead is taken only if enough of it would still be
 * shown (`worthStarting`), later ones in order. A segment that the base does not cover yet is of no use: the
 * decoder needs the base's pictures.
 */
export function planFetch(o: FetchObservation): FetchPlan {
	if (o.baseBufferedEnd === undefined) return { fetch: undefined, reason: "base-first" };
	const wanted = o.paused ? Math.min(1, o.baseBufferWanted) : o.baseBufferWanted;
	if (!o.baseComplete && o.baseBufferedEnd - o.position < wanted) return { fetch: undefined, reason: "base-first" };
	let uncovered = false;
	for (const segment of o.segments) {
		const end = segment.start + segment.duration;
		if (end <= o.position || o.have(segment.index)) continue;
		if (segment.start > o.position + o.ahead) break;
		if (!covers(o, segment)) {
			uncovered = true;
			continue;
		}
		const fetchSeconds = fetchTime(o, segment);
		if (worthStarting({ ...o, segment, fetchSeconds })) return { fetch: segment.index };
	}
	return { fetch: undefined, reason: uncovered ? "base-missing" : "full" };
}

/** At least this much of a segment must remain to be shown, in seconds, or the next one is the better start. */
const SHORTEST_SHOW = 0.4;

/**
 * Says whether a segment that would be here in `fetchSeconds` is still worth decoding: decoding starts at its first
 * frame, the playhead runs on meanwhile, and both meet before the segment's end or never.
 */
export function worthStarting(o: {
	readonly segment: { readonly start: number; readonly duration: number };
	readonly position: number;
	readonly playbackRate: number;
	readonly paused: boolean;
	readonly fetchSeconds: number;
	readonly decodeSecondsPerSecond: number;
}): boolean {
	if (o.paused) return true;
	const end = o.segment.start + o.segment.duration;
	const decode = o.decodeSecondsPerSecond * o.playbackRate;
	// Media seconds between the segment's start and the playhead when the bytes are here.
	const behind = o.position + o.playbackRate * o.fetchSeconds - o.segment.start;
	if (behind <= 0) return true;
	if (decode >= 1) return false;
	// Both run: the playhead at `playbackRate`, decoding at `1 / decodeSecondsPerSecond`; they meet at start + meeting.
	const meeting = behind / (1 - decode);
	return o.segment.start + meeting + Math.min(SHORTEST_SHOW, o.segment.duration / 2) <= end;
}

function fetchTime(o: FetchObservation, segment: PlannedSegment): number {
	if (o.bandwidth === undefined) return REQUEST_SECONDS;
	const bits = 8 * (segment.bytes ?? (o.bitrate * segment.duration) / 8);
	return REQUEST_SECONDS + bits / Math.max(o.bandwidth, 1);
}

/** Playlist durations are rounded; a hundredth of a second short is covered. */
function covers(o: FetchObservation, segment: PlannedSegment): boolean {
	return o.baseComplete || (o.baseBufferedEnd as number) >= segment.start + segment.duration - 0.05;
}
