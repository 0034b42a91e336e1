/**
 * A queue between two stages that may hold `capacity` items. `push` waits while it is full: that is the whole of
 * back-pressure here. One producer, one consumer.
 */
export class BoundedQueue<T> {
	readonly #capacity: number;
	readonly #items: T[] = [];
	#ended = false;
	#failure: { readonly error: unknown } | undefined;
	#wakeProducer: (() => void) | undefined;
	#wakeConsumer: (() => void) | undefined;

	/** @param capacity items, at least 1. */
	constructor(capacity: number) {
		if (!Number.isInteger(capacity) || capacity < 1) {
			throw new RangeError("capacity must be an integer of at least 1.");
		}
		this.#capacity = capacity;
	}

	get length(): number {
		return this.#items.length;
	}

	/** Adds an item once there is room. @returns false where the consumer is gone and the item was not taken. */
	async push(item: T): Promise<boolean> {
		while (this.#items.length >= this.#capacity && !this.#ended && this.#failure === undefined) {
			await new Promise<void>((resolve) => (this.#wakeProducer = resolve));
		}
		if (this.#ended || this.#failure !== undefined) {
			return false;
		}
		this.#items.push(item);
		this.#wake();
		return true;
	}

	/** No more items will come; those inside are still delivered. */
	end(): void {
		this.#ended = true;
		this.#wake();
	}

	/** Both sides stop: the consumer gets `error` after the items that are inside. */
	fail(error: unknown): void {
		this.#failure ??= { error };
		this.#wake();
	}

	/** @returns the next item, or undefined at the end. @throws what `fail` was called with. */
	async shift(): Promise<T | undefined> {
		for (;;) {
			if (this.#items.length > 0) {
				const item = this.#items.shift();
				this.#wake();
				return item;
			}
			if (this.#failure !== undefined) {
				throw this.#failure.error;
			}
			if (this.#ended) {
				return undefined;
			}
			await new Promise<void>((resolve) => (this.#wakeConsumer = resolve));
		}
	}

	#wake(): void {
		const producer = this.#wakeProducer;
		const consumer = this.#wakeConsumer;
		this.#wakeProducer = undefined;
		this.#wakeConsumer = undefined;
		producer?.();
		consumer?.();
	}
}

/**
 * Lets `source` run up to `capacity` items ahead of whoever reads the result, so that two stages work at the same time.
 * When the reader stops early, `source` is closed (its `finally` runs); an error of `source` reaches the reader.
 */
export async function* runAhead<T>(source: AsyncIterable<T>, capacity: number): AsyncGenerator<T, void, undefined> {
	const queue = new BoundedQueue<{ readonly item: T }>(capacity);
	const pump = (async () => {
		try {
			for await (const item of source) {
				if (!(await queue.push({ item }))) {
					return;
				}
			}
			queue.end();
		} catch (error) {
			queue.fail(error);
		}
	})();
	try {
		for (let next = await queue.shift(); next !== undefined; next = await queue.shift()) {
			yield next.item;
		}
	} finally {
		queue.end();
		await pump;
	}
}
