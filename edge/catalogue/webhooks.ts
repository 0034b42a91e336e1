/** Where events go. */
export type CatalogueWebhook = {
	readonly id: string;
	readonly url: string;
	readonly events: readonly string[];
	/** Milliseconds since 1970. */
	readonly createdAt: number;
};

/** Most webhooks of an installation. */
export const MAX_WEBHOOKS = 20;

/** Adds a webhook; false where there are as many as may be. */
export const insertWebhook = async (database: D1Database, webhook: CatalogueWebhook): Promise<boolean> => {
	const { meta } = await database
		.prepare(
			`INSERT INTO webhooks (id, url, events, created_at)
			SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM webhooks) < ?5`,
		)
		.bind(webhook.id, webhook.url, webhook.events.join(" "), webhook.createdAt, MAX_WEBHOOKS)
		.run();
	return meta.changes > 0;
};

/** All webhooks, the oldest first. */
export const listWebhooks = async (database: D1Database): Promise<CatalogueWebhook[]> => {
	const { results } = await database
		.prepare("SELECT id, url, events, created_at FROM webhooks ORDER BY created_at, id")
		.run<{ id: string; url: string; events: string; created_at: number }>();
	return results.map(({ created_at, events, ...row }) => ({
		...row,
		events: events.split(" "),
		createdAt: created_at,
	}));
};

/** Removes a webhook; false where there is none. */
export const deleteWebhook = async (database: D1Database, id: string): Promise<boolean> => {
	const { meta } = await database.prepare("DELETE FROM webhooks WHERE id = ?1").bind(id).run();
	return meta.changes > 0;
};
