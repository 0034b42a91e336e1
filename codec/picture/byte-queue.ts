/** Bytes that arrive in chunks of any size and are taken in pieces of known size. Holds no more than one piece and one chunk. */
export class ByteQueue {
	readonly #chunks: AsyncIterator<Uint8Array>;
	#pending: Uint8Array[] = [];
	#length = 0;
	#ended = false;

	constructor(chunks: AsyncIterable<Uint8Array>) {
		this.#chunks = chunks[Symbol.asyncIterator]();
	}

	/** The next `count` bytes, in a buffer of their own; fewer (maybe none) at the end. */
	async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
		while (this.#length < count && (await this.#pull()));
		const result = new Uint8Array(Math.min(count, this.#length));
		for (let filled = 0; filled < result.length;) {
			const chunk = this.#pending[0];
			if (chunk === undefined) break;
			const piece = chunk.subarray(0, result.length - filled);
			result.set(piece, filled);
			filled += piece.length;
			if (piece.length === chunk.length) this.#pending.shift();
			else this.#pending[0] = chunk.subarray(piece.length);
		}
		this.#length -= result.length;
		return result;
	}

	/** Bytes up to and without the next line feed, which is dropped; undefined where `limit` bytes hold none. */
	async takeLine(limit: number): Promise<Uint8Array | undefined> {
		const line: number[] = [];
		while (line.length <= limit) {
			const [byte] = await this.take(1);
			if (byte === undefined) return line.length === 0 ? new Uint8Array() : undefined;
			if (byte === 0x0a) return Uint8Array.from(line);
			line.push(byte);
		}
		return undefined;
	}

	/** Whether all bytes have been taken. */
	async ended(): Promise<boolean> {
		while (this.#length === 0 && (await this.#pull()));
		return this.#length === 0;
	}

	/** Ends the source early, so that it frees what it holds. */
	async cancel(): Promise<void> {
		this.#ended = true;
		await this.#chunks.return?.();
	}

	async #pull(): Promise<boolean> {
		if (this.#ended) return false;
		const next = await this.#chunks.next();
		if (next.done === true) {
			this.#ended = true;
			return false;
		}
		if (next.value.length > 0) this.#pending.push(next.value);
		this.#length += next.value.length;
		return true;
	}
}
