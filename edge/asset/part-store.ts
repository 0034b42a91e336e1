import type { Sample } from "../../codec/sample.ts";
import { decodeHeads, encodeHeads } from "./sample-heads.ts";
import type { SampleHead } from "./segmenter.ts";
import type { PartRecord, PartSlice, TrackState } from "./state.ts";
import { WaitingHeads } from "./waiting-heads.ts";

/** A row holds at most 2 MB: sample bytes of a part are kept in rows of this many. */
const CHUNK_BYTES = 2 ** 20;

/** A part without its samples. */
export type StoredPart = {
	readonly digest: string;
	readonly bytes: number;
	readonly samples: number;
	readonly first: number;
	readonly last: number;
};

/** The parts of an asset, and the heads and bytes of those whose samples stand in no segment yet. */
export class PartStore {
	readonly #storage: DurableObjectStorage;
	readonly #heads = new WaitingHeads();

	constructor(storage: DurableObjectStorage) {
		this.#storage = storage;
	}

	/** Records a part with its samples. Answers what the state remembers of it. */
	insert(
		track: TrackState,
		number: number,
		part: { readonly digest: string; readonly bytes: number; readonly receivedAt: number },
		samples: readonly Sample[],
	): PartRecord {
		const sql = this.#storage.sql;
		const heads = samples.map(({ data, timestamp, duration, sync }) => ({
			...{ timestamp, duration, sync, size: data.length },
		}));
		const [first, last] = [heads[0]?.timestamp ?? 0, heads.at(-1)?.timestamp ?? 0];
		this.#storage.transactionSync(() => {
			sql.exec(
				"INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
				...[track.id, number, part.receivedAt, part.digest, part.bytes, heads.length, first, last],
				encodeHeads(heads),
			);
			let index = 0;
			for (const chunk of chunksOf(samples)) {
				sql.exec("INSERT INTO chunk VALUES (?, ?, ?, ?)", track.id, number, index++, chunk);
			}
		});
		return this.waiting(track, number, { bytes: part.bytes, samples: heads.length, last });
	}

	/** What the state remembers of a part that waits. Its heads are read when they are asked for: hours of audio may wait. */
	waiting({ id }: TrackState, number: number, part: Omit<PartRecord, "heads">): PartRecord {
		return new WaitingPart(this, id, number, part);
	}

	/** The heads of a part that waits. */
	heads(track: string, number: number): readonly SampleHead[] {
		return this.#heads.get(track, number, () => this.#readHeads(track, number));
	}

	#readHeads(track: string, number: number): readonly SampleHead[] {
		const [row] = this.#storage.sql
			.exec<{ heads: ArrayBuffer | null }>("SELECT heads FROM part WHERE track = ? AND number = ?", track, number)
			.toArray();
		if (row?.heads == null) throw new Error(`Part ${number} of track ${track} waits without its heads.`);
		return decodeHeads(row.heads);
	}

	/** Fills in the bytes of the samples in a slice, one after the other: as many as `bytes` has. */
	read(track: TrackState, slice: PartSlice, bytes: Uint8Array): void {
		const { length } = bytes;
		const end = slice.offset + length;
		const rows = this.#storage.sql.exec<{ number: number; data: ArrayBuffer }>(
			"SELECT number, data FROM chunk WHERE track = ? AND part = ? AND number >= ? AND number < ? ORDER BY number",
			...[track.id, slice.part, Math.floor(slice.offset / CHUNK_BYTES), Math.ceil(end / CHUNK_BYTES)],
		);
		let filled = 0;
		for (const { number, data } of rows) {
			const start = number * CHUNK_BYTES;
			const from = Math.max(0, slice.offset - start);
			const piece = new Uint8Array(data).subarray(from, Math.min(data.byteLength, end - start));
			bytes.set(piece, start + from - slice.offset);
			filled += piece.length;
		}
		if (filled !== length)
			throw new Error(`Part ${slice.part} of track ${track.id} has lost bytes that wait in it.`);
	}

	/** A part by its number, whether its samples are used up or not. */
	find(track: TrackState, number: number): StoredPart | undefined {
		return this.#onePart("number = ?", track, number);
	}

	/** The nearest parts before and after a number that are there. */
	findNeighbours(
		track: TrackState,
		number: number,
	): { before: StoredPart | undefined; after: StoredPart | undefined } {
		return {
			before: this.#onePart("number < ? ORDER BY number DESC LIMIT 1", track, number),
			after: this.#onePart("number > ? ORDER BY number LIMIT 1", track, number),
		};
	}

	/** When the last part came, milliseconds since 1970; undefined where none has. */
	lastReceived(): number | undefined {
		const [row] = this.#storage.sql
			.exec<{ at: number | null }>("SELECT max(received_at) AS at FROM part")
			.toArray();
		return row?.at ?? undefined;
	}

	#onePart(condition: string, track: TrackState, number: number): StoredPart | undefined {
		return this.#storage.sql
			.exec<StoredPart>(
				`SELECT digest, bytes, samples, first, last FROM part WHERE track = ? AND ${condition}`,
				track.id,
				number,
			)
			.toArray()[0];
	}
}

/** A part that waits: a few numbers, and where its heads are. */
class WaitingPart implements PartRecord {
	readonly bytes: number;
	readonly samples: number;
	readonly last: number;
	readonly #store: PartStore;
	readonly #track: string;
	readonly #number: number;

	constructor(store: PartStore, track: string, number: number, part: Omit<PartRecord, "heads">) {
		this.bytes = part.bytes;
		this.samples = part.samples;
		this.last = part.last;
		this.#store = store;
		this.#track = track;
		this.#number = number;
	}

	get heads(): readonly SampleHead[] {
		return this.#store.heads(this.#track, this.#number);
	}
}

/** The bytes of samples in pieces of `CHUNK_BYTES`, one at a time: never all of them twice in memory. */
function* chunksOf(samples: readonly Sample[]): Generator<Uint8Array, void> {
	let left = samples.reduce((sum, { data }) => sum + data.length, 0);
	let chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
	let filled = 0;
	for (const { data } of samples) {
		for (let from = 0; from < data.length;) {
			const piece = data.subarray(from, from + chunk.length - filled);
			chunk.set(piece, filled);
			filled += piece.length;
			from += piece.length;
			if (filled < chunk.length) continue;
			yield chunk;
			left -= filled;
			chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
			filled = 0;
		}
	}
}
