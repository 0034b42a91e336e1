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
	readonly description: string | undefined;
	readonly metadata: Readonly<Record<string, string>> | undefined;
};

/** Adds an asset or brings its row up to date. Idempotent. */
export const upsertAsset = async (database: D1Database, asset: CatalogueAsset): Promise<void> => {
	const { id, title, state, access, createdAt, width, height, duration, bytes, enhancements } = asset;
	const { description, metadata } = asset;
	await database
		.prepare(
			`INSERT INTO assets (id, title, state, access, created_at, width, height, duration, bytes, enhancements,
				description, metadata, search_text)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
			ON CONFLICT (id) DO UPDATE SET title = ?2, state = ?3, duration = ?8, bytes = ?9, enhancements = ?10,
				description = ?11, metadata = ?12, search_text = ?13`,
		)
		.bind(
			...[id, title ?? null, state, access, createdAt, width, height, duration, bytes, enhancements],
			...[description ?? null, metadata === undefined ? null : JSON.stringify(metadata), searchText(asset)],
		)
		.run();
};

const searchText = ({ id, title = "", description = "", metadata = {} }: CatalogueAsset): string =>
	fold([id, title, description, ...Object.entries(metadata).flat()].join("\n"));

/** Lower case without accents: what is searched, and what is searched for. */
const fold = (text: string): string => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** Most words of a search; every one must be there. */
const SEARCH_WORDS = 8;

/** Removes an asset's row and what players reported of it. What was delivered stays on record. Idempotent. */
export const removeAsset = async (database: D1Database, id: string): Promise<void> => {
	await database.batch([
		database.prepare("DELETE FROM assets WHERE id = ?1").bind(id),
		database.prepare("DELETE FROM playbacks WHERE asset = ?1").bind(id),
	]);
};

/** Where a page of a list begins: after this asset. */
export type Cursor = { readonly createdAt: number; readonly id: string };

/** Which assets of the list. */
export type AssetQuery = {
	readonly limit: number;
	readonly after: Cursor | undefined;
	/** Words that title, description, metadata or id hold, however they are written. */
	readonly search?: string;
	readonly state?: CatalogueAsset["state"];
	readonly access?: CatalogueAsset["access"];
};

/** Assets, the newest first. A search reads every row, which 100,000 assets bear; the rest goes by index. */
export const listAssets = async (database: D1Database, query: AssetQuery): Promise<CatalogueAsset[]> => {
	const { limit, after, search = "", state, access } = query;
	const words = fold(search).split(/\s+/).filter(Boolean).slice(0, SEARCH_WORDS);
	const conditions = [
		...(after === undefined ? [] : [{ sql: "(created_at, id) < (?, ?)", values: [after.createdAt, after.id] }]),
		...(state === undefined ? [] : [{ sql: "state = ?", values: [state] }]),
		...(access === undefined ? [] : [{ sql: "access = ?", values: [access] }]),
		...words.map((word) => ({ sql: "instr(search_text, ?) > 0", values: [word] })),
	];
	const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(({ sql }) => sql).join(" AND ")}`;
	const { results } = await database
		.prepare(`SELECT ${COLUMNS} FROM assets ${where} ORDER BY created_at DESC, id DESC LIMIT ?`)
		.bind(...conditions.flatMap(({ values }) => values), limit)
		.run<AssetRow>();
	return results.map(assetOfRow);
};

/** One asset's row, or undefined. */
export const findAsset = async (database: D1Database, id: string): Promise<CatalogueAsset | undefined> => {
	const row = await database.prepare(`SELECT ${COLUMNS} FROM assets WHERE id = ?1`).bind(id).first<AssetRow>();
	return row === null ? undefined : assetOfRow(row);
};

const COLUMNS =
	"id, title, state, access, created_at, width, height, duration, bytes, enhancements, description, metadata";

const assetOfRow = ({ created_at, title, description, metadata, ...row }: AssetRow): CatalogueAsset => ({
	...row,
	title: title ?? undefined,
	description: description ?? undefined,
	metadata: metadata === null ? undefined : (JSON.parse(metadata) as Record<string, string>),
	createdAt: created_at,
});

type AssetRow = Omit<CatalogueAsset, "createdAt" | "title" | "description" | "metadata"> & {
	readonly created_at: number;
	readonly title: string | null;
	readonly description: string | null;
	readonly metadata: string | null;
};
