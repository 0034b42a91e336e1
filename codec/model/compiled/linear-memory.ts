import { CodecError } from "../../errors.ts";

const PAGE_BYTES = 65_536;

/** Pages that WebAssembly's addresses of 32 bits reach. */
const MOST_PAGES = 65_536;

/** Blocks begin at multiples of this, a line of the processor's cache. */
const ALIGNMENT = 64;

/** The memory that kernels compute in. It grows, and what is released is taken again by what has the same size. */
export class LinearMemory {
	readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
	private end = ALIGNMENT;
	private readonly free = new Map<number, number[]>();

	/**
	 * Memory full of zeros.
	 *
	 * @throws CodecError `backend-failed` where there is no more
	 */
	allocate(bytes: number): number {
		const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
		const released = this.free.get(size)?.pop();
		if (released !== undefined) {
			new Uint8Array(this.memory.buffer, released, size).fill(0);
			return released;
		}
		const missing = Math.ceil((this.end + size - this.memory.buffer.byteLength) / PAGE_BYTES);
		if (missing > 0) this.grow(missing);
		const address = this.end;
		this.end += size;
		return address;
	}

	/** @param bytes as they were asked for */
	release(address: number, bytes: number): void {
		const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
		this.free.set(size, [...(this.free.get(size) ?? []), address]);
	}

	private grow(pages: number): void {
		try {
			this.memory.grow(pages);
		} catch (cause) {
			throw new CodecError("backend-failed", "There is not enough memory for the networks on WASM.", {
				hint: "Choose a smaller picture, or close other pages.",
				cause,
			});
		}
	}
}
