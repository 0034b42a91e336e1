/** Counts what is waiting, so that producers can hold back. */
export class Room {
	readonly #capacity: number;
	#inside = 0;
	readonly #waiting = new Set<() => void>();

	/** @param capacity from which on there is no room. */
	constructor(capacity: number) {
		this.#capacity = capacity;
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

	/** Resolves when there is room. @throws the signal's reason once it aborts. */
	async free(signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		while (this.#inside >= this.#capacity) {
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
