import type { Refusal } from "../http/api-error.ts";
import { extrasPrefix } from "./object-keys.ts";

/**
 * What belongs to an asset and is no track: captions, a poster. They may come before or after completion and may be replaced, so they
 * are not part of the frozen state. Each is an object under a name with its digest, written once; a small list, the only object
 * that is ever rewritten, says which are in force.
 */
export type Extra = {
	/** `captions/de`, `poster`: one of each. */
	readonly name: string;
	/** Behind `assets/<id>/extras/`. */
	readonly file: string;
	readonly contentType: string;
	/** For people: the language's name. */
	readonly label: string;
};

/** The list of extras, as it stands in the store. */
export type ExtraList = { readonly extras: readonly Extra[] };

/** Bytes of captions, and of a poster. */
export const CAPTION_BYTES = 2 ** 20;
export const POSTER_BYTES = 2 * 2 ** 20;

/** Most extras of one asset. */
export const MAX_EXTRAS = 64;

/** BCP 47 in the form that browsers and players use: `de`, `pt-BR`, `zh-Hant`. */
export const isLanguage = (text: string): boolean => /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/.test(text);

/** Captions in a language, or why they cannot be. `digest` in hex. */
export const captionExtra = (language: string, bytes: Uint8Array, digest: string): Extra | Refusal => {
	if (!isWebVtt(bytes)) {
		return {
			code: "invalid-request",
			message: "The captions are not WebVTT in UTF-8.",
			hint: 'The file begins with "WEBVTT" and a line end.',
		};
	}
	const label = new Intl.DisplayNames(["en"], { type: "language" }).of(language) ?? language;
	const name = `captions/${language}`;
	return { name, file: `${name}/${digest.slice(0, 32)}.vtt`, contentType: "text/vtt; charset=utf-8", label };
};

/** A poster, or why it cannot be one. The type is what the bytes say, not what the sender says. */
export const posterExtra = (bytes: Uint8Array, digest: string): Extra | Refusal => {
	const type = IMAGE_TYPES.find(({ matches }) => matches(bytes));
	if (type === undefined) {
		return {
			code: "unsupported-media-type",
			message: "The poster is no JPEG, PNG, WebP or AVIF.",
			hint: "Send one of these, up to 2 MiB.",
		};
	}
	const file = `poster/${digest.slice(0, 32)}.${type.extension}`;
	return { name: "poster", file, contentType: `image/${type.name}`, label: "Poster" };
};

/** The extras in force. */
export const loadExtras = async (bucket: R2Bucket, assetId: string): Promise<readonly Extra[]> => {
	const object = await bucket.get(`${extrasPrefix(assetId)}list.json`);
	return object === null ? [] : (await object.json<ExtraList>()).extras;
};

/** Writes the list, then removes files that it no longer names. Idempotent. */
export const publishExtras = async (bucket: R2Bucket, assetId: string, extras: readonly Extra[]): Promise<void> => {
	const prefix = extrasPrefix(assetId);
	const listKey = `${prefix}list.json`;
	const list: ExtraList = { extras };
	await bucket.put(listKey, JSON.stringify(list), { httpMetadata: { contentType: "application/json" } });
	const named = new Set([listKey, ...extras.map(({ file }) => prefix + file)]);
	const { objects } = await bucket.list({ prefix, limit: 1000 });
	const stale = objects.map(({ key }) => key).filter((key) => !named.has(key));
	if (stale.length > 0) await bucket.delete(stale);
};

/** WebVTT, section 4: an optional byte order mark, "WEBVTT", then a space, a tab, a line end or the end. */
const isWebVtt = (bytes: Uint8Array): boolean => {
	try {
		const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
		return /^WEBVTT(?:[ \t\r\n]|$)/.test(text) && !text.includes("\0");
	} catch (error) {
		if (error instanceof TypeError) return false;
		throw error;
	}
};

const startsWith = (bytes: Uint8Array, prefix: readonly number[], offset = 0): boolean =>
	prefix.every((byte, index) => bytes[offset + index] === byte);

const IMAGE_TYPES: readonly { name: string; extension: string; matches: (bytes: Uint8Array) => boolean }[] = [
	{ name: "jpeg", extension: "jpg", matches: (bytes) => startsWith(bytes, [0xff, 0xd8, 0xff]) },
	{ name: "png", extension: "png", matches: (bytes) => startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]) },
	{
		name: "webp",
		extension: "webp",
		// "RIFF", a length, "WEBP"
		matches: (bytes) =>
			startsWith(bytes, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes, [0x57, 0x45, 0x42, 0x50], 8),
	},
	// A length, "ftypavif"
	{
		name: "avif",
		extension: "avif",
		matches: (bytes) => startsWith(bytes, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66], 4),
	},
];
