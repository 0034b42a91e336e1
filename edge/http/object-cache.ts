/**
 * Copies of immutable objects in the cache of the data centre that a viewer is served from. They are looked up under the object's own
 * name, never under the address that was asked for, and only after whoever asks has been let in: a token that has expired finds
 * nothing, and a thousand viewers with a thousand tokens share one copy.
 */

/** Seconds that a copy outlives its object at most, in data centres other than the one that removes it, where nobody purges those. */
const COPY_SECONDS = 300;

/** Bytes of the largest object that is copied. */
export const LARGEST_COPY = 32 * 2 ** 20;

/** Header of a text that is kept; see `SharedText`. */
const COMPLETE = "Crescendo-Complete";

const addressOf = (key: string): string => `https://objects.crescendo/${key}`;

/** The tag under which all that is kept of an asset can be purged from every data centre: see purge.ts. */
export const assetTag = (assetId: string): string => `crescendo-${assetId}`;

/** `Cache-Tag` of what is kept under a name: `assets/<id>/...`, `playlists/<id>/...`. What belongs to no asset has none. */
const tagOf = (key: string): Readonly<Record<string, string>> => {
	const assetId = /^(?:assets|playlists)\/([^/]+)\//.exec(key)?.[1];
	return assetId === undefined ? {} : { "Cache-Tag": assetTag(assetId) };
};

/** A copy of an object with its media type, entity tag and length, or undefined. */
export const findCopy = async (key: string): Promise<Response | undefined> => caches.default.match(addressOf(key));

/** Keeps a copy of what is sent, at most `LARGEST_COPY` bytes. `response` is a clone that nobody else reads. */
export const keepCopy = async (key: string, response: Response, seconds = COPY_SECONDS): Promise<void> => {
	const copy = new Response(response.body, response);
	copy.headers.set("Cache-Control", `public, max-age=${seconds}`);
	for (const [name, value] of Object.entries(tagOf(key))) copy.headers.set(name, value);
	await caches.default.put(addressOf(key), copy);
};

/** Removes the copies of objects from the cache of this data centre. */
export const dropCopies = async (keys: readonly string[]): Promise<void> => {
	await Promise.all(keys.map((key) => caches.default.delete(addressOf(key))));
};

/** A text of an asset that a data centre gives to all who ask within a few seconds. */
export type SharedText = {
	readonly text: string;
	/** Whether the asset was complete: the text says all that there will be. */
	readonly complete: boolean;
};

/** A text that was kept, or undefined. */
export const findText = async (key: string): Promise<SharedText | undefined> => {
	const kept = await caches.default.match(addressOf(key));
	return kept && { text: await kept.text(), complete: kept.headers.get(COMPLETE) === "true" };
};

/** Keeps a text for so many seconds. */
export const keepText = async (key: string, { text, complete }: SharedText, seconds: number): Promise<void> => {
	const headers = { "Cache-Control": `public, max-age=${seconds}`, [COMPLETE]: String(complete), ...tagOf(key) };
	await caches.default.put(addressOf(key), new Response(text, { headers }));
};
