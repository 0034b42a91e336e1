/**
 * An asset in the SQLite of its Durable Object. Rows per part, not per sample: rows written are what is paid for.
 *
 *   asset    one row: settings, phase, whether the catalogue is behind
 *   track    init segment written, parts expected, failure, cursor (the next sample that stands in no segment)
 *   part     digest for ever: a part that comes again is known; heads until its samples are used up
 *   chunk    sample bytes of a part without their framing, until they are used up
 *   segment  what the playlists say
 *   partial  pieces of the latest segments of a low-latency asset
 *   longest_partial  one row: microseconds of the longest piece of all segments there were
 *   details  title and the like, as they were last changed
 *   event    what webhooks are still to be told: its type, and behind a space the track that it is of
 *   extra    captions and posters; without a file where they are removed, so that the list of them is written anew
 */
export const SCHEMA = `
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
CREATE TABLE IF NOT EXISTS longest_partial (
	id INTEGER PRIMARY KEY CHECK (id = 0),
	duration INTEGER NOT NULL
) STRICT;
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

/** Rows as SQLite gives them. */
export type AssetRow = { settings: string; phase: string; catalogue_behind: number };
export type TrackRow = {
	id: string;
	init_bytes: number | null;
	expected: number | null;
	failure: string | null;
	cursor_part: number;
	cursor_sample: number;
};
export type PartRow = { number: number; bytes: number; samples: number; last: number };
