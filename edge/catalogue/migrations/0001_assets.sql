-- What is looked up across assets. An asset's own truth is in its Durable Object; its row here follows and can be rebuilt.
-- Times are milliseconds since 1970, durations microseconds.
CREATE TABLE assets (
	id TEXT PRIMARY KEY,
	title TEXT,
	state TEXT NOT NULL CHECK (state IN ('uploading', 'complete')),
	access TEXT NOT NULL CHECK (access IN ('public', 'signed')),
	created_at INTEGER NOT NULL,
	width INTEGER NOT NULL,
	height INTEGER NOT NULL,
	duration INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	enhancements INTEGER NOT NULL
) STRICT;

CREATE INDEX assets_by_time ON assets (created_at DESC, id DESC);

CREATE TABLE api_keys (
	id TEXT PRIMARY KEY,
	-- SHA-256 of the key, hex: the key itself is shown once and kept nowhere.
	hash TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	-- Words of access/api-key.ts, separated by spaces.
	scopes TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	revoked_at INTEGER
) STRICT;
