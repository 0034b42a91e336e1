import type { AssetDetails } from "../../protocol/asset.ts";
import type { AssetEventType } from "../../protocol/webhook.ts";
import type { PartCounts } from "./completion.ts";
import type { Extra } from "./extras.ts";
import { decodeHeads, encodeHeads } from "./sample-heads.ts";
import type { AssetSettings } from "./settings.ts";
import {
	type AssetState,
	cursorAfter,
	newTrackState,
	type PartialRecord,
	type PartRecord,
	type PartSlice,
	type Phase,
	recordPart,
	type SegmentRecord,
	SEGMENTS_WITH_PARTIALS,
	type SegmentStep,
	type TrackFailure,
	type TrackState,
} from "./state.ts";

/** A row holds at most 2 MB: sample bytes of a part are kept in rows of this many. */
const CHUNK_BYTES = 2 ** 20;

/**
 * An asset in the SQLite of its Durable Object. Rows per part, not per sample: rows written are what is paid for.
 *
 *   asset    one row: settings, phase, whether the catalogue is behind
 *   track    init segment written, parts expected, failure, cursor (the next sample that stands in no segment)
 *   part     digest for ever: a part that comes again is known; heads until its samples are used up
 *   chunk    sample bytes of a part without their framing, until they are used up
 *   segment  what the playlists say
 *   partial  pieces of the latest segments of a low-latency asset
 *   details  title and the like, as they were last changed
 *   event    what webhooks are still to be told
 *   extra    captions and posters; without a file where they are removed, so that the list of them is written anew
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS asset (
	id INTEGER PRIMARY KEY CHECK (id = 0),
	settings TEXT NOT NULL,
	phase TEXT NOT NULL,
	catalogue_behind INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS track (
	id TEXT PRIMARY KEY,
	init_bytes INTEGER,
	expected INTEGER,
	failure TEXT,
	cursor_part INTEGER NOT NULL,
	cursor_sample INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS part (
	track TEXT NOT NULL,
	number INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	digest TEXT NOT NULL,
	bytes INTEGER NOT NULL,
	samples INTEGER NOT NULL,
	first INTEGER NOT NULL,
	last INTEGER NOT NULL,
	heads BLOB,
	PRIMARY KEY (track, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunk (
	track TEXT NOT NULL,
	part INTEGER NOT NULL,
	number INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (track, part, number)
) STRICT;
CREATE TABLE IF NOT EXISTS segment (
	track TEXT NOT NULL,
	number INTEGER NOT NULL,
	duration INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	samples INTEGER NOT NULL,
	PRIMARY KEY (track, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS partial (
	track TEXT NOT NULL,
	segment INTEGER NOT NULL,
	pieces TEXT NOT NULL,
	PRIMARY KEY (track, segment)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS details (
	id INTEGER PRIMARY KEY CHECK (id = 0),
	details TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS event (
	type TEXT PRIMARY KEY,
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS extra (
	name TEXT PRIMARY KEY,
	file TEXT NOT NULL,
	content_type TEXT NOT NULL,
	label TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Something that webhooks are told of an asset; each once. `at` in milliseconds since 1970. */
export type AssetEvent = { type: AssetEventType; at: number };

/** What `load` finds. */
export type StoredAsset = {
	readonly settings: AssetSettings;
	readonly state: AssetState;
	details: AssetDetails;
	/** The catalogue's row or the list of extras is not yet what it should be. */
	catalogueBehind: boolean;
};

/** Reads and writes of the rows; each method is one transaction, and Durable Objects confirm nothing before it is on disk. */
export class AssetStore {
	readonly #storage: DurableObjectStorage;

	constructor(storage: DurableObjectStorage) {
		this.#storage = storage;
	}

