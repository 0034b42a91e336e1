/** Bytes as base64 with padding (RFC 4648 section 4). Meant for small values: descriptions, digests. */
export const toBase64 = (bytes: Uint8Array): string =>
	btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** Bytes of a base64 text, or undefined where it is none. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined => {
	// atob forgives white space and missing padding; a protocol should not.
	if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
	return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
};
