import { fromBase64, toBase64 } from "./base64.ts";

/** SHA-256 of the bytes. */
export const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
	new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** Value of `Repr-Digest` (RFC 9530 section 3) for a digest: `sha-256=:...:`. */
export const formatReprDigest = (digest: Uint8Array): string => `sha-256=:${toBase64(digest)}:`;

/** Value of `Repr-Digest` for these bytes. */
export const reprDigest = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
	formatReprDigest(await sha256(bytes));

/**
 * The sha-256 in a `Repr-Digest` value, a dictionary of structured fields (RFC 8941); undefined where there is none of 32
 * bytes. Digests of other algorithms are passed over, as RFC 9530 section 2 asks.
 */
export const parseReprDigest = (value: string | null | undefined): Uint8Array<ArrayBuffer> | undefined => {
	for (const member of (value ?? "").split(",")) {
		const match = /^\s*sha-256=:([A-Za-z0-9+/=]*):\s*$/.exec(member);
		const digest = match?.[1] === undefined ? undefined : fromBase64(match[1]);
		if (digest?.length === 32) return digest;
	}
	return undefined;
};

/** Whether two digests are equal. */
export const digestsEqual = (left: Uint8Array, right: Uint8Array): boolean =>
	left.length === right.length && left.every((byte, index) => byte === right[index]);