	/** The asset as it was recorded, or undefined where this Durable Object holds none. */
	load(): StoredAsset | undefined {
		const sql = this.#storage.sql;
		if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'asset'").toArray().length === 0) return undefined;
		// Brings tables to an asset that is older than they are.
		sql.exec(SCHEMA);
		const [row] = sql.exec<AssetRow>("SELECT settings, phase, catalogue_behind FROM asset").toArray();
		if (row === undefined) return undefined;
		const settings = JSON.parse(row.settings) as AssetSettings;
		const tracks = orderedTracks(settings).map(({ id, kind }) => this.#loadTrack(id, kind));
		const { segmentMilliseconds, segmentBytes, segmentSeconds } = settings.limits;
		const { partialMilliseconds } = settings.request;
		const state: AssetState = {
			phase: row.phase as Phase,
			segmentTarget: segmentMilliseconds * 1000,
			segmentLimits: { bytes: segmentBytes, duration: segmentSeconds * 1_000_000 },
			partialTarget: partialMilliseconds === undefined ? undefined : partialMilliseconds * 1000,
			tracks,
			boundaries: this.#loadBoundaries(tracks[0]),
		};
		const { title } = settings.request;
		const details = this.loadDetails() ?? (title === undefined ? {} : { title });
		return { settings, state, details, catalogueBehind: row.catalogue_behind !== 0 };
	}

	/** Records a new asset, about which the catalogue does not know yet. */
	create(settings: AssetSettings): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			sql.exec(SCHEMA);
			sql.exec("INSERT INTO asset VALUES (0, ?, 'open', 1)", JSON.stringify(settings));
			sql.exec("INSERT INTO event VALUES ('asset.created', ?)", settings.createdAt);
			for (const { id } of settings.request.tracks) {
				sql.exec("INSERT INTO track (id, cursor_part, cursor_sample) VALUES (?, 0, 0)", id);
			}
		});
	}

	/** Records a part with its sample bytes, `data` in order. */
	insertPart(track: TrackState, number: number, part: PartRecord, data: Uint8Array, receivedAt: number): void {
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
	readSlice(track: TrackState, slice: PartSlice): Uint8Array<ArrayBuffer> {
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

	/** Records that a track's init segment is stored. */
	recordInit(track: TrackState, bytes: number): void {
		this.#storage.sql.exec("UPDATE track SET init_bytes = ? WHERE id = ?", bytes, track.id);
	}

	/** Records a segment that is stored: its row and pieces, where the next begins, and that parts are used up. */
	recordSegment(
		{ track, number, cut, duration }: SegmentStep,
		bytes: number,
		partials: readonly PartialRecord[] | undefined,
	): void {
		const sql = this.#storage.sql;
		const { part, sample } = cursorAfter(track, cut.count);
		this.#storage.transactionSync(() => {
			sql.exec("INSERT INTO segment VALUES (?, ?, ?, ?, ?)", ...[track.id, number, duration, bytes, cut.count]);
			if (partials !== undefined) {
				sql.exec("INSERT INTO partial VALUES (?, ?, ?)", track.id, number, JSON.stringify(partials));
				const forgotten = number - SEGMENTS_WITH_PARTIALS;
				sql.exec("DELETE FROM partial WHERE track = ? AND segment <= ?", track.id, forgotten);
			}
			sql.exec("UPDATE track SET cursor_part = ?, cursor_sample = ? WHERE id = ?", part, sample, track.id);
			sql.exec(
				"UPDATE part SET heads = NULL WHERE track = ? AND number < ? AND heads IS NOT NULL",
				track.id,
				part,
			);
			sql.exec("DELETE FROM chunk WHERE track = ? AND part < ?", track.id, part);
		});
	}

	/** Records that a track has failed; what waits of it is forgotten. */
	recordFailure(track: TrackState, failure: TrackFailure): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			sql.exec("UPDATE track SET failure = ? WHERE id = ?", failure, track.id);
			sql.exec("INSERT OR IGNORE INTO event VALUES ('asset.track-failed', ?)", Date.now());
			sql.exec("DELETE FROM chunk WHERE track = ?", track.id);
		});
	}

	/** Records how many parts each track has, and that no more will come. */
	recordCompletion(counts: PartCounts): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			for (const [id, parts] of counts) sql.exec("UPDATE track SET expected = ? WHERE id = ?", parts, id);
			sql.exec("UPDATE asset SET phase = 'completing'");
		});
	}

	/** Records that the asset has gone on to another phase, which the catalogue and webhooks do not know yet. */
	recordPhase(phase: "ready" | "deleting"): void {
		const sql = this.#storage.sql;
		const event = phase === "ready" ? "asset.ready" : "asset.deleted";
		this.#storage.transactionSync(() => {
			sql.exec("UPDATE asset SET phase = ?, catalogue_behind = 1", phase);
			sql.exec("INSERT OR IGNORE INTO event VALUES (?, ?)", event, Date.now());
		});
	}

	/** What webhooks are still to be told, in order. */
	listEvents(): AssetEvent[] {
		return this.#storage.sql.exec<AssetEvent>("SELECT type, at FROM event ORDER BY at").toArray();
	}

	/** Records that webhooks know of this. */
	removeEvent({ type }: AssetEvent): void {
		this.#storage.sql.exec("DELETE FROM event WHERE type = ?", type);
	}

	/** Title and the like as they were last changed; undefined where they never were. */
	loadDetails(): AssetDetails | undefined {
		const [row] = this.#storage.sql.exec<{ details: string }>("SELECT details FROM details").toArray();
		return row === undefined ? undefined : (JSON.parse(row.details) as AssetDetails);
	}

	/** Records title and the like, which the catalogue does not know yet. */
	recordDetails(details: AssetDetails): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			sql.exec("INSERT OR REPLACE INTO details VALUES (0, ?)", JSON.stringify(details));
			sql.exec("UPDATE asset SET catalogue_behind = 1");
		});
	}

	/** Records that the catalogue knows the asset as it is. */
	recordCatalogued(): void {
		this.#storage.sql.exec("UPDATE asset SET catalogue_behind = 0");
	}

	/** The captions and posters in force, by name; undefined where there never were any. */
	listExtras(): Extra[] | undefined {
		const rows = this.#storage.sql
			.exec<{ name: string; file: string; content_type: string; label: string }>(
				"SELECT name, file, content_type, label FROM extra ORDER BY name",
			)
			.toArray();
		if (rows.length === 0) return undefined;
		const inForce = rows.filter(({ file }) => file !== "");
		return inForce.map(({ content_type, ...extra }) => ({ ...extra, contentType: content_type }));
	}

	/** Records captions or a poster, in the place of those of the same name. */
	recordExtra({ name, file, contentType, label }: Extra): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			sql.exec("INSERT OR REPLACE INTO extra VALUES (?, ?, ?, ?)", name, file, contentType, label);
			sql.exec("UPDATE asset SET catalogue_behind = 1");
		});
	}

	/** Records that captions or a poster are no longer in force. */
	recordExtraRemoval(name: string): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			sql.exec("UPDATE extra SET file = '' WHERE name = ?", name);
			sql.exec("UPDATE asset SET catalogue_behind = 1");
		});
	}

	/** When the last part came, milliseconds since 1970; undefined where none has. */
	lastReceived(): number | undefined {
		const [row] = this.#storage.sql
			.exec<{ at: number | null }>("SELECT max(received_at) AS at FROM part")
			.toArray();
		return row?.at ?? undefined;
	}

	/** A part by its number, whether its samples are used up or not. */
	findPart(track: TrackState, number: number): StoredPart | undefined {
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

	#onePart(condition: string, track: TrackState, number: number): StoredPart | undefined {
		return this.#storage.sql
			.exec<StoredPart>(
				`SELECT digest, bytes, samples, first, last FROM part WHERE track = ? AND ${condition}`,
				track.id,
				number,
			)
			.toArray()[0];
	}

	/** Boundaries follow from the base's first sample and the durations of its segments. */
	#loadBoundaries(base: TrackState | undefined): number[] {
		if (base === undefined || base.segments.length === 0) return [];
		const boundaries = [this.findPart(base, 0)?.first ?? 0];
		for (const { duration } of base.segments) boundaries.push((boundaries.at(-1) ?? 0) + duration);
		return boundaries;
	}

	#loadTrack(id: string, kind: TrackState["kind"]): TrackState {
		const sql = this.#storage.sql;
		const track = newTrackState(id, kind);
		const row = sql.exec<TrackRow>("SELECT * FROM track WHERE id = ?", id).one();
		track.initBytes = row.init_bytes ?? undefined;
		track.expected = row.expected ?? undefined;
		track.failure = (row.failure as TrackFailure | null) ?? undefined;
		track.cursor = { part: row.cursor_part, sample: row.cursor_sample };
		track.contiguous = row.cursor_part;
		track.contiguousTime = this.findPart(track, row.cursor_part - 1)?.last ?? -1;
		const waiting = "SELECT * FROM part WHERE track = ? AND number >= ? ORDER BY number";
		for (const part of sql.exec<PartRow>(waiting, id, row.cursor_part)) {
			const { number, digest, bytes, samples, first, last, heads } = part;
			if (heads === null) throw new Error(`Part ${number} of track ${id} waits without its heads.`);
			recordPart(track, number, { digest, bytes, samples, first, last, heads: decodeHeads(heads) });
		}
		track.receivedBytes = sql
			.exec<{ sum: number }>("SELECT total(bytes) AS sum FROM part WHERE track = ?", id)
			.one().sum;
		for (const { duration, bytes, samples } of sql.exec<Omit<SegmentRecord, "partials">>(
			"SELECT duration, bytes, samples FROM segment WHERE track = ? ORDER BY number",
			id,
		)) {
			track.segments.push({ duration, bytes, samples });
		}
		for (const { segment, pieces } of sql.exec<{ segment: number; pieces: string }>(
			"SELECT segment, pieces FROM partial WHERE track = ?",
			id,
		)) {
			const record = track.segments[segment];
			if (record !== undefined) {
				track.segments[segment] = { ...record, partials: JSON.parse(pieces) as PartialRecord[] };
			}
		}
		return track;
	}
}

/** The base first: the state asks for it. */
const orderedTracks = (settings: AssetSettings) =>
	settings.request.tracks.toSorted((left, right) => Number(right.kind === "base") - Number(left.kind === "base"));

/** A part without its samples. */
export type StoredPart = { digest: string; bytes: number; samples: number; first: number; last: number };
type AssetRow = { settings: string; phase: string; catalogue_behind: number };
type TrackRow = {
	id: string;
	init_bytes: number | null;
	expected: number | null;
	failure: string | null;
	cursor_part: number;
	cursor_sample: number;
};
type PartRow = {
	number: number;
	digest: string;
	bytes: number;
	samples: number;
	first: number;
	last: number;
	heads: ArrayBuffer | null;
};
