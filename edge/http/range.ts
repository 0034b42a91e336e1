/** A part of an object: bytes `offset` up to, without, `offset + length`. */
export type ByteRange = { readonly offset: number; readonly length: number };

/**
 * The one range that a `Range` header asks for (RFC 9110, section 14.1.2) of an object of `size` bytes.
 * - undefined: answer 200 with the whole object. The header is absent, of another unit or malformed ("MUST ignore"), or asks for
 *   several ranges (a server MAY answer those with the whole).
 * - "unsatisfiable": answer 416.
 */
export const parseRange = (
	header: string | null | undefined,
	size: number,
): ByteRange | "unsatisfiable" | undefined => {
	const match = /^bytes=(\d*)-(\d*)$/i.exec((header ?? "").replaceAll(/[ \t]/g, ""));
	if (match === null) return undefined;
	const [, first = "", last = ""] = match;
	if (first === "") {
		if (last === "") return undefined;
		const suffix = Math.min(Number(last), size);
		return suffix === 0 ? "unsatisfiable" : { offset: size - suffix, length: suffix };
	}
	const offset = Number(first);
	if (last !== "" && Number(last) < offset) return undefined;
	if (offset >= size) return "unsatisfiable";
	const end = last === "" ? size : Math.min(Number(last) + 1, size);
	return { offset, length: end - offset };
};

/** `Content-Range` of an answer with one range, or of a 416. */
export const contentRange = (range: ByteRange | "unsatisfiable", size: number): string =>
	range === "unsatisfiable" ? `bytes */${size}` : `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`;

/** Whether an `If-Match` header lets in this entity tag. The comparison is the strong one (RFC 9110, section 13.1.1). */
export const permitsEtag = (header: string | null | undefined, etag: string): boolean =>
	header === null ||
	header === undefined ||
	header.trim() === "*" ||
	header.split(",").some((candidate) => candidate.trim() === etag);

/**
 * Whether an `If-None-Match` header holds this entity tag. The comparison is the weak one (RFC 9110, section 13.1.2): a proxy
 * that compresses may have weakened what it was given.
 */
export const matchesEtag = (header: string | null | undefined, etag: string): boolean => {
	if (header === null || header === undefined) return false;
	if (header.trim() === "*") return true;
	return header.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === etag);
};
