import { CodecError } from "../../codec/errors.ts";
import { type Enhancement, parseEnhancementList } from "../../protocol/enhancements.ts";
import { fetchBytes, type FetchOptions } from "./fetch-bytes.ts";

/** Larger than any list that is meant seriously. */
const LIST_BYTES = 256 * 1024;

/** Codec strings of enhancements that this build decodes. */
const READABLE_CODECS = new Set(["sve1.01"]);

/** One enhancement of the stream, its playlist's address absolute. */
export type ListedEnhancement = Enhancement & { readonly playlistUrl: string };

/**
 * Fetches the list of enhancements that the multivariant playlist points to (`EXT-X-SESSION-DATA`), cheapest first.
 * Those of a codec that this build does not know are left out.
 *
 * @throws FetchError; CodecError `invalid-file` for a body that is no list
 */
export async function fetchEnhancementList(
	url: string,
	options: Pick<FetchOptions, "signal" | "credentials">,
): Promise<readonly ListedEnhancement[]> {
	const bytes = await fetchBytes({ url, range: undefined }, { ...options, limit: LIST_BYTES });
	return readEnhancementList(new TextDecoder().decode(bytes), url);
}

/** The same for a text that is here already. @throws CodecError `invalid-file` */
export function readEnhancementList(text: string, url: string): readonly ListedEnhancement[] {
	let body: unknown;
	try {
		body = JSON.parse(text);
	} catch (cause) {
		throw new CodecError("invalid-file", `${url} is not JSON.`, { cause });
	}
	const list = parseEnhancementList(body);
	if (!list) throw new CodecError("invalid-file", `${url} is not a list of enhancements.`);
	return list.enhancements
		.filter((enhancement) => READABLE_CODECS.has(enhancement.codec))
		.map((enhancement) => ({ ...enhancement, playlistUrl: resolve(enhancement.uri, url) }))
		.toSorted((a, b) => a.bandwidth - b.bandwidth);
}

function resolve(uri: string, base: string): string {
	let url: URL;
	try {
		url = new URL(uri, base);
	} catch (cause) {
		throw new CodecError("invalid-file", `The list ${base} has the impossible address "${uri}".`, { cause });
	}
	if (url.protocol !== "http:" && url.protocol !== "https:") {
		throw new CodecError("invalid-file", `The list ${base} has the address "${uri}", which is not on http.`);
	}
	return url.href;
}
