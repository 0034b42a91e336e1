import {
	backedOff,
	type BackOff,
	type BackOffReason,
	forgetFrames,
	type Moment,
	NO_BACK_OFF,
	observeFrames,
	strike,
} from "./policy/back-off.ts";

/** Frames since the source was loaded: shown enhanced, shown as base while an enhanced picture was due, and all. */
export type FrameTotals = { readonly enhanced: number; readonly missed: number; readonly all: number };

/** Frames that are counted together before the policy looks at them: half a second or so. */
const BATCH = 12;

/** Counts what the viewer sees, and stops the enhancement for a while where too many frames come late. */
export class FrameAccount {
	#totals: FrameTotals = { enhanced: 0, missed: 0, all: 0 };
	#batch = { due: 0, missed: 0 };
	#backOff: BackOff = NO_BACK_OFF;

	get totals(): FrameTotals {
		return this.#totals;
	}

	/**
	 * One frame was shown. @param due an enhanced picture should have been there
	 * @param judged whether missed frames may stop the enhancement
	 */
	count(frame: { readonly enhanced: boolean; readonly due: boolean; readonly judged: boolean }, now: Moment): void {
		const { enhanced, due, judged } = frame;
		const missed = due && !enhanced;
		this.#totals = {
			all: this.#totals.all + 1,
			enhanced: this.#totals.enhanced + Number(enhanced),
			missed: this.#totals.missed + Number(missed),
		};
		if (!due) return;
		this.#batch = { due: this.#batch.due + 1, missed: this.#batch.missed + Number(missed) };
		if (this.#batch.due < BATCH) return;
		if (judged) this.#backOff = observeFrames(this.#backOff, { ...now, ...this.#batch });
		this.#batch = { due: 0, missed: 0 };
	}

	/** Why the enhancement is stopped for a while; undefined: it is not. */
	backedOff(now: Moment): BackOffReason | undefined {
		return backedOff(this.#backOff, now);
	}

	/** Decoding was measured, and is too slow: the enhancement is stopped for a while. */
	tooSlow(now: Moment): void {
		this.#backOff = strike(this.#backOff, "decoding-too-slow", now);
	}

	/** A pause, a seek, a hidden page: what was counted before says nothing about what comes. */
	forget(): void {
		this.#batch = { due: 0, missed: 0 };
		this.#backOff = forgetFrames(this.#backOff);
	}

	/** The viewer asked for the enhancement: it is tried again at once. */
	pardon(): void {
		this.#backOff = NO_BACK_OFF;
	}
}
