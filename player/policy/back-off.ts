/**
 * Back-off when the device cannot keep up, after the performance scaling of MPEG-5 LCEVC players: too many missed
 * frames, or decoding that was measured to be too slow, stop the enhancement for a while, and each time for longer. Never for good: what was
 * too much beside another program's work may be little an hour later. A value: every function returns the next one.
 */
export type BackOff = {
	/** How often it has stopped, less what was forgiven. */
	readonly strikes: number;
	/** The last stop: until this time, in milliseconds of the caller's clock, at this playback rate or a higher one, for this reason. */
	readonly until: number;
	readonly rate: number;
	readonly reason: BackOffReason;
	/** Frames of the window, oldest first. */
	readonly window: readonly FrameCount[];
	/** Since when frames have been shown without a strike, for forgiveness. */
	readonly since: number;
};

/** Why the enhancement stops for a while. */
export type BackOffReason = "missed-frames" | "decoding-too-slow";

/** A moment of playback: milliseconds of the caller's clock, and the playback rate, 0 while it stands. */
export type Moment = { readonly at: number; readonly rate: number };

/** Frames due and frames that came too late, counted since the last report. */
export type FrameCount = Moment & { readonly due: number; readonly missed: number };

/** Milliseconds. */
const WINDOW = 4000;
/** Frames in the window before it is judged. */
const FEWEST_FRAMES = 24;
/** Share of missed frames that stops the enhancement. */
const MISSED_SHARE = 0.25;
/** Milliseconds of the first stop, the second, and each that follows. */
const STOPS = [8_000, 30_000, 300_000] as const;
/** A strike is forgiven after so many good milliseconds. */
const FORGIVEN_AFTER = 60_000;

/** Nothing has happened yet. */
export const NO_BACK_OFF: BackOff = {
	...{ strikes: 0, until: Number.NEGATIVE_INFINITY, rate: 0, reason: "missed-frames", window: [], since: 0 },
};

/**
 * Says why the enhancement is stopped now; undefined: it is not. What is too much at double speed may be little at the usual one, and a
 * picture that stands has all the time there is.
 */
export function backedOff(state: BackOff, { at, rate }: Moment): BackOffReason | undefined {
	return at < state.until && rate >= state.rate ? state.reason : undefined;
}

/** Stops the enhancement for a while. */
export function strike(state: BackOff, reason: BackOffReason, { at, rate }: Moment): BackOff {
	const until = at + (STOPS[Math.min(state.strikes, STOPS.length - 1)] ?? 0);
	return { strikes: Math.min(state.strikes + 1, STOPS.length), until, rate, reason, window: [], since: until };
}

/** Takes a report of shown and missed frames; may stop the enhancement. */
export function observeFrames(state: BackOff, count: FrameCount): BackOff {
	if (backedOff(state, count)) return state;
	const window = [...state.window.filter((entry) => entry.at > count.at - WINDOW), count];
	const due = sum(window, "due");
	const missed = sum(window, "missed");
	if (due >= FEWEST_FRAMES && missed > MISSED_SHARE * due) return strike(state, "missed-frames", count);
	if (state.strikes > 0 && count.at - state.since > FORGIVEN_AFTER) {
		return { ...state, strikes: state.strikes - 1, window, since: count.at };
	}
	return { ...state, window };
}

/** A seek, a pause or a hidden page: what was counted before says nothing about what comes. */
export function forgetFrames(state: BackOff): BackOff {
	return { ...state, window: [] };
}

function sum(counts: readonly FrameCount[], key: "due" | "missed"): number {
	return counts.reduce((total, count) => total + count[key], 0);
}
