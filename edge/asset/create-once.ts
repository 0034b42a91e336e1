import { dropCopies } from "../http/object-cache.ts";

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
export const putOnce = async (bucket: R2Bucket, key: string, bytes: Uint8Array, contentType: string): Promise<void> => {
	const written = await bucket.put(key, bytes, {
		onlyIf: { etagDoesNotMatch: "*" },
		httpMetadata: { contentType },
	});
	if (written !== null) return;
	const there = await bucket.head(key);
	// Gone in between: only deletion removes objects, and it has the asset to itself. Let the caller try again.
	if (there === null) throw new Error(`The object ${key} could be neither written nor found.`);
	const digest = new Uint8Array(await crypto.subtle.digest("MD5", bytes));
	const same =
		there.size === bytes.length &&
		there.checksums.md5 !== undefined &&
		equal(new Uint8Array(there.checksums.md5), digest);
	if (!same) throw new StorageConflictError(key);
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
