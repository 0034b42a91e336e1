import { dropCopies } from "../http/object-cache.ts";
import type { Content } from "./content.ts";

/** The store holds other bytes under a name that is written once: a bug or a hand in the store, never to be papered over. */
export class StorageConflictError extends Error {
	constructor(key: string) {
		super(`The object ${key} is there with other bytes.`);
		this.name = "StorageConflictError";
	}
}

/**
 * Writes an object unless it is there. Where it is there already (an earlier attempt wrote it and was stopped before it could
 * say so) it must hold the same bytes.
 * @throws StorageConflictError for other bytes; whatever the store throws when it fails.
 */
export const putOnce = async (bucket: R2Bucket, key: string, content: Content, contentType: string): Promise<void> => {
	const written = await putStream(bucket, key, content, contentType);
	if (written !== null) return;
	const there = await bucket.head(key);
	// Gone in between: only deletion removes objects, and it has the asset to itself. Let the caller try again.
	if (there === null) throw new Error(`The object ${key} could be neither written nor found.`);
	const md5 = there.checksums.md5;
	const same = there.size === content.length && md5 !== undefined && equal(new Uint8Array(md5), await md5Of(content));
	if (!same) throw new StorageConflictError(key);
};

/**
 * Writes an object whose chunks are made one at a time, each when the store has taken the one before. Null where the object is there.
 */
const putStream = async (
	bucket: R2Bucket,
	key: string,
	{ length, chunks }: Content,
	contentType: string,
): Promise<R2Object | null> => {
	const { readable, writable } = new FixedLengthStream(length);
	const writer = writable.getWriter();
	let fault: unknown;
	// Only what goes wrong here: a store that fails makes writing fail too, in the stream's words.
	function* made(): Generator<Uint8Array, void> {
		try {
			yield* chunks();
		} catch (error) {
			fault = error;
			throw error;
		}
	}
	const feed = async (): Promise<void> => {
		for (const chunk of made()) await writer.write(chunk);
		await writer.close();
	};
	const fed = feed().catch((error: unknown) => writer.abort(error));
	try {
		return await bucket.put(key, readable, {
			onlyIf: { etagDoesNotMatch: "*" },
			httpMetadata: { contentType },
		});
	} catch (error) {
		throw fault ?? error;
	} finally {
		// A store that has refused, or failed, does not take what is left.
		await writer.abort().catch(() => undefined);
		await fed;
	}
};

const md5Of = async ({ chunks }: Content): Promise<Uint8Array> => {
	const digest = new crypto.DigestStream("MD5");
	const writer = digest.getWriter();
	for (const chunk of chunks()) await writer.write(chunk);
	await writer.close();
	return new Uint8Array(await digest.digest);
};

/** Removes every object whose name begins so, and copies of them. Idempotent; what fails half-way is found by the next attempt. */
export const removeAll = async (bucket: R2Bucket, prefix: string): Promise<void> => {
	for (;;) {
		const { objects, truncated } = await bucket.list({ prefix, limit: 1000 });
		const keys = objects.map(({ key }) => key);
		if (keys.length > 0) await bucket.delete(keys);
		await dropCopies(keys);
		if (!truncated) return;
	}
};

const equal = (left: Uint8Array, right: Uint8Array): boolean =>
	left.length === right.length && left.every((byte, index) => byte === right[index]);
