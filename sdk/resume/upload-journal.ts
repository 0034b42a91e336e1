import type { MadePart } from "../stages/groups.ts";
import type { UploadClient } from "../transport/client.ts";
import { Journal } from "./journal.ts";
import type { Checkpoint, UploadRecord } from "./journal.ts";
import { resumePoint } from "./resume-point.ts";
import type { ResumePoint } from "./resume-point.ts";

/**
 * The journal of one upload. Storage that fails (a full disk, a private window) ends the journal, not the upload:
 * `onTrouble` is told once, and what was written stays true.
 */
export class UploadJournal {
	readonly #journal: Journal;
	readonly #key: string;
	readonly #onTrouble: (error: unknown) => void;
	#broken = false;

	private constructor(journal: Journal, key: string, onTrouble: (error: unknown) => void) {
		this.#journal = journal;
		this.#key = key;
		this.#onTrouble = onTrouble;
	}

	/** @returns undefined, after `onTrouble`, where this page gets no storage. */
	static async open(key: string, onTrouble: (error: unknown) => void): Promise<UploadJournal | undefined> {
		try {
			return new UploadJournal(await Journal.open(Date.now()), key, onTrouble);
		} catch (error) {
			onTrouble(error);
			return undefined;
		}
	}

	/** The upload's id, for its record. */
	get key(): string {
		return this.#key;
	}

	/** What an earlier upload of the same source left. */
	record(): Promise<UploadRecord | undefined> {
		return this.#try(() => this.#journal.find(this.#key));
	}

	/** Where the upload of a record can be continued; a record that is of no use is forgotten. */
	async resumePoint(
		record: UploadRecord,
		client: UploadClient,
		signal: AbortSignal,
	): Promise<ResumePoint | undefined> {
		const parts = (await this.#try(() => this.#journal.parts(this.#key))) ?? [];
		const asset = await client.find(record.assetId, signal);
		const point = asset === undefined ? undefined : resumePoint(record, parts, asset);
		if (point === undefined) {
			await this.forget();
		}
		return point;
	}

	async begin(record: UploadRecord): Promise<void> {
		await this.#try(() => this.#journal.begin(record));
	}

	async keep(part: MadePart): Promise<void> {
		await this.#try(() => this.#journal.keep(this.#key, part));
	}

	async acknowledge(part: MadePart): Promise<void> {
		await this.#try(() => this.#journal.acknowledge(this.#key, part));
	}

	async baseDone(group: number): Promise<void> {
		await this.#try(() => this.#journal.baseDone(this.#key, group));
	}

	async advance(checkpoint: Checkpoint): Promise<void> {
		await this.#try(() => this.#journal.advance(this.#key, checkpoint));
	}

	async forget(): Promise<void> {
		await this.#try(() => this.#journal.remove(this.#key));
	}

	close(): void {
		this.#journal.close();
	}

	async #try<T>(step: () => Promise<T>): Promise<T | undefined> {
		if (this.#broken) {
			return undefined;
		}
		try {
			return await step();
		} catch (error) {
			this.#broken = true;
			this.#onTrouble(error);
			return undefined;
		}
	}
}
