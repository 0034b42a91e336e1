import type { LinearMemory } from "./linear-memory.ts";
import type { RowStorage } from "./rows.ts";

/** Places for storage of one key. */
type Places = { readonly bytes: number; readonly addresses: number[]; readonly users: Map<object, number> };

/**
 * Memory of tensors that live within one run of a graph. Graphs run one after the other and leave nothing behind, so all of them
 * use the same.
 */
export class RowPool {
	private readonly memory: LinearMemory;
	private readonly places = new Map<string, Places>();

	constructor(memory: LinearMemory) {
		this.memory = memory;
	}

	/**
	 * Gives every storage of a graph its address: the same to those that are never needed at the same time.
	 *
	 * @param touched what each step of the graph touches
	 * @throws CodecError `backend-failed` where there is not enough memory
	 */
	assign(graph: object, touched: readonly (readonly RowStorage[])[]): void {
		const last = new Map<RowStorage, number>();
		for (const [step, storages] of touched.entries()) for (const storage of storages) last.set(storage, step);
		const free = new Map<string, number[]>();
		const taken = new Map<string, number>();
		const placed = new Set<RowStorage>();
		for (const [step, storages] of touched.entries()) {
			for (const storage of storages) {
				if (placed.has(storage)) continue;
				placed.add(storage);
				storage.address = free.get(storage.key)?.pop() ?? this.another(graph, storage, taken);
			}
			for (const storage of new Set(storages)) {
				if (last.get(storage) !== step) continue;
				free.set(storage.key, [...(free.get(storage.key) ?? []), storage.address]);
			}
		}
	}

	/** Gives back what nobody else uses. */
	release(graph: object): void {
		for (const [key, { users, addresses, bytes }] of this.places) {
			users.delete(graph);
			const needed = Math.max(0, ...users.values());
			for (const address of addresses.splice(needed)) this.memory.release(address, bytes);
			if (addresses.length === 0) this.places.delete(key);
		}
	}

	/** The next place of a key that the graph has not yet. */
	private another(graph: object, storage: RowStorage, taken: Map<string, number>): number {
		const key = storage.key;
		const index = taken.get(key) ?? 0;
		taken.set(key, index + 1);
		const places = this.places.get(key) ?? { bytes: storage.bytes, addresses: [], users: new Map() };
		this.places.set(key, places);
		places.users.set(graph, index + 1);
		const address = places.addresses[index] ?? this.memory.allocate(storage.bytes);
		places.addresses[index] = address;
		return address;
	}
}
