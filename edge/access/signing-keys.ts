import type { Environment } from "../environment.ts";

/** What a token is good for; each has keys of its own. */
export type Purpose = "upload" | "playback";

/** Keys of one purpose by their id. */
export type SigningKeys = {
	readonly current: { readonly kid: string; readonly key: CryptoKey };
	readonly all: ReadonlyMap<string, CryptoKey>;
};

/**
 * The keys for a purpose. Secrets come from `CRESCENDO_SIGNING_KEYS` (`kid:secret,kid:secret`; to rotate, put the new one first and
 * drop the old one when its tokens have expired) or, where that is absent, from the API key.
 * @throws TypeError where neither is there, or the list is malformed.
 */
export const signingKeys = async (environment: Environment, purpose: Purpose): Promise<SigningKeys> => {
	const secrets = readSecrets(environment);
	const all = new Map<string, CryptoKey>();
	for (const [kid, secret] of secrets) all.set(kid, await deriveKey(secret, purpose));
	const [current] = all;
	if (current === undefined) throw new TypeError("CRESCENDO_SIGNING_KEYS holds no key.");
	return { current: { kid: current[0], key: current[1] }, all };
};

const readSecrets = ({ CRESCENDO_SIGNING_KEYS, CRESCENDO_API_KEY }: Environment): [string, string][] => {
	if (CRESCENDO_SIGNING_KEYS === undefined || CRESCENDO_SIGNING_KEYS === "") {
		if (CRESCENDO_API_KEY === undefined || CRESCENDO_API_KEY === "") {
			throw new TypeError("Set CRESCENDO_SIGNING_KEYS or CRESCENDO_API_KEY: tokens need a secret.");
		}
		return [["api", CRESCENDO_API_KEY]];
	}
	return CRESCENDO_SIGNING_KEYS.split(",").map((entry) => {
		const match = /^\s*([A-Za-z0-9_-]{1,16}):(\S{16,})\s*$/.exec(entry);
		if (match?.[1] === undefined || match[2] === undefined) {
			throw new TypeError("CRESCENDO_SIGNING_KEYS is a list of kid:secret, secrets at least 16 characters long.");
		}
		return [match[1], match[2]];
	});
};

/** HKDF keeps purposes apart: from the key of one nothing follows about the key of another. */
const deriveKey = async (secret: string, purpose: Purpose): Promise<CryptoKey> => {
	const encoder = new TextEncoder();
	const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
	return crypto.subtle.deriveKey(
		{
			name: "HKDF",
			hash: "SHA-256",
			salt: new Uint8Array(),
			info: encoder.encode(`crescendo ${purpose} token v1`),
		},
		material,
		{ name: "HMAC", hash: "SHA-256", length: 256 },
		false,
		["sign", "verify"],
	);
};
