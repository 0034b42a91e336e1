/**
 * Brings the times of several tracks onto one clock. Each track's own times begin anywhere, so the first item of each is placed by
 * when it arrived; after that its own times count, which are steadier than arrivals. Pauses are left out; they nest.
 */
export class LiveClock {
	readonly #now: () => number;
	#origin: number | undefined;
	#pauses = 0;
	#pausedAt = 0;
	#paused = 0;

	/** @param now milliseconds, going forward only. */
	constructor(now: () => number = () => performance.now()) {
		this.#now = now;
	}

	get isPaused(): boolean {
		return this.#pauses > 0;
	}

	pause(): void {
		if (this.#pauses++ === 0) {
			this.#pausedAt = this.#now();
		}
	}

	resume(): void {
		if (this.#pauses > 0 && --this.#pauses === 0) {
			this.#paused += this.#now() - this.#pausedAt;
		}
	}

	/** @returns a function from a track's own times to the common ones, microseconds. */
	track(): (timestamp: number) => number {
		let offset: number | undefined;
		return (timestamp) => {
			const now = this.#now();
			this.#origin ??= now;
			offset ??= Math.round((now - this.#origin) * 1000) - timestamp;
			return timestamp + offset - Math.round(this.#paused * 1000);
		};
	}
}
