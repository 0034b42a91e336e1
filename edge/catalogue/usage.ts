/** What was delivered in a UTC day. */
export type UsageDay = { readonly day: string; readonly requests: number; readonly bytes: number };

/** What one instance of the Worker delivered of an asset since it last said so. */
export type Delivered = { readonly asset: string; readonly requests: number; readonly bytes: number };

/** Adds what was delivered. */
export const addUsage = async (database: D1Database, day: string, delivered: readonly Delivered[]): Promise<void> => {
	if (delivered.length === 0) return;
	const statement = database.prepare(
		`INSERT INTO usage (asset, day, requests, bytes) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (asset, day) DO UPDATE SET requests = requests + ?3, bytes = bytes + ?4`,
	);
	await database.batch(delivered.map(({ asset, requests, bytes }) => statement.bind(asset, day, requests, bytes)));
};

/** What was delivered of one asset, or of all, in days from `from` on, the oldest first. */
export const listUsage = async (database: D1Database, from: string, asset?: string): Promise<UsageDay[]> => {
	const { results } = await database
		.prepare(
			`SELECT day, sum(requests) AS requests, sum(bytes) AS bytes FROM usage
			WHERE day >= ?1 AND (?2 IS NULL OR asset = ?2) GROUP BY day ORDER BY day`,
		)
		.bind(from, asset ?? null)
		.run<UsageDay>();
	return results;
};

/** What is stored of all assets: their number, bytes, and microseconds. */
export const storedTotals = async (
	database: D1Database,
): Promise<{ readonly assets: number; readonly bytes: number; readonly duration: number }> => {
	const row = await database
		.prepare("SELECT count(*) AS assets, total(bytes) AS bytes, total(duration) AS duration FROM assets")
		.first<{ assets: number; bytes: number; duration: number }>();
	return row ?? { assets: 0, bytes: 0, duration: 0 };
};

/** `2026-11-22` of a time in milliseconds since 1970. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
