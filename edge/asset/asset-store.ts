import type { AssetDetails } from "../../protocol/asset.ts";
import type { AssetEventType } from "../../protocol/webhook.ts";
import type { PartCounts } from "./completion.ts";
import { type Extra, extraName } from "./extras.ts";
import { loadAsset, loadDetails } from "./load-asset.ts";
import { PartStore } from "./part-store.ts";
import { SCHEMA } from "./schema.ts";
import type { AssetSettings } from "./settings.ts";
import {
	cursorAfter,
	type PartialRecord,
	SEGMENTS_WITH_PARTIALS,
	type SegmentStep,
	type TrackFailure,
	type TrackState,
} from "./state.ts";
import type { AssetEvent, StoredAsset } from "./stored-asset.ts";

/** Reads and writes of the rows; each method is one transaction, and Durable Objects confirm nothing before it is on disk. */
export class AssetStore {
	/** Its parts, by track and number. */
	readonly parts: PartStore;
	readonly #storage: DurableObjectStorage;

	constructor(storage: DurableObjectStorage) {
		this.parts = new PartStore(storage);
		this.#storage = storage;
	}

	/** The asset as it was recorded, or undefined where this Durable Object holds none. */
	load(): StoredAsset | undefined {
		return loadAsset(this.#storage.sql, this.parts);
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
				const longest = Math.max(0, ...partials.map((piece) => piece.duration));
				sql.exec(LONGEST, longest);
			}
			sql.exec("UPDATE track SET cursor_part = ?, cursor_sample = ? WHERE id = ?", part, sample, track.id);
			// Not from the first part on: hours of them have no heads any more, and all would be read at every segment.
			sql.exec(
				"UPDATE part SET heads = NULL WHERE track = ? AND number >= ? AND number < ?",
				...[track.id, track.cursor.part, part],
			);
			sql.exec("DELETE FROM chunk WHERE track = ? AND part < ?", track.id, part);
		});
	}

	/** Records that a track has failed; what waits of it is forgotten. */
	recordFailure(track: TrackState, failure: TrackFailure): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			sql.exec("UPDATE track SET failure = ? WHERE id = ?", failure, track.id);
			sql.exec("INSERT OR IGNORE INTO event VALUES (?, ?)", eventKey("asset.track-failed", track.id), Date.now());
			sql.exec("DELETE FROM chunk WHERE track = ?", track.id);
			sql.exec("UPDATE part SET heads = NULL WHERE track = ? AND number >= ?", track.id, track.cursor.part);
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
			// Of a complete asset only what comes long after its last picture stands in no segment.
			if (phase === "ready") sql.exec("DELETE FROM chunk");
			sql.exec("INSERT OR IGNORE INTO event VALUES (?, ?)", event, Date.now());
		});
	}

	/** What webhooks are still to be told, in order. */
	listEvents(): AssetEvent[] {
		const rows = this.#storage.sql.exec<{ type: string; at: number }>("SELECT type, at FROM event ORDER BY at");
		return rows.toArray().map(({ type: key, at }) => {
			const [type, track] = key.split(" ");
			return { type: type as AssetEventType, at, ...(track !== undefined && { track }) };
		});
	}

	/** Records that webhooks know of this. */
	removeEvent({ type, track }: AssetEvent): void {
		this.#storage.sql.exec("DELETE FROM event WHERE type = ?", eventKey(type, track));
	}

	/** Title and the like as they were last changed; undefined where they never were. */
	loadDetails(): AssetDetails | undefined {
		return loadDetails(this.#storage.sql);
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

	/** Records captions or a poster, in the place of those of the same name, whatever tag they came under. */
	recordExtra({ name, file, contentType, label }: Extra): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			this.#retireExtra(name);
			sql.exec("INSERT OR REPLACE INTO extra VALUES (?, ?, ?, ?)", name, file, contentType, label);
			sql.exec("UPDATE asset SET catalogue_behind = 1");
		});
	}

	/** Records that captions or a poster are no longer in force. */
	recordExtraRemoval(name: string): void {
		const sql = this.#storage.sql;
		this.#storage.transactionSync(() => {
			this.#retireExtra(name);
			sql.exec("UPDATE asset SET catalogue_behind = 1");
		});
	}

	#retireExtra(name: string): void {
		for (const { name: written } of this.listExtras() ?? []) {
			if (extraName(written) === name) {
				this.#storage.sql.exec("UPDATE extra SET file = '' WHERE name = ?", written);
			}
		}
	}
}

/** Writes a row only where there was none so long. */
const LONGEST = `INSERT INTO longest_partial VALUES (0, ?)
	ON CONFLICT DO UPDATE SET duration = excluded.duration WHERE excluded.duration > duration`;

/** What an event's row is known by. */
const eventKey = (type: AssetEventType, track?: string): string => (track === undefined ? type : `${type} ${track}`);
