import { encodeHeads } from "./sample-heads.ts";
import type { PartRecord, PartSlice, TrackState } from "./state.ts";

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

/** The parts of an asset, and the bytes of those whose samples stand in no segment yet. */
export class PartStore {
	readonly #storage: DurableObjectStorage;

	constructor(storage: DurableObjectStorage) {
		this.#storage = storage;
	}

	/** Records a part with its sample bytes, `data` in order. */
	insert(track: TrackState, number: number, part: PartRecord, data: Uint8Array, receivedAt: number): void {
		const sql = this.#storage.sql;
		const { digest, bytes, samples, first, last, heads } = part;
		this.#storage.transactionSync(() => {
			sql.exec(
				"INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
				...[track.id, number, receivedAt, digest, bytes, samples, first, last, encodeHeads(heads)],
			);
			for (let offset = 0, index = 0; offset < data.length; offset += CHUNK_BYTES, index++) {
				const chunk = data.slice(offset, offset + CHUNK_BYTES);
				sql.exec("INSERT INTO chunk VALUES (?, ?, ?, ?)", track.id, number, index, chunk);
			}
		});
	}

	/** The bytes of the samples in a slice, one after the other. */
	read(track: TrackState, slice: PartSlice): Uint8Array<ArrayBuffer> {
		const length = slice.heads.reduce((sum, head) => sum + head.size, 0);
		const end = slice.offset + length;
		const bytes = new Uint8Array(length);
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
		return bytes;
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
