/** Counts what waits somewhere, so that who would add to it can wait first. */
export class Room {
	readonly #most: number;
	#inside = 0;
	readonly #waiting = new Set<() => void>();

	/** @param most that are enough. */
	constructor(most: number) {
		this.#most = most;
	}

	enter(): void {
		this.#inside += 1;
	}

	leave(): void {
		this.#inside -= 1;
		for (const look of this.#waiting) {
			look();
		}
	}

	/** Resolves when there are fewer than enough. @throws the signal's reason once it aborts. */
	async free(signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		while (this.#inside >= this.#most) {
			const { promise, resolve } = Promise.withResolvers<void>();
			const look = () => resolve();
			this.#waiting.add(look);
			signal.addEventListener("abort", look, { once: true });
			await promise;
			signal.removeEventListener("abort", look);
			this.#waiting.delete(look);
			signal.throwIfAborted();
		}
	}
}
