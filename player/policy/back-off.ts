/**
 * Back-off when the device cannot keep up, after the performance scaling of MPEG-5 LCEVC players: too many missed
 * frames stop the enhancement for a while, the second time for longer, the third time until the viewer asks again.
 * A value: every function returns the next one.
 */
export type BackOff = {
	/** How often it has stopped. */
	readonly strikes: number;
	/** Stopped until this time, in milliseconds of the caller's clock; Infinity: until reset. */
	readonly until: number;
	/** Frames of the window, oldest first. */
	readonly window: readonly FrameCount[];
	/** Since when frames have been shown without a strike, for forgiveness. */
	readonly since: number;
};

/** Frames due and frames that came too late, counted since the last report. */
export type FrameCount = { readonly at: number; readonly due: number; readonly missed: number };

/** Milliseconds. */
const WINDOW = 4000;
/** Frames in the window before it is judged. */
const FEWEST_FRAMES = 24;
/** Share of missed frames that stops the enhancement. */
const MISSED_SHARE = 0.25;
/** Milliseconds of each stop; after the last one it stays stopped. */
const STOPS = [8_000, 30_000] as const;
/** A strike is forgiven after so many good milliseconds. */
const FORGIVEN_AFTER = 60_000;

/** Nothing has happened yet. */
export const NO_BACK_OFF: BackOff = { strikes: 0, until: Number.NEGATIVE_INFINITY, window: [], since: 0 };

/** Says whether the enhancement is stopped at time `now`. */
export function isBackedOff(state: BackOff, now: number): boolean {
	return now < state.until;
}

/** Takes a report of shown and missed frames; may stop the enhancement. */
export function observeFrames(state: BackOff, count: FrameCount): BackOff {
	if (isBackedOff(state, count.at)) return state;
	const window = [...state.window.filter((entry) => entry.at > count.at - WINDOW), count];
	const due = sum(window, "due");
	const missed = sum(window, "missed");
	if (due >= FEWEST_FRAMES && missed > MISSED_SHARE * due) {
		const stop = STOPS[state.strikes] ?? Number.POSITIVE_INFINITY;
		return { strikes: state.strikes + 1, until: count.at + stop, window: [], since: count.at + stop };
	}
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
