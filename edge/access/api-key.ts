import { type Scope, SCOPES } from "../../protocol/access.ts";
import { findApiKey } from "../catalogue/api-keys.ts";
import type { Environment } from "../environment.ts";

/** Keys of the catalogue begin so. */
export const API_KEY_PREFIX = "cak_";

/** A new key: 256 random bits. */
export const newApiKey = (): string =>
	API_KEY_PREFIX + crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });

/** SHA-256 of a key in hex, which is all that is kept of it. A key has 256 random bits: there is nothing to stretch. */
export const hashApiKey = async (key: string): Promise<string> =>
	new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key))).toHex();

/** What the bearer of this key may do; undefined where there is no such key. */
export const scopesOfKey = async (environment: Environment, key: string): Promise<readonly Scope[] | undefined> => {
	const hash = await hashApiKey(key);
	const root = environment.CRESCENDO_API_KEY;
	// Hashes are compared, so that the time says nothing about the key.
	if (root !== undefined && root !== "" && hash === (await hashApiKey(root))) return SCOPES;
	if (!key.startsWith(API_KEY_PREFIX)) return undefined;
	const found = await findApiKey(environment.CATALOGUE, hash);
	return found === undefined ? undefined : SCOPES.filter((scope) => found.scopes.includes(scope));
};
