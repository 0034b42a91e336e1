/**
 * Frames in the order in which they are coded. A stream holds them in order of time; a bidirectional frame is coded, and decoded, right
 * after the frame behind it.
 */

/** Frames of one unit, in order of coding; in order of time, they are the other way round. */
export type CodingUnit<T> = readonly [T] | readonly [reference: T, bidirectional: T];

/**
 * Cuts a sequence into units, holding one frame at most.
 *
 * @param frames in order of time. @param isBidirectional whether a frame refers to the one behind it. One that has none, or another
 * of its kind, behind it is a unit of its own: a decoder will say what it lacks
 */
export async function* codingUnits<T>(
	frames: AsyncIterable<T> | Iterable<T>,
	isBidirectional: (frame: T) => boolean,
): AsyncGenerator<CodingUnit<T>, void, undefined> {
	let held: { readonly frame: T } | undefined;
	for await (const frame of frames) {
		const before = held;
		held = undefined;
		if (isBidirectional(frame)) {
			held = { frame };
			if (before !== undefined) yield [before.frame];
		} else yield before === undefined ? [frame] : [frame, before.frame];
	}
	if (held !== undefined) yield [held.frame];
}
