/** A key as the catalogue knows it: never the key itself. */
export type CatalogueKey = { readonly id: string; readonly name: string; readonly scopes: readonly string[] };

/** The key with this hash (hex), unless it is revoked. */
export const findApiKey = async (database: D1Database, hash: string): Promise<CatalogueKey | undefined> => {
	const row = await database
		.prepare("SELECT id, name, scopes FROM api_keys WHERE hash = ?1 AND revoked_at IS NULL")
		.bind(hash)
		.first<{ id: string; name: string; scopes: string }>();
	return row === null ? undefined : { id: row.id, name: row.name, scopes: row.scopes.split(" ") };
};

/** Adds a key by its hash. */
export const insertApiKey = async (
	database: D1Database,
	key: CatalogueKey & { readonly hash: string; readonly createdAt: number },
): Promise<void> => {
	await database
		.prepare("INSERT INTO api_keys (id, hash, name, scopes, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")
		.bind(key.id, key.hash, key.name, key.scopes.join(" "), key.createdAt)
		.run();
};

/** Revokes a key for good. False where there is none, or it was revoked before. */
export const revokeApiKey = async (database: D1Database, id: string, now: number): Promise<boolean> => {
	const { meta } = await database
		.prepare("UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")
		.bind(id, now)
		.run();
	return meta.changes > 0;
};

/** Keys that are not revoked, the oldest first. */
export const listApiKeys = async (database: D1Database): Promise<(CatalogueKey & { readonly createdAt: number })[]> => {
	const { results } = await database
		.prepare(
			"SELECT id, name, scopes, created_at FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at, id LIMIT 1000",
		)
		.run<{ id: string; name: string; scopes: string; created_at: number }>();
	return results.map((row) => ({
		id: row.id,
		name: row.name,
		scopes: row.scopes.split(" "),
		createdAt: row.created_at,
	}));
};
