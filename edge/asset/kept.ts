/** What was made a moment ago and many ask for: some of it, as long as all together is not too large. */
export class Kept<Value> {
	readonly #most: number;
	readonly #values = new Map<string, Value>();
	#size = 0;

	/** `most`: the largest total size kept; a single value larger than that is kept alone. */
	constructor(most: number) {
		this.#most = most;
	}

	/** What is kept under a name, or made and kept now; `sizeOf` in the unit of `most`. */
	get<Made extends Value | undefined>(
		name: string,
		make: () => Made,
		sizeOf: (value: Value) => number,
	): Value | Made {
		const kept = this.#values.get(name);
		if (kept !== undefined) return kept;
		const made = make();
		if (made === undefined) return made;
		const size = sizeOf(made);
		if (this.#size + size > this.#most) this.clear();
		this.#values.set(name, made);
		this.#size += size;
		return made;
	}

	/** Forgets everything. */
	clear(): void {
		this.#values.clear();
		this.#size = 0;
	}
}
