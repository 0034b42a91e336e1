import type { AssetDetails } from "../../protocol/asset.ts";
import { MAX_PART_BYTES, PART_MEDIA_TYPE } from "../../protocol/part.ts";
import type { Refusal } from "../http/api-error.ts";
import { dropCopies } from "../http/object-cache.ts";
import { imageType } from "./picture.ts";
import { findStoryboardFault } from "./storyboard.ts";
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

/** The list of extras as it stands in the store, with what pages around the asset need to know of it. */
export type ExtraList = { readonly extras: readonly Extra[]; readonly details?: AssetDetails };

/** Bytes of captions, of a poster, and of all pictures of a storyboard, which are framed as a part. */
export const CAPTION_BYTES = 2 ** 20;
export const POSTER_BYTES = 2 * 2 ** 20;
export const STORYBOARD_BYTES = MAX_PART_BYTES;

/** Most extras of one asset. */
export const MAX_EXTRAS = 64;

/** Letters and digits of a BCP 47 tag without extensions. */
const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;

/**
 * A BCP 47 tag in the one form that stands for its language, which is that of browsers and players: `de`, `pt-BR`, `zh-Hant`; undefined
 * for text that is none.
 */
export const canonicalLanguage = (text: string): string | undefined => {
	if (!LANGUAGE.test(text)) return undefined;
	try {
		const { baseName } = new Intl.Locale(text);
		return LANGUAGE.test(baseName) ? baseName : undefined;
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
};

/** Whether text is such a tag, in whatever letters. */
export const isLanguage = (text: string): boolean => canonicalLanguage(text) !== undefined;

/** Name of the captions in a language: one, however its tag is written. */
export const captionName = (tag: string): string => `captions/${canonicalLanguage(tag) ?? tag}`;

/** The name of an extra that is stored under this one. 0.6.0 took tags of captions as they were written: `captions/pt-br`. */
export const extraName = (stored: string): string => {
	const tag = /^captions\/(.+)$/.exec(stored)?.[1];
	return tag === undefined ? stored : captionName(tag);
};

/** Captions in a language, which `isLanguage`, or why they cannot be. `digest` in hex. */
export const captionExtra = (tag: string, bytes: Uint8Array, digest: string): Extra | Refusal => {
	if (!isWebVtt(bytes)) {
		return {
			code: "invalid-request",
			message: "The captions are not WebVTT in UTF-8.",
			hint: 'The file begins with "WEBVTT" and a line end.',
		};
	}
	const language = canonicalLanguage(tag) ?? tag;
	const label = new Intl.DisplayNames(["en"], { type: "language" }).of(language) ?? language;
	const name = captionName(tag);
	return { name, file: `${name}/${digest.slice(0, 32)}.vtt`, contentType: "text/vtt; charset=utf-8", label };
};

/** A poster, or why it cannot be one. The type is what the bytes say, not what the sender says. */
export const posterExtra = (bytes: Uint8Array, digest: string): Extra | Refusal => {
	const type = imageType(bytes);
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

/** A storyboard, or why it cannot be one: small pictures with their times, in the framing of a part. */
export const storyboardExtra = (bytes: Uint8Array, digest: string): Extra | Refusal => {
	const fault = findStoryboardFault(bytes);
	if (fault !== undefined) {
		const hint = "Send a part whose samples are JPEG, PNG or WebP pictures of one type and size.";
		return { code: "invalid-part", message: fault, hint };
	}
	const file = `storyboard/${digest.slice(0, 32)}.crp`;
	return { name: "storyboard", file, contentType: PART_MEDIA_TYPE, label: "Storyboard" };
};

/** What is in force beside the tracks. */
export const loadExtraList = async (bucket: R2Bucket, assetId: string): Promise<ExtraList> => {
	const object = await bucket.get(`${extrasPrefix(assetId)}list.json`);
	return object === null ? { extras: [] } : object.json<ExtraList>();
};

/** The extras in force. */
export const loadExtras = async (bucket: R2Bucket, assetId: string): Promise<readonly Extra[]> =>
	(await loadExtraList(bucket, assetId)).extras;

/** Writes the list, then removes files that it no longer names, and copies of them. Idempotent, but for a copy that a viewer makes in between. */
export const publishExtras = async (bucket: R2Bucket, assetId: string, list: ExtraList): Promise<void> => {
	const prefix = extrasPrefix(assetId);
	const listKey = `${prefix}list.json`;
	await bucket.put(listKey, JSON.stringify(list), { httpMetadata: { contentType: "application/json" } });
	const named = new Set([listKey, ...list.extras.map(({ file }) => prefix + file)]);
	const { objects } = await bucket.list({ prefix, limit: 1000 });
	const stale = objects.map(({ key }) => key).filter((key) => !named.has(key));
	// Before as well: where the second time fails, the next attempt finds no object whose copies it could drop.
	await dropCopies(stale);
	if (stale.length > 0) await bucket.delete(stale);
	await dropCopies(stale);
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
