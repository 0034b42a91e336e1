/**
 * Values between two stages, at most `capacity` of them: `put` waits while it is full, `take` while it is empty. An
 * aborted signal ends every wait with the signal's reason.
 */
export class BoundedQueue<Value> {
	readonly #capacity: number;
	readonly #signal: AbortSignal;
	readonly #values: Value[] = [];
	#wakers: (() => void)[] = [];

	constructor(capacity: number, signal: AbortSignal) {
		this.#capacity = capacity;
		this.#signal = signal;
		signal.addEventListener("abort", () => this.#wake(), { once: true });
	}

	get length(): number {
		return this.#values.length;
	}

	async put(value: Value): Promise<void> {
		while (this.#values.length >= this.#capacity) await this.#change();
		this.#signal.throwIfAborted();
		this.#values.push(value);
		this.#wake();
	}

	async take(): Promise<Value> {
		while (this.#values.length === 0) await this.#change();
		this.#signal.throwIfAborted();
		const value = this.#values.shift() as Value;
		this.#wake();
		return value;
	}

	async #change(): Promise<void> {
		this.#signal.throwIfAborted();
		await new Promise<void>((resolve) => this.#wakers.push(resolve));
	}

	#wake(): void {
		const wakers = this.#wakers;
		this.#wakers = [];
		for (const waker of wakers) waker();
	}
}
