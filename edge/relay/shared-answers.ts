/** Milliseconds for which a good answer is given to those who ask the same a little later. */
const KEPT_MS = 1000;

/** Of all who ask the same, asks once: whoever comes while the answer is awaited, or a moment after it, gets the same. */
export class SharedAnswers {
	readonly #answers = new Map<string, Promise<unknown>>();
	#waiting = 0;

	/** How many are waiting for an answer. */
	get waiting(): number {
		return this.#waiting;
	}

	/**
	 * The answer to what `key` names.
	 * @param ask asks for it, where nobody has
	 * @param isLasting whether an answer may be given to those who come later
	 */
	async get<Value>(key: string, ask: () => Promise<Value>, isLasting: (value: Value) => boolean): Promise<Value> {
		this.#waiting += 1;
		try {
			const shared = this.#answers.get(key) as Promise<Value> | undefined;
			return await (shared ?? this.#ask(key, ask, isLasting));
		} finally {
			this.#waiting -= 1;
		}
	}

	async #ask<Value>(key: string, ask: () => Promise<Value>, isLasting: (value: Value) => boolean): Promise<Value> {
		const answer = ask();
		this.#answers.set(key, answer);
		let lasting = false;
		try {
			const value = await answer;
			lasting = isLasting(value);
			return value;
		} finally {
			if (lasting) setTimeout(() => this.#answers.delete(key), KEPT_MS);
			else this.#answers.delete(key);
		}
	}
}
