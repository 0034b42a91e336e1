import type { AssetDetails } from "../../protocol/asset.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import type { PartStore } from "./part-store.ts";
import { type AssetRow, type PartRow, SCHEMA, type TrackRow } from "./schema.ts";
import type { SegmentLimits } from "./segmenter.ts";
import type { AssetSettings } from "./settings.ts";
import {
	type AssetState,
	newTrackState,
	type PartialRecord,
	type Phase,
	receivedBytes,
	recordPart,
	SEGMENTS_WITH_PARTIALS,
	type SegmentRecord,
	type TrackFailure,
	type TrackState,
} from "./state.ts";
import type { StoredAsset } from "./stored-asset.ts";

/** The asset as it was recorded, or undefined where this Durable Object holds none. */
export const loadAsset = (sql: SqlStorage, parts: PartStore): StoredAsset | undefined => {
	if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'asset'").toArray().length === 0) return undefined;
	// Brings tables to an asset that is older than they are.
	sql.exec(SCHEMA);
	const [row] = sql.exec<AssetRow>("SELECT settings, phase, catalogue_behind FROM asset").toArray();
	if (row === undefined) return undefined;
	const written = JSON.parse(row.settings) as AssetSettings;
	// An asset may be older than a limit.
	const settings = { ...written, limits: { ...DEFAULT_LIMITS, ...written.limits } };
	const tracks = orderedTracks(settings).map(({ id, kind }) => loadTrack(sql, parts, newTrackState(id, kind)));
	const { partialMilliseconds, title } = settings.request;
	const state: AssetState = {
		phase: row.phase as Phase,
		segmentTarget: settings.limits.segmentMilliseconds * 1000,
		segmentLimits: segmentLimits(settings),
		partialTarget: partialMilliseconds === undefined ? undefined : partialMilliseconds * 1000,
		longestPartial: Math.max(
			loadLongestPartial(sql),
			...tracks.flatMap(({ segments }) => latestPartials(segments)),
		),
		tracks,
		boundaries: boundariesOf(parts, tracks[0]),
	};
	const details = loadDetails(sql) ?? (title === undefined ? {} : { title });
	// What came before a pause is told with the first part after it; a new asset has been told just now.
	const growthTold = { at: receivedBytes(state) === 0 ? Date.now() : 0, received: 0 };
	return { settings, state, details, catalogueBehind: row.catalogue_behind !== 0, growthTold };
};

const segmentLimits = ({ limits, request }: AssetSettings): SegmentLimits => {
	const { segmentBytes, lowLatencySegmentBytes, segmentSamples, segmentSeconds } = limits;
	const isLowLatency = request.partialMilliseconds !== undefined;
	return {
		bytes: isLowLatency ? Math.min(segmentBytes, lowLatencySegmentBytes) : segmentBytes,
		samples: segmentSamples,
		duration: segmentSeconds * 1_000_000,
	};
};

/** Title and the like as they were last changed; undefined where they never were. */
export const loadDetails = (sql: SqlStorage): AssetDetails | undefined => {
	const [row] = sql.exec<{ details: string }>("SELECT details FROM details").toArray();
	return row === undefined ? undefined : (JSON.parse(row.details) as AssetDetails);
};

/** Boundaries follow from the base's first sample and the durations of its segments. */
const boundariesOf = (parts: PartStore, base: TrackState | undefined): number[] => {
	if (base === undefined || base.segments.length === 0) return [];
	const boundaries = [parts.find(base, 0)?.first ?? 0];
	for (const { duration } of base.segments) boundaries.push((boundaries.at(-1) ?? 0) + duration);
	return boundaries;
};

/** Fills in what is recorded of a track. */
const loadTrack = (sql: SqlStorage, parts: PartStore, track: TrackState): TrackState => {
	const { id } = track;
	const row = sql.exec<TrackRow>("SELECT * FROM track WHERE id = ?", id).one();
	track.initBytes = row.init_bytes ?? undefined;
	track.expected = row.expected ?? undefined;
	track.failure = (row.failure as TrackFailure | null) ?? undefined;
	track.cursor = { part: row.cursor_part, sample: row.cursor_sample };
	track.contiguous = row.cursor_part;
	track.contiguousTime = parts.find(track, row.cursor_part - 1)?.last ?? -1;
	loadWaitingParts(sql, parts, track);
	const received = sql.exec<{ sum: number }>("SELECT total(bytes) AS sum FROM part WHERE track = ?", id);
	track.receivedBytes = received.one().sum;
	loadSegments(sql, track);
	return track;
};

const loadWaitingParts = (sql: SqlStorage, parts: PartStore, track: TrackState): void => {
	const waiting = "SELECT number, bytes, samples, last FROM part WHERE track = ? AND number >= ? ORDER BY number";
	for (const { number, ...part } of sql.exec<PartRow>(waiting, track.id, track.cursor.part)) {
		recordPart(track, number, parts.waiting(track, number, part));
	}
};

const loadSegments = (sql: SqlStorage, { id, segments }: TrackState): void => {
	const rows = sql.exec<Omit<SegmentRecord, "partials">>(
		"SELECT duration, bytes, samples FROM segment WHERE track = ? ORDER BY number",
		id,
	);
	for (const { duration, bytes, samples } of rows) segments.push({ duration, bytes, samples });
	const pieces = sql.exec<{ segment: number; pieces: string }>(
		"SELECT segment, pieces FROM partial WHERE track = ?",
		id,
	);
	for (const { segment, pieces: text } of pieces) {
		segments.setPartials(segment, JSON.parse(text) as PartialRecord[]);
	}
};

/** Microseconds of the longest piece that was recorded; 0.6.0 recorded none. */
const loadLongestPartial = (sql: SqlStorage): number =>
	sql.exec<{ duration: number }>("SELECT duration FROM longest_partial").toArray()[0]?.duration ?? 0;

/** Microseconds of the pieces that are known. */
const latestPartials = (segments: TrackState["segments"]): number[] =>
	Array.from({ length: SEGMENTS_WITH_PARTIALS }, (_, back) => segments.at(-1 - back)?.partials ?? [])
		.flat()
		.map(({ duration }) => duration);

/** The base first: the state asks for it. */
const orderedTracks = (settings: AssetSettings) =>
	settings.request.tracks.toSorted((left, right) => Number(right.kind === "base") - Number(left.kind === "base"));
