import { removeAll } from "./create-once.ts";
import { assetPrefix } from "./object-keys.ts";

/** Keys of a deleted asset's storage: until when its id stays used up, milliseconds since 1970, and the id. */
const UNTIL = "deleted-until";
const ID = "deleted-id";

/** Milliseconds that an id stays used up: for a year browsers may keep what stood under its addresses, which would be another video's. */
const REST_MS = 366 * 86_400_000;

/** Milliseconds after which the store is looked through again: a write of an object that was killed may have come after the deletion. */
const STRAGGLERS_MS = 10 * 60_000;

/** Whether an asset of this id was deleted, and the id is still used up. */
export const isDeleted = async (storage: DurableObjectStorage): Promise<boolean> =>
	(await storage.get(UNTIL)) !== undefined;

/** Removes all that an asset has on disk, but for the fact that its id is used up. */
export const leaveTombstone = async (storage: DurableObjectStorage, id: string): Promise<void> => {
	const now = Date.now();
	// Nothing is awaited in between: what is begun at once is one write, and a kill leaves all of it undone or all done.
	await Promise.all([
		storage.deleteAll(),
		storage.put({ [UNTIL]: now + REST_MS, [ID]: id }),
		storage.setAlarm(now + STRAGGLERS_MS),
	]);
};

/**
 * What the alarm does where an asset was: removes what has come to the store since, and when the time has come forgets the id.
 * @throws whatever the store throws when it fails
 */
export const tendTombstone = async (storage: DurableObjectStorage, bucket: R2Bucket): Promise<void> => {
	const [until, id] = [await storage.get<number>(UNTIL), await storage.get<string>(ID)];
	if (id !== undefined) await removeAll(bucket, assetPrefix(id));
	// An alarm of work that failed may come before its time.
	await (until !== undefined && until > Date.now() ? storage.setAlarm(until) : storage.deleteAll());
};
