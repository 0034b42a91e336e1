import * as v from "valibot";

/** Milliseconds for which one zone's answer is waited for. */
const PATIENCE_MS = 10_000;

const API = "https://api.cloudflare.com/client/v4/zones";

/** A zone did not take a purge: whoever asked for it tries again. */
export class PurgeError extends Error {
	constructor(zone: string, reason: string) {
		super(`The zone ${zone} did not purge its caches: ${reason}.`);
		this.name = "PurgeError";
	}
}

/** Whom to ask for purges, and as whom. */
export type PurgeAccess = {
	/** The zones of the Worker's domains: each has a cache of its own. */
	readonly zones: readonly string[];
	/** A token with the permission Zone, Cache Purge. */
	readonly token: string;
};

/** What the Worker is configured with; see `Environment`. */
export type PurgeVariables = {
	readonly CRESCENDO_PURGE_ZONES?: string;
	readonly CRESCENDO_PURGE_TOKEN?: string;
};

/**
 * Whom to ask for purges; undefined where nobody is configured, and copies of deleted assets end by themselves.
 * @throws TypeError where one variable is there without the other, or names no zone
 */
export const purgeAccess = ({
	CRESCENDO_PURGE_ZONES: zoneList = "",
	CRESCENDO_PURGE_TOKEN: token = "",
}: PurgeVariables): PurgeAccess | undefined => {
	const zones = zoneList.split(/\s+/).filter((zone) => zone !== "");
	if (zones.length === 0 && token === "") return undefined;
	if (zones.length === 0) throw new TypeError("CRESCENDO_PURGE_TOKEN is set without CRESCENDO_PURGE_ZONES");
	if (token === "") throw new TypeError("CRESCENDO_PURGE_ZONES is set without the secret CRESCENDO_PURGE_TOKEN");
	const wrong = zones.find((zone) => !/^[0-9a-f]{32}$/.test(zone));
	if (wrong !== undefined) {
		throw new TypeError(`CRESCENDO_PURGE_ZONES names ${wrong}: a zone's id has 32 digits from 0 to f`);
	}
	return { zones, token };
};

const Answer = v.object({ success: v.boolean() });

/**
 * Removes what is kept under a cache tag from every data centre. `Cache.delete` reaches one of them, a zone's purge all, in well under
 * a second; purges by tag are part of every plan.
 * https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-tags/
 * @throws PurgeError where a zone does not take it. It may be asked again: what is not there is purged as well.
 */
export const purgeTag = async ({ zones, token }: PurgeAccess, tag: string): Promise<void> => {
	await Promise.all(zones.map((zone) => purgeZone(zone, token, tag)));
};

const purgeZone = async (zone: string, token: string, tag: string): Promise<void> => {
	const response = await fetch(`${API}/${zone}/purge_cache`, {
		method: "POST",
		headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
		body: JSON.stringify({ tags: [tag] }),
		// To nobody else: the token goes with it.
		redirect: "manual",
		signal: AbortSignal.timeout(PATIENCE_MS),
	}).catch((error: unknown) => {
		throw new PurgeError(zone, String(error));
	});
	const answer = v.safeParse(Answer, await response.json().catch(() => undefined));
	if (!response.ok || !answer.success || !answer.output.success)
		throw new PurgeError(zone, `status ${response.status}`);
};
