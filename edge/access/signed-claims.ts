import type { SigningKeys } from "./signing-keys.ts";

/**
 * Claims that the edge signs for itself: `<kid>.<base64url of JSON>.<base64url of HMAC-SHA-256>`. There is one algorithm, named
 * nowhere in the token, and each purpose has keys of its own: an upload token is no playback token, whatever its claims say.
 */
export const signClaims = async (keys: SigningKeys, claims: Readonly<Record<string, unknown>>): Promise<string> => {
	const signed = `${keys.current.kid}.${toBase64Url(encoder.encode(JSON.stringify(claims)))}`;
	const signature = await crypto.subtle.sign("HMAC", keys.current.key, encoder.encode(signed));
	return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
};

/** The claims of a token that one of the keys has signed, or undefined. Nothing is parsed before the signature is verified. */
export const verifyClaims = async (keys: SigningKeys, token: string): Promise<unknown> => {
	const [kid, payload, signature, ...rest] = token.split(".");
	if (kid === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined;
	const key = keys.all.get(kid);
	const bytes = fromBase64Url(signature);
	if (key === undefined || bytes === undefined) return undefined;
	// Web Crypto compares in constant time.
	if (!(await crypto.subtle.verify("HMAC", key, bytes, encoder.encode(`${kid}.${payload}`)))) return undefined;
	const json = fromBase64Url(payload);
	return json === undefined ? undefined : JSON.parse(new TextDecoder().decode(json));
};

const encoder = new TextEncoder();

const toBase64Url = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

/** Undefined for anything but the one way to write these bytes: two spellings of one token would be two tokens. */
const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> | undefined => {
	if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
	const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
	return toBase64Url(bytes) === text ? bytes : undefined;
};
