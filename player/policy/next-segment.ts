import { worthStarting } from "./plan-fetch.ts";

/** One segment that could be given to the decoder. */
export type DecodableSegment = {
	readonly sequence: number;
	/** Seconds on the media timeline. */
	readonly start: number;
	readonly duration: number;
	/** Bytes of base and enhancement are here. */
	readonly ready: boolean;
	/** They are being fetched. */
	readonly coming: boolean;
	/** Given to the decoder since the last seek, or found damaged. */
	readonly spent: boolean;
};

/** What the choice of the segment to decode next is made from. */
export type DecodeObservation = {
	readonly segments: readonly DecodableSegment[];
	readonly position: number;
	readonly playbackRate: number;
	readonly paused: boolean;
	/** Seconds that decoding a second takes; 0 where not known. */
	readonly decodeSecondsPerSecond: number;
	/** Media time up to which the decoder has come, in seconds; undefined where it has nothing in hand. */
	readonly decodedTo: number | undefined;
};

/** The decoder is not filled with more than this many seconds ahead of the playhead. */
const DECODE_AHEAD = 12;

/**
 * The segment to give to the decoder next: the earliest that is ready, still worth it, and neither given nor damaged.
 * Undefined: none for now.
 */
export function nextSegment(o: DecodeObservation): number | undefined {
	for (const segment of o.segments) {
		if (segment.start + segment.duration <= o.position) continue;
		if (segment.start > o.position + DECODE_AHEAD) return undefined;
		if (segment.spent) continue;
		if (!worthStarting({ ...o, segment, fetchSeconds: 0 })) continue;
		if (segment.ready) return segment.sequence;
		// One that is still on its way is waited for: the decoder takes segments in order.
		if (segment.coming) return undefined;
	}
	return undefined;
}

/**
 * Says whether the decoder is behind the playhead and will not catch up before the segment under the playhead ends: then
 * it had better leave that segment and start with the next.
 */
export function isHopeless(o: DecodeObservation): boolean {
	if (o.paused || o.decodedTo === undefined || o.decodedTo >= o.position) return false;
	const current = o.segments.find(({ start, duration }) => start <= o.position && o.position < start + duration);
	if (!current) return false;
	const behind = o.position - o.decodedTo;
	const pace = o.decodeSecondsPerSecond * o.playbackRate;
	// Falling a little behind is ordinary; half a second or half the rest of the segment is not.
	const rest = current.start + current.duration - o.position;
	if (behind < Math.min(0.25, rest / 2)) return false;
	if (pace >= 1) return true;
	return o.position + (behind * pace) / (1 - pace) > current.start + current.duration;
}

/**
 * Says whether decoding is past the place where the video stands, so that its picture will not come any more: it came too late
 * before the video paused, or its segment was passed over. What was decoded ahead may even fill all the room there is.
 *
 * @param o `position` is the start of the frame that stands; `decodedTo` counts also where the decoder has nothing in hand
 */
export function isPassedBy({ segments, position, paused, decodedTo }: DecodeObservation): boolean {
	const current = segments.find(({ start, duration }) => start <= position && position < start + duration);
	return paused && current?.ready === true && decodedTo !== undefined && decodedTo >= position;
}
