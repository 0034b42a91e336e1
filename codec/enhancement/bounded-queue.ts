/**
 * A queue between two stages. `push` waits while it is full, so the first stage runs ahead by `capacity` items and no
 * further. One producer, one consumer.
 */
export class BoundedQueue<T> {
	private readonly capacity: number;
	private readonly items: T[] = [];
	private ended = false;
	private failure: { readonly error: unknown } | undefined;
	private wakeProducer: (() => void) | undefined;
	private wakeConsumer: (() => void) | undefined;

	/** @param capacity 1 or more */
	constructor(capacity: number) {
		if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError("A queue holds one item or more.");
		this.capacity = capacity;
	}

	/** Items that wait. */
	get length(): number {
		return this.items.length;
	}

	/** Whether no more items are wanted, or will come. */
	get closed(): boolean {
		return this.ended;
	}

	/** @returns false where the consumer has gone: stop producing */
	async push(item: T): Promise<boolean> {
		while (this.items.length >= this.capacity && !this.ended) {
			await new Promise<void>((resolve) => (this.wakeProducer = resolve));
		}
		if (this.ended) return false;
		this.items.push(item);
		this.wakeConsumer?.();
		return true;
	}

	/** The producer is done; with an error, the consumer meets it after the items before it. */
	end(failure?: { readonly error: unknown }): void {
		this.failure ??= failure;
		this.ended = true;
		this.wakeConsumer?.();
		this.wakeProducer?.();
	}

	/** The next item, undefined at the end. @throws what the producer ended with */
	async pull(): Promise<T | undefined> {
		while (this.items.length === 0 && !this.ended) {
			await new Promise<void>((resolve) => (this.wakeConsumer = resolve));
		}
		const item = this.items.shift();
		this.wakeProducer?.();
		if (item === undefined && this.failure !== undefined) throw this.failure.error;
		return item;
	}
}
