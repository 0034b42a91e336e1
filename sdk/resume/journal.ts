import { openDB } from "idb";
import type { DBSchema, IDBPDatabase } from "idb";
import type { Effort } from "../../codec/enhancement/effort.ts";
import type { AudioTrack, BaseTrack } from "../../codec/track.ts";
import type { MadePart } from "../stages/groups.ts";
import type { Still } from "../stages/stills.ts";

/**
 * What an upload must remember to go on after its page was closed. Three stores:
 *
 * - `uploads`: one record an upload, with the first group of pictures that is not whole (`checkpoint.group`) and how many parts each
 *   track has before it.
 * - `parts`: bytes that the edge has not acknowledged, and those of that group and later ones, which the enhancement still needs or which
 *   must come out the same again.
 * - `stills`: the poster and the pictures of the storyboard, which are sent at the end.
 *
 * A part is written before it is sent and forgotten after it is acknowledged and its group is whole. So, wherever a page dies:
 * what the edge lacks is either here or coded again from the checkpoint on.
 */
export type UploadRecord = {
	/** Fingerprint of the source and the options that decide about bytes. */
	readonly key: string;
	readonly assetId: string;
	/** Milliseconds since 1970. */
	readonly created: number;
	readonly plan: { readonly width: number; readonly height: number; readonly enhanced: boolean };
	/** How the enhancement is coded; undefined without one. A track never holds two kinds. */
	readonly coding: EnhancementCoding | undefined;
	readonly base: BaseTrack;
	readonly audio: AudioTrack | undefined;
	/** Where coding begins again. */
	readonly checkpoint: Checkpoint;
	/** Last group whose base is coded whole; -1 before the first. */
	readonly baseDone: number;
};

/** What decoders of an enhancement must have. */
export type EnhancementCoding = {
	readonly modelId: string;
	/** Version of the bitstream. */
	readonly bitstream: number;
};

/** The state between two groups of pictures. */
export type Checkpoint = {
	/** Number of the first group that is not whole, and how many are. */
	readonly group: number;
	readonly groups: number;
	/** Parts of each track in the groups that are whole. */
	readonly parts: Readonly<Record<string, number>>;
	readonly frames: number;
	/** Microseconds. */
	readonly duration: number;
	readonly bytes: number;
	/** Of the enhancement's encoder from here on. */
	readonly effort: Effort;
	/** Undefined where it goes on. */
	readonly ended: EndedEnhancement | undefined;
};

/** An enhancement that is coded no further. */
export type EndedEnhancement = {
	/** Microseconds of video. */
	readonly at: number;
	/** For people: the end of a sentence. */
	readonly why: string;
	/** Of the warning, where there is nothing of it at all. */
	readonly code: "enhancement-unavailable" | "enhancement-too-slow";
};

/** A part as it is kept. */
export type KeptPart = MadePart & { readonly key: string; readonly acknowledged: boolean };

/** Where the record and the parts of uploads are kept. Every method may reject where storage fails. */
export interface JournalStore {
	find(key: string): Promise<UploadRecord | undefined>;
	/** All kept parts of an upload, in the order of tracks and numbers. */
	parts(key: string): Promise<KeptPart[]>;
	/** Forgets what was there under the record's key. */
	begin(record: UploadRecord): Promise<void>;
	/** All of them or none: of a group whose parts are kept, none is missing. */
	keep(key: string, parts: readonly MadePart[]): Promise<void>;
	/** The edge has the part: forgotten if its group is whole, else kept for a repetition. */
	acknowledge(key: string, part: MadePart): Promise<void>;
	/** The base of `group` is whole. */
	baseDone(key: string, group: number): Promise<void>;
	/** Every layer before the checkpoint is whole: what was kept for repetition only is forgotten. */
	advance(key: string, checkpoint: Checkpoint): Promise<void>;
	/** A still takes the place of one of the same kind and time; there is one poster. */
	keepStill(key: string, still: Still): Promise<void>;
	/** In the order of time. */
	stills(key: string): Promise<Still[]>;
	/** Forgets an upload. */
	remove(key: string): Promise<void>;
	close(): void;
}

interface Schema extends DBSchema {
	uploads: { key: string; value: UploadRecord };
	parts: { key: [string, string, number]; value: KeptPart; indexes: { key: string } };
	stills: { key: [string, number]; value: Still & { readonly key: string; readonly place: number } };
}

const NAME = "crescendo-uploads";

/** Of the stores. A new one forgets what an older one kept: those uploads begin anew. */
const VERSION = 4;

/** Uploads that nobody came back to are forgotten after a week, as the edge forgets them. */
const LIFE_MS = 7 * 86_400_000;

/** The journal of this origin, in IndexedDB. */
export class Journal implements JournalStore {
	readonly #database: IDBPDatabase<Schema>;

