-- What people call an asset, and what they search it by: title, description, names and values, in lower case without accents.
ALTER TABLE assets ADD COLUMN description TEXT;
ALTER TABLE assets ADD COLUMN metadata TEXT;
ALTER TABLE assets ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
UPDATE assets SET search_text = lower(coalesce(title, ''));

-- What was delivered, in UTC days: added up by each instance of the Worker for a few seconds, then here.
CREATE TABLE usage (
	asset TEXT NOT NULL,
	-- 2026-11-22
	day TEXT NOT NULL,
	requests INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	PRIMARY KEY (asset, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_day ON usage (day);

-- Where events go. Secrets and messages are in a Durable Object for each.
CREATE TABLE webhooks (
	id TEXT PRIMARY KEY,
	url TEXT NOT NULL,
	-- Words of protocol/webhook.ts, separated by spaces.
	events TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;

-- What players reported of one playback each; every figure only grows, so a report that comes twice or late changes nothing.
CREATE TABLE playbacks (
	asset TEXT NOT NULL,
	session TEXT NOT NULL,
	day TEXT NOT NULL,
	startup_ms INTEGER,
	stalls INTEGER NOT NULL,
	stalled_ms INTEGER NOT NULL,
	played_ms INTEGER NOT NULL,
	enhanced_ms INTEGER NOT NULL,
	dropped_frames INTEGER NOT NULL,
	-- Why the enhancement was not shown, or stopped; the last one reported.
	fallback TEXT,
	failed INTEGER NOT NULL,
	PRIMARY KEY (asset, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX playbacks_by_day ON playbacks (asset, day);
CREATE INDEX playbacks_by_age ON playbacks (day);
