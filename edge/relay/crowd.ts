import type { Asker, Served } from "../asset/live-question.ts";

/** Requests that wait in one Durable Object before viewers are sent elsewhere: those of 33 players with three tracks. */
export const MOST_WAITING = 200;

/** Requests of viewers that one Durable Object takes in a second: those of the same players. It bears about twice as many. */
export const MOST_A_SECOND = 500;

/**
 * How many ask one Durable Object: viewers beyond what it can bear are told to ask a relay further down. So a crowd at a live asset
 * never takes the time that the camera's parts need.
 */
export class Crowd {
	readonly #now: () => number;
	#waiting = 0;
	#second = 0;
	#taken = 0;

	/** `now` in milliseconds. */
	constructor(now: () => number = Date.now) {
		this.#now = now;
	}

	/** Answers, unless this is a viewer too many. */
	async serve<Value>(asker: Asker, answer: () => Promise<Served<Value>>): Promise<Served<Value>> {
		if (asker === "viewer" && !this.#takes()) return "crowded";
		this.#waiting += 1;
		try {
			return await answer();
		} finally {
			this.#waiting -= 1;
		}
	}

	#takes(): boolean {
		const second = Math.floor(this.#now() / 1000);
		if (second !== this.#second) [this.#second, this.#taken] = [second, 0];
		if (this.#waiting >= MOST_WAITING || this.#taken >= MOST_A_SECOND) return false;
		this.#taken += 1;
		return true;
	}
}
