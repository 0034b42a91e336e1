import type { WaitClock } from "./patience.ts";

/** A door that work passes one by one; closed, it holds everybody back until it opens or `signal` aborts. */
export class Gate {
	readonly #clock: WaitClock | undefined;
	/** Resolved when it opens; undefined while it is open. */
	#opening: PromiseWithResolvers<void> | undefined;

	/** @param clock does not count the time in which the gate is closed, wherever the work stands meanwhile. */
	constructor(clock?: WaitClock) {
		this.#clock = clock;
	}

	get isOpen(): boolean {
		return this.#opening === undefined;
	}

	close(): void {
		if (this.#opening === undefined) {
			this.#opening = Promise.withResolvers();
			void this.#clock?.excuse(this.#opening.promise);
		}
	}

	open(): void {
		this.#opening?.resolve();
		this.#opening = undefined;
	}

	/** Resolves at once while the gate is open. @throws the signal's reason once it aborts. */
	async passed(signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		while (this.#opening !== undefined) {
			const aborted = Promise.withResolvers<void>();
			const abort = () => aborted.resolve();
			signal.addEventListener("abort", abort, { once: true });
			await Promise.race([this.#opening.promise, aborted.promise]);
			signal.removeEventListener("abort", abort);
			signal.throwIfAborted();
		}
	}
}
