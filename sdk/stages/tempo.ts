import { SLEEP } from "./patience.ts";
import type { Pace, WaitClock } from "./patience.ts";

/** Measures what groups of pictures take to be coded, for `judge`. */
export class Tempo {
	readonly #clock: WaitClock;
	readonly #live: boolean;
	readonly #now: () => number;
	#began = 0;
	#busy = 0;
	#frames = 0;
	#video = 0;
	/** The first frame compiles, and says nothing of those that follow. */
	#warm = false;

	/**
	 * @param live pictures come when they come: only the time counts in which they are coded, and all of it, since neither a pause nor a network
	 * that takes no more stops the coding of a frame. @param now seconds; a test brings its own clock.
	 */
	constructor(clock: WaitClock, live: boolean, now: () => number = () => performance.now() / 1000) {
		this.#clock = clock;
		this.#live = live;
		this.#now = now;
	}

	/** Begins a group. */
	start(): void {
		this.#began = this.#clock.spent;
		this.#busy = 0;
		this.#frames = 0;
		this.#video = 0;
	}

	/** Does the work on one frame. @param duration of it, microseconds. */
	async coding(duration: number, work: () => Promise<void>): Promise<void> {
		const before = this.#now();
		await work();
		const took = this.#now() - before;
		this.#busy += took > SLEEP ? 0 : took;
		this.#frames += 1;
		this.#video += duration / 1e6;
		if (!this.#warm) {
			this.#warm = true;
			this.start();
		}
	}

	/** Ends a group and begins the next. @returns undefined where no frame of it tells anything. */
	next({ coded, effort }: Pick<Pace, "coded" | "effort">): Pace | undefined {
		const took = this.#live ? this.#busy : this.#clock.spent - this.#began;
		const { video, frames } = { video: this.#video, frames: this.#frames };
		this.start();
		return frames === 0 ? undefined : { video, frames, took: Math.max(took, 1e-6), coded, effort };
	}
}
