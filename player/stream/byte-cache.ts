/** Bytes by key, bounded: the entry used longest ago goes first. */
export class ByteCache<Key> {
	readonly #entries = new Map<Key, Uint8Array<ArrayBuffer>>();
	readonly #capacity: number;
	#size = 0;

	/** @param capacity bytes held at most */
	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	/** Bytes held. */
	get size(): number {
		return this.#size;
	}

	has(key: Key): boolean {
		return this.#entries.has(key);
	}

	/** The bytes, which now count as used last. */
	get(key: Key): Uint8Array<ArrayBuffer> | undefined {
		const bytes = this.#entries.get(key);
		if (bytes) {
			this.#entries.delete(key);
			this.#entries.set(key, bytes);
		}
		return bytes;
	}

	/** Takes bytes in; what is larger than the whole cache is not kept. */
	set(key: Key, bytes: Uint8Array<ArrayBuffer>): void {
		this.delete(key);
		if (bytes.length > this.#capacity) return;
		this.#entries.set(key, bytes);
		this.#size += bytes.length;
		for (const oldest of this.#entries.keys()) {
			if (this.#size <= this.#capacity) break;
			this.delete(oldest);
		}
	}

	delete(key: Key): void {
		const bytes = this.#entries.get(key);
		if (!bytes) return;
		this.#entries.delete(key);
		this.#size -= bytes.length;
	}

	clear(): void {
		this.#entries.clear();
		this.#size = 0;
	}
}
