import type { PlaybackReport } from "../../protocol/cmcd.ts";
import type { Quality, QualityResponse } from "../../protocol/quality.ts";

/** Days for which reports are kept. */
export const KEPT_DAYS = 90;

/**
 * Adds what players reported. Totals only grow, so the order does not matter, nor how often a report comes. `weight`: how many playbacks
 * each of them stands for.
 */
export const addReports = async (
	database: D1Database,
	asset: string,
	{ day, weight }: { readonly day: string; readonly weight: number },
	reports: readonly PlaybackReport[],
): Promise<void> => {
	if (reports.length === 0) return;
	const statement = database.prepare(
		`INSERT INTO playbacks (asset, session, day, startup_ms, stalls, stalled_ms, played_ms, enhanced_ms,
			dropped_frames, fallback, failed, weight)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, min(?7, ?8), ?9, ?10, ?11, ?12)
		ON CONFLICT (asset, session) DO UPDATE SET startup_ms = coalesce(startup_ms, ?4), stalls = max(stalls, ?5),
			stalled_ms = max(stalled_ms, ?6), played_ms = max(played_ms, ?7),
			enhanced_ms = max(enhanced_ms, min(?7, ?8)), dropped_frames = max(dropped_frames, ?9),
			fallback = coalesce(?10, fallback), failed = max(failed, ?11)`,
	);
	await database.batch(
		reports.map((report) =>
			statement.bind(
				...[asset, report.session, day, report.startupMilliseconds ?? null, report.stalls ?? 0],
				...[report.stalledMilliseconds ?? 0, report.playedMilliseconds ?? 0, report.enhancedMilliseconds ?? 0],
				...[report.droppedFrames ?? 0, report.fallback ?? null, report.failed === true ? 1 : 0],
				weight,
			),
		),
	);
};

/** The quality of experience of an asset in days from `from` on: in all, and day by day. */
export const readQuality = async (database: D1Database, asset: string, from: string): Promise<QualityResponse> => {
	const [totals, days, fallbacks] = await database.batch([
		database.prepare(quality("'all'")).bind(asset, from),
		database.prepare(quality("day")).bind(asset, from),
		database
			.prepare(
				`SELECT fallback, sum(weight) AS playbacks FROM playbacks
				WHERE asset = ?1 AND day >= ?2 AND fallback IS NOT NULL GROUP BY fallback ORDER BY playbacks DESC LIMIT 50`,
			)
			.bind(asset, from),
	]);
	const rows = (days?.results ?? []) as QualityRow[];
	const reasons = (fallbacks?.results ?? []) as { fallback: string; playbacks: number }[];
	return {
		total: qualityOf(((totals?.results ?? []) as QualityRow[])[0]),
		days: rows.map((row) => ({ day: row.day, ...qualityOf(row) })),
		fallbacks: Object.fromEntries(reasons.map(({ fallback, playbacks }) => [fallback, playbacks])),
	};
};

/** Removes reports that are older than they are kept, so many at a time: D1 ends a statement after half a minute. */
export const removeOldReports = async (database: D1Database, before: string, step = 5000): Promise<void> => {
	const statement = database.prepare(
		`DELETE FROM playbacks WHERE (asset, session) IN
			(SELECT asset, session FROM playbacks WHERE day < ?1 LIMIT ?2)`,
	);
	for (let removed = step; removed === step;) removed = (await statement.bind(before, step).run()).meta.changes;
};

/** Sums and quantiles by groups: a quantile is the first value whose rank reaches its share. */
const quality = (group: "day" | "'all'"): string => `
	WITH ranked AS (
		SELECT *, ${group} AS part,
			sum(weight) OVER (
				PARTITION BY ${group} ORDER BY startup_ms NULLS LAST ROWS UNBOUNDED PRECEDING
			) AS rank,
			sum(CASE WHEN startup_ms IS NULL THEN 0 ELSE weight END) OVER (PARTITION BY ${group}) AS started
		FROM playbacks WHERE asset = ?1 AND day >= ?2
	)
	SELECT part AS day, sum(weight) AS playbacks, sum(weight * failed) AS failed,
		sum(weight * stalls) AS stalls, sum(weight * stalled_ms) AS stalled_ms, sum(weight * played_ms) AS played_ms,
		sum(weight * enhanced_ms) AS enhanced_ms, sum(weight * dropped_frames) AS dropped_frames,
		min(CASE WHEN rank >= 0.5 * started THEN startup_ms END) AS p50,
		min(CASE WHEN rank >= 0.95 * started THEN startup_ms END) AS p95
	FROM ranked GROUP BY part ORDER BY part`;

const qualityOf = (row: QualityRow | undefined): Quality => ({
	playbacks: row?.playbacks ?? 0,
	failed: row?.failed ?? 0,
	startupP50: row?.p50 ?? null,
	startupP95: row?.p95 ?? null,
	stalls: row?.stalls ?? 0,
	stalledSeconds: (row?.stalled_ms ?? 0) / 1000,
	playedSeconds: (row?.played_ms ?? 0) / 1000,
	enhancedShare: row === undefined || row.played_ms === 0 ? 0 : row.enhanced_ms / row.played_ms,
	droppedFrames: row?.dropped_frames ?? 0,
});

type QualityRow = {
	day: string;
	playbacks: number;
	failed: number;
	stalls: number;
	stalled_ms: number;
	played_ms: number;
	enhanced_ms: number;
	dropped_frames: number;
	p50: number | null;
	p95: number | null;
};
