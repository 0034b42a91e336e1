import type { Access } from "../../protocol/asset.ts";

/**
 * An asset's id: a letter that says who may play it, and 100 bits in base 32. The letter makes the check of every segment a matter
 * of the path alone: no look-up, nothing that could be cached wrongly. Who may play an asset is therefore said once, when it is made.
 */
const LETTERS = { public: "p", signed: "s" } as const satisfies Record<Access, string>;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const DIGITS = 20;

/** A new id that nobody can guess. */
export const newAssetId = (access: Access): string => format(access, crypto.getRandomValues(new Uint8Array(DIGITS)));

/**
 * The id of the one asset that an upload token can make: which asset a token may write follows from the token, and a token cannot
 * make two.
 */
export const assetIdOfToken = async (access: Access, tokenId: string): Promise<string> => {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`crescendo asset of ${tokenId}`));
	return format(access, new Uint8Array(digest, 0, DIGITS));
};

/** Whether a text has the form of an id. Nothing else comes near storage keys. */
export const isAssetId = (text: string): boolean => /^[ps][a-z2-7]{20}$/.test(text);

/** Who may play the asset with this id. */
export const accessOf = (assetId: string): Access => (assetId.startsWith(LETTERS.signed) ? "signed" : "public");

const format = (access: Access, bytes: Uint8Array): string =>
	LETTERS[access] + Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join("");
