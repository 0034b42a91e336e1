/** What is known when the playhead has jumped. Times are seconds on the media timeline. */
export type SeekObservation = {
	/** Where the playhead is now. */
	readonly target: number;
	readonly playbackRate: number;
	readonly paused: boolean;
	/** Start of the segment that holds the target; undefined: there is none. */
	readonly segmentStart: number | undefined;
	/** First picture that waits to be shown; undefined: none does. */
	readonly readyFrom: number | undefined;
	/** Where the decoder is, and up to where the segments that it holds reach; undefined: it holds nothing. */
	readonly decodedTo: number | undefined;
	readonly givenTo: number | undefined;
	/** Seconds that decoding a second takes; 0 where not known. */
	readonly decodeSecondsPerSecond: number;
};

/** A decoder that would have to be waited for longer than this, in seconds, starts afresh instead. */
const LONGEST_WAIT = 10;

/**
 * Says whether the decoder should go on with what it does after a seek, instead of starting afresh at the segment of the
 * target:
 *
 * ```
 * segment |-----------------------------------|
 *               1   ready........decoder   2          1, 2: targets
 * ```
 *
 * Where the target is ready or lies ahead of the decoder (2), going on is never slower. Where it lies behind (1, as at every turn of
 * a loop), pictures that are ahead of the playhead again can be worth more than decoding from the segment's start, above
 * all on a device that decodes slower than it plays.
 */
export function shouldGoOn(o: SeekObservation): boolean {
	const { target, decodedTo, givenTo, segmentStart } = o;
	if (decodedTo === undefined || segmentStart === undefined) return false;
	const from = Math.min(o.readyFrom ?? decodedTo, decodedTo);
	if (target >= from) return target < Math.max(givenTo ?? decodedTo, decodedTo);
	if (o.paused) return false;
	const waiting = (from - target) / Math.max(o.playbackRate, 0.01);
	if (waiting > LONGEST_WAIT) return false;
	const pace = o.decodeSecondsPerSecond * o.playbackRate;
	if (pace >= 1) return true;
	return waiting <= ((target - segmentStart) * o.decodeSecondsPerSecond) / (1 - pace);
}
