import type { MadePart } from "../stages/groups.ts";
import type { Still } from "../stages/stills.ts";
import { placeOf } from "./journal.ts";
import type { Checkpoint, JournalStore, KeptPart, UploadRecord } from "./journal.ts";

/**
 * The journal of a page that gets no storage, or shares the upload with another: what was done outlives a lost device, but not the
 * page. Holds what IndexedDB would hold, which is what the edge lacks and a group or two.
 */
export class MemoryJournal implements JournalStore {
	#record: UploadRecord | undefined;
	readonly #parts = new Map<string, KeptPart>();
	readonly #stills = new Map<number, Still>();

	/** @param record what another journal held before it failed. */
	constructor(record?: UploadRecord, parts: readonly KeptPart[] = [], stills: readonly Still[] = []) {
		this.#record = record;
		for (const part of parts) {
			this.#parts.set(idOf(part), part);
		}
		for (const still of stills) {
			this.#stills.set(placeOf(still), still);
		}
	}

	async find(): Promise<UploadRecord | undefined> {
		return this.#record;
	}

	async parts(): Promise<KeptPart[]> {
		return [...this.#parts.values()].sort(
			(left, right) => left.track.localeCompare(right.track) || left.number - right.number,
		);
	}

	async begin(record: UploadRecord): Promise<void> {
		this.#parts.clear();
		this.#stills.clear();
		this.#record = record;
	}

	async keep(key: string, parts: readonly MadePart[]): Promise<void> {
		for (const part of parts) {
			this.#parts.set(idOf(part), { ...part, key, acknowledged: false });
		}
	}

	async acknowledge(key: string, part: MadePart): Promise<void> {
		if (this.#record === undefined || part.group < this.#record.checkpoint.group) {
			this.#parts.delete(idOf(part));
		} else {
			this.#parts.set(idOf(part), { ...part, key, acknowledged: true });
		}
	}

	async baseDone(_key: string, group: number): Promise<void> {
		if (this.#record !== undefined && group > this.#record.baseDone) {
			this.#record = { ...this.#record, baseDone: group };
		}
	}

	async advance(_key: string, checkpoint: Checkpoint): Promise<void> {
		if (this.#record !== undefined) {
			this.#record = { ...this.#record, checkpoint };
		}
		for (const [id, part] of this.#parts) {
			if (part.acknowledged && part.group < checkpoint.group) {
				this.#parts.delete(id);
			}
		}
	}

	async keepStill(_key: string, still: Still): Promise<void> {
		this.#stills.set(placeOf(still), still);
	}

	async stills(): Promise<Still[]> {
		return [...this.#stills.values()].sort((left, right) => placeOf(left) - placeOf(right));
	}

	async remove(): Promise<void> {
		this.#record = undefined;
		this.#stills.clear();
		this.#parts.clear();
	}

	close(): void {}
}

const idOf = ({ track, number }: { readonly track: string; readonly number: number }): string => `${track}/${number}`;
