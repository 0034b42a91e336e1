import type { PlaybackReport } from "../../protocol/cmcd.ts";

/** What a playback does at one moment. */
export type PlaybackMoment = {
	/** Moving on: neither paused, nor at its end, nor waiting. */
	readonly playing: boolean;
	/** Wants to move on and has no data; not while it seeks. */
	readonly stalled: boolean;
	/** The enhanced picture is shown. */
	readonly enhanced: boolean;
};

const AT_REST: PlaybackMoment = { playing: false, stalled: false, enhanced: false };

/** Adds up what a report tells. Times are milliseconds of the caller's clock. */
export class PlaybackAccount {
	#moment = AT_REST;
	#since: number;
	#played = 0;
	#enhanced = 0;
	#stalled = 0;
	#stalls = 0;

	/** @param now when the account begins */
	constructor(now: number) {
		this.#since = now;
	}

	/** From `now` on it is like this. */
	observe(moment: PlaybackMoment, now: number): void {
		const elapsed = Math.max(0, now - this.#since);
		const { playing, stalled, enhanced } = this.#moment;
		if (playing) this.#played += elapsed;
		if (playing && enhanced) this.#enhanced += elapsed;
		if (stalled) this.#stalled += elapsed;
		if (moment.stalled && !stalled) this.#stalls++;
		this.#moment = moment;
		this.#since = now;
	}

	/** Totals up to `now`. */
	totals(
		now: number,
	): Required<
		Pick<PlaybackReport, "playedMilliseconds" | "enhancedMilliseconds" | "stalls" | "stalledMilliseconds">
	> {
		this.observe(this.#moment, now);
		return {
			playedMilliseconds: this.#played,
			enhancedMilliseconds: this.#enhanced,
			stalls: this.#stalls,
			stalledMilliseconds: this.#stalled,
		};
	}
}
