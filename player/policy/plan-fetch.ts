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

/** What the choice of the segment to fetch next is made from. */
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
	/** Seconds that decoding one second of the enhancement takes; `ASSUMED_PACE` where not known. */
	readonly decodeSecondsPerSecond: number;
	/** Seconds of enhancement to hold ahead of the playhead at most. */
	readonly ahead: number;
};

/** Index of the segment to fetch now, or why there is none. */
export type FetchPlan =
	| { readonly fetch: number }
	| { readonly fetch: undefined; readonly reason: "base-first" | "full" | "base-missing" };

/** Seconds of base ahead before the enhancement may use the network. */
const BASE_WANTED = 6;

/** Share of what is listed ahead of a viewer near the edge of a live stream that is theirs at any time: the newest is on its way. */
const LIVE_SHARE = 0.5;

/**
 * Seconds of base that come before the enhancement. Near the edge of a live stream there never are as many as elsewhere.
 *
 * @param left seconds from the playhead to the end of what the base's playlist lists. @param complete it lists everything
 */
export function baseWanted(left: number, complete: boolean): number {
	return complete ? BASE_WANTED : Math.min(BASE_WANTED, Math.max(0, LIVE_SHARE * left));
}

/** Seconds that decoding a second takes, as long as nobody has measured. */
export const ASSUMED_PACE = 0.25;

/** Latency of a request that is added to every estimate, in seconds. */
const REQUEST_SECONDS = 0.15;

/** Segments that should follow each other at least, so that the picture does not change back and forth. */
const RUN = 8;

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
 *
 * Where the network carries the enhancement for some of the time only, it is shown in runs: one is begun as far ahead as it takes
 * for its segments to arrive in time, one after the other.
 */
export function planFetch(o: FetchObservation): FetchPlan {
	if (o.baseBufferedEnd === undefined) return { fetch: undefined, reason: "base-first" };
	const wanted = o.paused ? Math.min(1, o.baseBufferWanted) : o.baseBufferWanted;
	if (!o.baseComplete && o.baseBufferedEnd - o.position < wanted) return { fetch: undefined, reason: "base-first" };
	let uncovered = false;
	let follows = false;
	for (const segment of o.segments) {
		const end = segment.start + segment.duration;
		if (end <= o.position) continue;
		if (o.have(segment.index)) {
			follows = true;
			continue;
		}
		if (segment.start > o.position + o.ahead) break;
		if (!covers(o, segment)) {
			uncovered = true;
			continue;
		}
		const fetchSeconds = fetchTime(o, segment);
		// The last segment of a run is behind by what each of those before it took too long.
		const late = follows ? 0 : (RUN - 1) * Math.max(0, fetchSeconds - segment.duration / o.playbackRate);
		if (worthStarting({ ...o, segment, fetchSeconds: fetchSeconds + late })) return { fetch: segment.index };
		follows = false;
	}
	return { fetch: undefined, reason: uncovered ? "base-missing" : "full" };
}

/** The base keeps its buffer of 30 s full; below this it is loading without a pause. Seconds. */
const BASE_FILLED = 26;

/** Seconds for which the network is shared out ahead: about as long as a segment takes. */
const HORIZON = 2;

/**
 * Bits a second of the network that are left to the enhancement. Beside a base that fills its buffer it gets half; beside one that
 * only keeps up, what that does not need. A base that will soon be full is the one and then the other.
 */
export function shareOfEnhancement(o: {
	/** Bits a second of the whole network; undefined: not known. */
	readonly bandwidth: number | undefined;
	readonly baseBitrate: number;
	/** Seconds of base ahead of the playhead. */
	readonly baseBuffer: number;
	readonly baseComplete: boolean;
}): number | undefined {
	if (o.bandwidth === undefined || o.baseComplete) return o.bandwidth;
	const half = o.bandwidth / 2;
	const rest = Math.max(o.bandwidth - o.baseBitrate, o.bandwidth / 4);
	if (rest <= half) return o.baseBuffer < BASE_FILLED ? half : rest;
	const missing = Math.max(0, BASE_FILLED - o.baseBuffer) * o.baseBitrate;
	// What it plays meanwhile has to come as well.
	const filling = half > o.baseBitrate ? Math.min(HORIZON, missing / (half - o.baseBitrate)) : HORIZON;
	return missing === 0 ? rest : (filling * half + (HORIZON - filling) * rest) / HORIZON;
}

/** A fetch under way gives the network back when the base falls below this share of what it wants. */
const YIELD_SHARE = 0.5;

/** Says whether a fetch under way should be broken off: the base is about to run dry, and the network is shared. */
export function shouldYield(o: FetchObservation): boolean {
	if (o.baseComplete || o.paused) return false;
	const left = o.baseBufferedEnd === undefined ? 0 : o.baseBufferedEnd - o.position;
	return left < YIELD_SHARE * o.baseBufferWanted;
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
