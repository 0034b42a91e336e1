import type { Effort } from "../../codec/enhancement/effort.ts";

/** Nobody minds waiting so long, however short the video, in seconds. */
export const SHORT_WAIT = 60;

/** Of the wait that is allowed, what is kept for the rest of the base and for the last parts on their way. */
const RESERVE = 0.05;

/** Fewer frames a second than this are no live video. */
export const LIVE_RATE = 10;

/** Below this share of {@link LIVE_RATE} a live enhancement ends; half, because measurements are noisy. */
const LIVE_SHARE = 0.5;

/** What shall become of the enhancement from the next group of pictures on. */
export type Verdict = "go on" | "lower effort" | "end";

/** What there is to wait for. */
export type Wait = {
	/** Seconds of video; undefined where the end is not known. */
	readonly duration: number | undefined;
	readonly live: boolean;
	/** Seconds of waiting for each second of video; infinite where the enhancement is coded however long it takes. */
	readonly patience: number;
};

/** A group of pictures that was just coded, and what is still to come. */
export type Pace = {
	/** Seconds of video in the group, and what its coding took. */
	readonly video: number;
	readonly took: number;
	/** Frames of it. */
	readonly frames: number;
	/** Seconds of video that are coded, the group among them. */
	readonly coded: number;
	readonly effort: Effort;
};

/** Seconds that a person waits at most. @param coded seconds of video, where nobody knows how many there will be. */
export const allowedWait = ({ duration, patience }: Pick<Wait, "duration" | "patience">, coded = 0): number =>
	patience === Number.POSITIVE_INFINITY ? patience : Math.max(SHORT_WAIT, patience * (duration ?? coded));

/**
 * What keeps the promise that was made at the start, though the machine turns out slower than it was measured: first the encoder tries
 * less hard; where even that is too slow, the enhancement ends with the last group that can be coded in time. It is asked after each group.
 * @param spent seconds that the person has waited so far.
 */
export const judge = (wait: Wait, spent: number, pace: Pace): Verdict => {
	if (wait.patience === Number.POSITIVE_INFINITY) {
		return "go on";
	}
	const lower = pace.effort === "realtime" ? "end" : "lower effort";
	if (wait.live) {
		return pace.frames / pace.took < LIVE_SHARE * LIVE_RATE ? lower : "go on";
	}
	const perSecond = pace.took / Math.max(pace.video, 1e-6);
	const most = (1 - RESERVE) * allowedWait(wait, pace.coded + pace.video);
	const left = wait.duration === undefined ? pace.video : Math.max(0, wait.duration - pace.coded);
	if (spent + left * perSecond <= most) {
		return "go on";
	}
	// What is coded in time is worth having: the enhancement ends only where the next group would be late.
	const next = Math.min(left, pace.video) * perSecond;
	return lower === "lower effort" || spent + next > most ? lower : "go on";
};

/**
 * A machine that does not come to look at the clock for so long, in seconds, slept. Timers of a page that is hidden come once a minute;
 * no picture takes as long.
 */
export const SLEEP = 90;

/** The clock of a wait: time in which the machine can do nothing does not count. It wants to be looked at a few times a minute. */
export class WaitClock {
	readonly #now: () => number;
	readonly #start: number;
	#excused = 0;
	/** What had been spent when somebody last looked. */
	#seen = 0;
	/** Several excuses may run side by side; together they are one. */
	#running = 0;
	#since = 0;

	/** Begins now. @param now seconds; a test brings its own clock. */
	constructor(now: () => number = () => performance.now() / 1000) {
		this.#now = now;
		this.#start = now();
	}

	/** Seconds that count so far. Some browsers' clocks go on while the machine sleeps: where nobody looked for long, nothing was spent. */
	get spent(): number {
		const now = this.#now();
		const spent = now - this.#start - this.#excused - (this.#running > 0 ? now - this.#since : 0);
		if (spent - this.#seen > SLEEP) {
			this.#excused += spent - this.#seen;
		} else {
			this.#seen = spent;
		}
		return this.#seen;
	}

	/** Time until `work` is done does not count: a pause, or a network that takes no more. */
	async excuse<T>(work: Promise<T>): Promise<T> {
		if (this.#running++ === 0) {
			this.#since = this.#now();
		}
		try {
			return await work;
		} finally {
			if (--this.#running === 0) {
				this.#excused += this.#now() - this.#since;
			}
		}
	}
}
