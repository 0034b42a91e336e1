/** Milliseconds for which a good answer is given to those who ask the same a little later. */
const KEPT_MS = 1000;

/**
 * Most answers at a time of which one is kept so: twice what players of twelve tracks ask for. Whoever asks for each segment of hours
 * after the other does not fill the memory.
 */
const MOST_KEPT = 64;

/** Of all who ask the same, asks once: whoever comes while the answer is awaited, or a moment after it, gets the same. */
export class SharedAnswers {
	readonly #answers = new Map<string, Promise<unknown>>();

	/**
	 * The answer to what `key` names.
	 * @param ask asks for it, where nobody has
	 * @param isLasting whether an answer may be given to those who come later
	 */
	async get<Value>(key: string, ask: () => Promise<Value>, isLasting: (value: Value) => boolean): Promise<Value> {
		const shared = this.#answers.get(key) as Promise<Value> | undefined;
		return shared ?? this.#ask(key, ask, isLasting);
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
			if (lasting && this.#answers.size <= MOST_KEPT) setTimeout(() => this.#answers.delete(key), KEPT_MS);
			else this.#answers.delete(key);
		}
	}
}
