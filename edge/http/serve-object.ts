import type { Context } from "hono";
import type { EdgeContext } from "../environment.ts";
import { ApiError, notFound } from "./api-error.ts";
import { findCopy, keepCopy, LARGEST_COPY } from "./object-cache.ts";
import { type ByteRange, contentRange, matchesEtag, parseRange, permitsEtag } from "./range.ts";

/** `Cache-Control` of what never changes under its name; `private` keeps shared caches from playing what a token guards. */
export const immutable = (sharing: "public" | "private"): string => `${sharing}, max-age=31536000, immutable`;

/** A whole object, from its copy or from the store; undefined where there is none. A new copy is kept for `seconds`, or as long as copies are. */
export const readObject = async (
	{ env, executionCtx }: Context<EdgeContext>,
	key: string,
	seconds?: number,
): Promise<Response | undefined> => {
	const copy = await findCopy(key);
	if (copy !== undefined) return copy;
	const object = await env.MEDIA.get(key);
	if (object === null) return undefined;
	const response = respond(object, object.body, undefined, "");
	// A clone that nobody reads would hold back all that the viewer has read.
	if (object.size <= LARGEST_COPY) executionCtx.waitUntil(keepCopy(key, response.clone(), seconds));
	return response;
};

/**
 * An object with its preconditions and range. In the order of RFC 9110, section 13.2.2: If-Match, If-None-Match, If-Range, Range.
 * Most requests have none of them and are a single read.
 * @throws ApiError `not-found`, `precondition-failed`, `range-not-satisfiable`
 */
export const serveObject = async (
	context: Context<EdgeContext>,
	key: string,
	cacheControl: string,
): Promise<Response> => {
	const bucket = context.env.MEDIA;
	const isHead = context.req.method === "HEAD";
	const ifMatch = context.req.header("If-Match");
	const ifNoneMatch = context.req.header("If-None-Match");
	const rangeHeader = context.req.header("Range");
	if (!isHead && ifMatch === undefined && ifNoneMatch === undefined && rangeHeader === undefined) {
		const whole = await readObject(context, key);
		if (whole === undefined) throw notFound("such file");
		const kept = ["ETag", "Accept-Ranges", "Content-Type", "Content-Length"];
		const headers = new Headers(kept.map((name) => [name, whole.headers.get(name) ?? ""]));
		headers.set("Cache-Control", cacheControl);
		return new Response(whole.body, { headers });
	}
	const object = await bucket.head(key);
	if (object === null) throw notFound("such file");
	if (!permitsEtag(ifMatch, object.httpEtag)) {
		const hint = "Ask without If-Match for the one that is there.";
		throw new ApiError("precondition-failed", "The file is another version than If-Match names.", hint);
	}
	if (matchesEtag(ifNoneMatch, object.httpEtag)) {
		return new Response(null, { status: 304, headers: { ETag: object.httpEtag, "Cache-Control": cacheControl } });
	}
	// RFC 9110, 14.2: "A server MUST ignore a Range header field received with a request method that is unrecognized or for
	// which range handling is not defined": it is defined for GET alone.
	if (isHead) return respond(object, null, undefined, cacheControl);
	const ifRange = context.req.header("If-Range");
	const range =
		ifRange === undefined || ifRange === object.httpEtag ? parseRange(rangeHeader, object.size) : undefined;
	if (range === "unsatisfiable") {
		throw new ApiError(
			"range-not-satisfiable",
			`The object has ${object.size} bytes.`,
			"Ask for a range inside it.",
			{ headers: { "Content-Range": contentRange(range, object.size) } },
		);
	}
	const found = await bucket.get(key, range === undefined ? {} : { range });
	if (found === null) throw notFound("such file");
	return respond(found, found.body, range, cacheControl);
};

const respond = (
	object: R2Object,
	body: ReadableStream | null,
	range: ByteRange | undefined,
	cacheControl: string,
): Response =>
	new Response(body, {
		status: range === undefined ? 200 : 206,
		headers: {
			ETag: object.httpEtag,
			"Cache-Control": cacheControl,
			"Accept-Ranges": "bytes",
			"Content-Type": object.httpMetadata?.contentType ?? "application/octet-stream",
			"Content-Length": String(range?.length ?? object.size),
			...(range !== undefined && { "Content-Range": contentRange(range, object.size) }),
		},
	});
