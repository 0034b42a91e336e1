/** Results of a codec that calls back, for one reader who asks: items, then an end or an error. */
export class OutputQueue<T> {
	readonly #items: T[] = [];
	#ended = false;
	#failure: { readonly error: unknown } | undefined;
	#wake: (() => void) | undefined;

	push(item: T): void {
		this.#items.push(item);
		this.#wake?.();
	}

	end(): void {
		this.#ended = true;
		this.#wake?.();
	}

	/** Reading throws `error` after the items that are there; the first error counts, and none after the end. */
	fail(error: unknown): void {
		if (this.#ended) return;
		this.#failure ??= { error };
		this.#wake?.();
	}

	/** The error, if one was met. */
	get failure(): { readonly error: unknown } | undefined {
		return this.#failure;
	}

	/** The items as they come. */
	async *read(): AsyncGenerator<T, void, undefined> {
		for (;;) {
			const item = this.#items.shift();
			if (item !== undefined) yield item;
			else if (this.#failure !== undefined) throw this.#failure.error;
			else if (this.#ended) return;
			else await new Promise<void>((resolve) => (this.#wake = resolve));
		}
	}
}
