import type { PartSample } from "../../protocol/part.ts";
import { decodeHeads, encodeHeads } from "./sample-heads.ts";
import { type SampleHead, sizeOf } from "./segmenter.ts";
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
		part: { readonly digest: string; readonly bytes: Uint8Array; readonly receivedAt: number },
		samples: readonly PartSample[],
	): PartRecord {
		const sql = this.#storage.sql;
		const { length } = part.bytes;
		const [first, last] = [samples[0]?.timestamp ?? 0, samples.at(-1)?.timestamp ?? 0];
		this.#storage.transactionSync(() => {
			sql.exec(
				"INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
				...[track.id, number, part.receivedAt, part.digest, length, samples.length, first, last],
				encodeHeads(samples),
			);
			let index = 0;
			for (const chunk of chunksOf(part.bytes, samples)) {
				sql.exec("INSERT INTO chunk VALUES (?, ?, ?, ?)", track.id, number, index++, chunk);
				chunk.buffer.transfer(0);
			}
		});
		return this.waiting(track, number, { bytes: length, samples: samples.length, last });
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

	/**
	 * The bytes of the samples in a slice, one after the other, a row at a time: each is gone when the next is asked for, and not when
	 * garbage is next collected, for which there may be no time while megabytes are read.
	 * @throws Error where bytes are not there that should be
	 */
	*read(track: TrackState, slice: PartSlice): Generator<Uint8Array, void> {
		const end = slice.offset + sizeOf(slice.heads);
		for (let from = slice.offset; from < end;) {
			const number = Math.floor(from / CHUNK_BYTES);
			const start = number * CHUNK_BYTES;
			const row = this.#readChunk(track, slice.part, number);
			const piece = row.subarray(from - start, end - start);
			const { length } = piece;
			if (length === 0)
				throw new Error(`Part ${slice.part} of track ${track.id} has lost bytes that wait in it.`);
			yield piece;
			row.buffer.transfer(0);
			from += length;
		}
	}

	#readChunk(track: TrackState, part: number, number: number): Uint8Array<ArrayBuffer> {
		const [row] = this.#storage.sql
			.exec<{ data: ArrayBuffer }>(
				"SELECT data FROM chunk WHERE track = ? AND part = ? AND number = ?",
				...[track.id, part, number],
			)
			.toArray();
		return new Uint8Array(row?.data ?? new ArrayBuffer());
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
function* chunksOf(bytes: Uint8Array, samples: readonly PartSample[]): Generator<Uint8Array<ArrayBuffer>, void> {
	let left = sizeOf(samples);
	let chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
	let filled = 0;
	for (const { offset, size } of samples) {
		const end = offset + size;
		for (let from = offset; from < end;) {
			const piece = bytes.subarray(from, Math.min(end, from + chunk.length - filled));
			chunk.set(piece, filled);
			filled += piece.length;
			from += piece.length;
			if (filled < chunk.length) continue;
			left -= filled;
			yield chunk;
			chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
			filled = 0;
		}
	}
}
