import type { LinearMemory } from "./linear-memory.ts";
import type { RowStorage } from "./rows.ts";

/** Storage begins at multiples of this, a line of the processor's cache. */
const ALIGNMENT = 64;

/** Where each storage of a graph lies, from the beginning of the arena on. */
export type Layout = { readonly offsets: ReadonlyMap<RowStorage, number>; readonly bytes: number };

/**
 * Lets storage that is never needed at the same time lie in the same place: the largest first, each as far down as there is room while it lives.
 *
 * @param touched what each step of a graph touches
 */
export function layOut(touched: readonly (readonly RowStorage[])[]): Layout {
	const lives = new Map<RowStorage, { readonly first: number; last: number }>();
	for (const [step, storages] of touched.entries())
		for (const storage of storages) {
			const life = lives.get(storage);
			if (life === undefined) lives.set(storage, { first: step, last: step });
			else life.last = step;
		}
	const offsets = new Map<RowStorage, number>();
	let bytes = 0;
	for (const [storage, { first, last }] of [...lives].toSorted(([a], [b]) => b.bytes - a.bytes)) {
		const neighbours = [...offsets]
			.filter(([other]) => {
				const life = lives.get(other);
				return life !== undefined && life.first <= last && first <= life.last;
			})
			.toSorted(([, a], [, b]) => a - b);
		let offset = 0;
		for (const [other, begin] of neighbours) {
			if (offset + storage.bytes <= begin) break;
			offset = Math.max(offset, Math.ceil((begin + other.bytes) / ALIGNMENT) * ALIGNMENT);
		}
		offsets.set(storage, offset);
		bytes = Math.max(bytes, offset + storage.bytes);
	}
	return { offsets, bytes };
}

/**
 * Memory of tensors that live within one run of a graph. Graphs run one after the other and leave nothing behind, so all of them use the
 * same: as much as the one that needs most. It is taken when the first of them runs, by when all that a decoder or an encoder needs are there.
 */
export class RowArena {
	private readonly memory: LinearMemory;
	private readonly users = new Map<object, number>();
	private address = 0;
	private size = 0;

	constructor(memory: LinearMemory) {
		this.memory = memory;
	}

	/** Says how much a graph will need. */
	reserve(graph: object, bytes: number): void {
		this.users.set(graph, bytes);
	}

	/** Gives the memory back where nobody needs it any more. */
	release(graph: object): void {
		this.users.delete(graph);
		if (this.users.size > 0 || this.size === 0) return;
		this.memory.release(this.address, this.size);
		this.size = 0;
	}

	/**
	 * The address from which on a graph may compute now. What lies there is anything.
	 *
	 * @throws CodecError `backend-failed` where there is not enough memory
	 */
	begin(): number {
		const wanted = Math.max(0, ...this.users.values());
		if (wanted > this.size) {
			if (this.size > 0) this.memory.release(this.address, this.size);
			this.size = 0;
			this.address = this.memory.allocate(wanted);
			this.size = wanted;
		}
		return this.address;
	}
}