	private constructor(database: IDBPDatabase<Schema>) {
		this.#database = database;
	}

	/**
	 * @param now milliseconds since 1970. @throws DOMException where storage is refused, or a page that was loaded before the version changed
	 * is uploading.
	 */
	static async open(now: number): Promise<Journal> {
		const inUse = Promise.withResolvers<never>();
		const opening = openDB<Schema>(NAME, VERSION, {
			// What goes on there is not disturbed, and what begins here does not wait for its end.
			blocked: () =>
				inUse.reject(new DOMException("An older version of this page uses it.", "InvalidStateError")),
			upgrade(fresh) {
				for (const name of fresh.objectStoreNames) {
					fresh.deleteObjectStore(name);
				}
				fresh.createObjectStore("stills", { keyPath: ["key", "place"] });
				fresh.createObjectStore("uploads", { keyPath: "key" });
				const parts = fresh.createObjectStore("parts", { keyPath: ["key", "track", "number"] });
				parts.createIndex("key", "key");
			},
		});
		const database = await Promise.race([opening, inUse.promise]).catch((error: unknown) => {
			opening.then((late) => late.close()).catch(() => undefined);
			throw error;
		});
		const journal = new Journal(database);
		for (const { key, created } of await database.getAll("uploads")) {
			if (now - created > LIFE_MS) {
				await journal.remove(key);
			}
		}
		return journal;
	}

	find(key: string): Promise<UploadRecord | undefined> {
		return this.#database.get("uploads", key);
	}

	parts(key: string): Promise<KeptPart[]> {
		return this.#database.getAllFromIndex("parts", "key", key);
	}

	async begin(record: UploadRecord): Promise<void> {
		await this.remove(record.key);
		await this.#database.put("uploads", record);
	}

	async keep(key: string, parts: readonly MadePart[]): Promise<void> {
		const transaction = this.#database.transaction("parts", "readwrite");
		const puts = parts.map((part) => transaction.store.put({ ...part, key, acknowledged: false }));
		await Promise.all([...puts, transaction.done]);
	}

	async acknowledge(key: string, part: MadePart): Promise<void> {
		const transaction = this.#database.transaction(["uploads", "parts"], "readwrite");
		const record = await transaction.objectStore("uploads").get(key);
		const parts = transaction.objectStore("parts");
		const id: [string, string, number] = [key, part.track, part.number];
		if (record === undefined || part.group < record.checkpoint.group) {
			await parts.delete(id);
		} else {
			await parts.put({ ...part, key, acknowledged: true });
		}
		await transaction.done;
	}

	async baseDone(key: string, group: number): Promise<void> {
		const transaction = this.#database.transaction("uploads", "readwrite");
		const record = await transaction.store.get(key);
		if (record !== undefined && group > record.baseDone) {
			await transaction.store.put({ ...record, baseDone: group });
		}
		await transaction.done;
	}

	async advance(key: string, checkpoint: Checkpoint): Promise<void> {
		const transaction = this.#database.transaction(["uploads", "parts"], "readwrite");
		const uploads = transaction.objectStore("uploads");
		const record = await uploads.get(key);
		if (record !== undefined) {
			await uploads.put({ ...record, checkpoint });
		}
		let cursor = await transaction.objectStore("parts").index("key").openCursor(key);
		while (cursor !== null) {
			if (cursor.value.acknowledged && cursor.value.group < checkpoint.group) {
				await cursor.delete();
			}
			cursor = await cursor.continue();
		}
		await transaction.done;
	}

	async keepStill(key: string, still: Still): Promise<void> {
		await this.#database.put("stills", { ...still, key, place: placeOf(still) });
	}

	async stills(key: string): Promise<Still[]> {
		const kept = await this.#database.getAll("stills", allOf(key));
		return kept.map(({ kind, timestamp, bytes }) => ({ kind, timestamp, bytes }));
	}

	async remove(key: string): Promise<void> {
		const transaction = this.#database.transaction(["uploads", "parts", "stills"], "readwrite");
		await transaction.objectStore("stills").delete(allOf(key));
		await transaction.objectStore("uploads").delete(key);
		let cursor = await transaction.objectStore("parts").index("key").openKeyCursor(key);
		while (cursor !== null) {
			await transaction.objectStore("parts").delete(cursor.primaryKey);
			cursor = await cursor.continue();
		}
		await transaction.done;
	}

	close(): void {
		this.#database.close();
	}
}

/** Where a still stands among those of its upload. */
export const placeOf = ({ kind, timestamp }: Still): number => (kind === "poster" ? -1 : timestamp);

const allOf = (key: string): IDBKeyRange => IDBKeyRange.bound([key, -1], [key, Number.POSITIVE_INFINITY]);
