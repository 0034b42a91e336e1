/** An asset as lists show it. */
export type CatalogueAsset = {
	readonly id: string;
	readonly title: string | undefined;
	readonly state: "uploading" | "complete";
	readonly access: "public" | "signed";
	/** Milliseconds since 1970. */
	readonly createdAt: number;
	readonly width: number;
	readonly height: number;
	/** Microseconds in segments. */
	readonly duration: number;
	/** Bytes in the store. */
	readonly bytes: number;
	readonly enhancements: number;
};

/** Adds an asset or brings its row up to date. Idempotent. */
export const upsertAsset = async (database: D1Database, asset: CatalogueAsset): Promise<void> => {
	const { id, title, state, access, createdAt, width, height, duration, bytes, enhancements } = asset;
	await database
		.prepare(
			`INSERT INTO assets (id, title, state, access, created_at, width, height, duration, bytes, enhancements)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
			ON CONFLICT (id) DO UPDATE SET state = ?3, duration = ?8, bytes = ?9, enhancements = ?10`,
		)
		.bind(id, title ?? null, state, access, createdAt, width, height, duration, bytes, enhancements)
		.run();
};

/** Removes an asset's row, if there is one. */
export const removeAsset = async (database: D1Database, id: string): Promise<void> => {
	await database.prepare("DELETE FROM assets WHERE id = ?1").bind(id).run();
};

/** Where a page of a list begins: after this asset. */
export type Cursor = { readonly createdAt: number; readonly id: string };

/** Assets, the newest first. */
export const listAssets = async (
	database: D1Database,
	query: { readonly limit: number; readonly after: Cursor | undefined; readonly publicOnly: boolean },
): Promise<CatalogueAsset[]> => {
	const { limit, after, publicOnly } = query;
	const { results } = await database
		.prepare(
			`SELECT id, title, state, access, created_at, width, height, duration, bytes, enhancements FROM assets
			WHERE (?1 = 0 OR (created_at, id) < (?2, ?3)) AND (?4 = 0 OR access = 'public')
			ORDER BY created_at DESC, id DESC LIMIT ?5`,
		)
		.bind(after === undefined ? 0 : 1, after?.createdAt ?? 0, after?.id ?? "", publicOnly ? 1 : 0, limit)
		.run<AssetRow>();
	return results.map(({ created_at, title, ...row }) => ({
		...row,
		title: title ?? undefined,
		createdAt: created_at,
	}));
};

type AssetRow = Omit<CatalogueAsset, "createdAt" | "title"> & {
	readonly created_at: number;
	readonly title: string | null;
};
