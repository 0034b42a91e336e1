import type { MadePart } from "../stages/groups.ts";
import type { Still } from "../stages/stills.ts";
import type { UploadClient } from "../transport/client.ts";
import { Journal } from "./journal.ts";
import type { Checkpoint, JournalStore, UploadRecord } from "./journal.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { resumePoint } from "./resume-point.ts";
import type { ResumePoint } from "./resume-point.ts";

/**
 * The journal of one upload. Storage that fails (a full disk, a private window) does not end the upload: `onTrouble` is told once,
 * and the journal goes on in memory, where it still serves after a lost device.
 */
export class UploadJournal {
	#store: JournalStore;
	readonly #key: string;
	readonly #onTrouble: (error: unknown) => void;
	/** Set once storage failed. */
	#moved: Promise<void> | undefined;

	private constructor(store: JournalStore, key: string, onTrouble: (error: unknown) => void) {
		this.#store = store;
		this.#key = key;
		this.#onTrouble = onTrouble;
	}

	/** The journal that outlives the page; in memory, after `onTrouble`, where this page gets no storage. */
	static async open(key: string, onTrouble: (error: unknown) => void): Promise<UploadJournal> {
		try {
			return new UploadJournal(await Journal.open(Date.now()), key, onTrouble);
		} catch (error) {
			onTrouble(error);
			return UploadJournal.inMemory(key);
		}
	}

	/** A journal that nobody finds again. */
	static inMemory(key: string): UploadJournal {
		return new UploadJournal(new MemoryJournal(), key, () => undefined);
	}

	/** The upload's id, for its record. */
	get key(): string {
		return this.#key;
	}

	/** What an earlier upload of the same source left. */
	record(): Promise<UploadRecord | undefined> {
		return this.#try((store) => store.find(this.#key));
	}

	/** Where the upload of a record can be continued; a record that is of no use is forgotten. */
	async resumePoint(
		record: UploadRecord,
		client: UploadClient,
		signal: AbortSignal,
	): Promise<ResumePoint | undefined> {
		const parts = await this.#try((store) => store.parts(this.#key));
		const stills = await this.#try((store) => store.stills(this.#key));
		const asset = await client.find(record.assetId, signal);
		const point = asset === undefined ? undefined : resumePoint(record, parts, stills, asset);
		if (point === undefined) {
			await this.forget();
		}
		return point;
	}

	begin(record: UploadRecord): Promise<void> {
		return this.#try((store) => store.begin(record));
	}

	keep(parts: readonly MadePart[]): Promise<void> {
		return this.#try((store) => store.keep(this.#key, parts));
	}

	acknowledge(part: MadePart): Promise<void> {
		return this.#try((store) => store.acknowledge(this.#key, part));
	}

	baseDone(group: number): Promise<void> {
		return this.#try((store) => store.baseDone(this.#key, group));
	}

	advance(checkpoint: Checkpoint): Promise<void> {
		return this.#try((store) => store.advance(this.#key, checkpoint));
	}

	keepStill(still: Still): Promise<void> {
		return this.#try((store) => store.keepStill(this.#key, still));
	}

	forget(): Promise<void> {
		return this.#try((store) => store.remove(this.#key));
	}

	close(): void {
		this.#store.close();
	}

	async #try<T>(step: (store: JournalStore) => Promise<T>): Promise<T> {
		try {
			return await step(this.#store);
		} catch (error) {
			// Several steps may fail at the same time; they move together.
			this.#moved ??= this.#moveToMemory(error);
			await this.#moved;
			return step(this.#store);
		}
	}

	/** Takes along what the failing store still gives; it forgets it, since from now on it would be out of date. */
	async #moveToMemory(error: unknown): Promise<void> {
		const store = this.#store;
		try {
			const [record, parts] = [await store.find(this.#key), await store.parts(this.#key)];
			this.#store = new MemoryJournal(record, parts, await store.stills(this.#key));
			await store.remove(this.#key);
		} catch {
			// It gives or forgets nothing any more. An outdated record is noticed when it does not fit what the edge has.
			if (this.#store === store) {
				this.#store = new MemoryJournal();
			}
		}
		store.close();
		this.#onTrouble(error);
	}
}
