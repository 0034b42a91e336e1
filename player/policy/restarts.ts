/**
 * New starts of a decoder that failed. A value: every function returns the next one. What fails again and again is given up; what fails
 * once an hour is not broken.
 */
export type Restarts = {
	/** Failures, less those that are forgotten. */
	readonly failures: number;
	/** Enhanced pictures shown at the last of them, in seconds. */
	readonly shown: number;
	/** Nothing is started before this time, in milliseconds of the caller's clock. */
	readonly notBefore: number;
};

/** Milliseconds from a failure to the next start; after the last one the decoder is given up. */
const PAUSES = [1000, 2000, 4000, 8000] as const;
/** Seconds of enhanced pictures after which failures are forgotten. */
const SOUND = 60;

/** Nothing has failed yet. */
export const NO_RESTARTS: Restarts = { failures: 0, shown: 0, notBefore: Number.NEGATIVE_INFINITY };

/**
 * The decoder failed.
 *
 * @param at milliseconds of the caller's clock. @param shown seconds of enhanced pictures since the source was loaded
 * @returns undefined where it is given up
 */
export function failed(state: Restarts, at: number, shown: number): Restarts | undefined {
	const failures = shown - state.shown >= SOUND ? 0 : state.failures;
	const pause = PAUSES[failures];
	return pause === undefined ? undefined : { failures: failures + 1, shown, notBefore: at + pause };
}

/** The next failure is the end. */
export function isLastStart({ failures }: Restarts): boolean {
	return failures >= PAUSES.length;
}
