/** Milliseconds after which work that failed is tried again: the first time, and at most. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 5 * 60_000;

/**
 * Tasks one after the other, however many ask at once. A task that fails keeps none of the others; how long to wait before the work is
 * taken up again doubles with every failure in a row.
 */
export class TurnQueue {
	/** The end of the queue; never rejects. */
	#end: Promise<unknown> = Promise.resolve();
	#failures = 0;
	readonly #onFailure: (error: unknown, retryInMs: number) => Promise<void>;

	constructor(onFailure: (error: unknown, retryInMs: number) => Promise<void>) {
		this.#onFailure = onFailure;
	}

	/** The last task failed. */
	get failing(): boolean {
		return this.#failures > 0;
	}

	/**
	 * Does something when all that was asked for before is done. Answers whether it could.
	 * @throws what `onFailure` throws
	 */
	run(task: () => Promise<void>): Promise<boolean> {
		const turn = this.#end.then(async () => {
			try {
				await task();
				this.#failures = 0;
				return true;
			} catch (error) {
				const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
				this.#failures += 1;
				await this.#onFailure(error, delay);
				return false;
			}
		});
		// Where not even the failure could be told, that is for whoever asked, and not for those behind.
		this.#end = turn.catch(() => undefined);
		return turn;
	}
}
