/** Anything with a time and perhaps a length, in microseconds. */
export type Timed = { readonly timestamp: number; readonly duration: number };

/** Frames closer than this are one frame (a millisecond: no screen shows more). */
const SHORTEST = 1000;

/**
 * Gives every frame the time from its own start to the next one's start as duration: containers state durations that
 * leave gaps or overlap, and with a variable rate they are guesses. The last frame keeps its own duration, or else the one before.
 * Frames that do not come after their predecessor are dropped through `drop`.
 */
export async function* withDurations<T extends Timed>(
	frames: AsyncIterable<T>,
	drop: (frame: T) => void,
): AsyncGenerator<{ readonly frame: T; readonly duration: number }, void, undefined> {
	let held: T | undefined;
	let last = 0;
	try {
		for await (const frame of frames) {
			if (held === undefined) {
				held = frame;
				continue;
			}
			const duration = frame.timestamp - held.timestamp;
			if (duration < SHORTEST) {
				drop(frame);
				continue;
			}
			const ready = held;
			held = frame;
			last = duration;
			yield { frame: ready, duration };
		}
		if (held !== undefined) {
			const ready = held;
			held = undefined;
			const own = ready.duration >= SHORTEST ? ready.duration : last;
			yield { frame: ready, duration: own > 0 ? own : 40_000 };
		}
	} finally {
		if (held !== undefined) {
			drop(held);
		}
	}
}

/**
 * Index of the group of pictures that a frame belongs to. Boundaries lie at fixed times, whatever the frame rate and
 * wherever coding began, so that a resumed upload cuts where the undisturbed one would have cut. The first group lasts
 * `first`, so that something can be watched soon; half a millisecond of rounding is forgiven.
 */
export const groupIndex = (timestamp: number, first: number, length: number): number =>
	timestamp + 500 < first ? 0 : 1 + Math.floor((timestamp + 500 - first) / length);

/** Where group `index` begins, in microseconds: the inverse of `groupIndex`. */
export const groupStart = (index: number, first: number, length: number): number =>
	index === 0 ? 0 : first + (index - 1) * length;
