import { type Context, Hono } from "hono";
import * as v from "valibot";
import { TrackId } from "../../protocol/track.ts";
import { requirePlayback } from "../access/require-playback.ts";
import { initKey, segmentKey } from "../asset/object-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { type ByteRange, contentRange, matchesEtag, parseRange } from "../http/range.ts";
import { assetIdParam } from "./context.ts";

/** Whether caches that many share may keep an answer. */
type Sharing = "public" | "private";

/** Init and media segments: straight from the store, immutable. */
export const media = new Hono<EdgeContext>()
	.get("/v1/assets/:id/tracks/:track/init.mp4", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		return serve(context, initKey(id, trackParam(context)), sharing);
	})
	.get("/v1/assets/:id/tracks/:track/segments/:file", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		const number = /^(0|[1-9]\d{0,6})\.m4s$/.exec(context.req.param("file"))?.[1];
		if (number === undefined) throw notFound("such segment");
		return serve(context, segmentKey(id, trackParam(context), Number(number)), sharing);
	});

const trackParam = (context: Context<EdgeContext>): string => {
	const track = context.req.param("track");
	if (!v.is(TrackId, track)) throw notFound("such track");
	return track;
};

/**
 * An object with its preconditions and range. In the order of RFC 9110, section 13.2.2: If-None-Match, then If-Range, then Range.
 * Most requests have none of them and are a single read.
 */
const serve = async (context: Context<EdgeContext>, key: string, sharing: Sharing): Promise<Response> => {
	const bucket = context.env.MEDIA;
	const isHead = context.req.method === "HEAD";
	const ifNoneMatch = context.req.header("If-None-Match");
	const rangeHeader = context.req.header("Range");
	if (!isHead && ifNoneMatch === undefined && rangeHeader === undefined) {
		const object = await bucket.get(key);
		if (object === null) throw notFound("such segment");
		return respond(object, object.body, undefined, sharing);
	}
	const object = await bucket.head(key);
	if (object === null) throw notFound("such segment");
	if (matchesEtag(ifNoneMatch, object.httpEtag))
		return new Response(null, { status: 304, headers: immutable(object, sharing) });
	// RFC 9110, 14.2: "A server MUST ignore a Range header field received with a request method that is unrecognized or for
	// which range handling is not defined": it is defined for GET alone.
	if (isHead) return respond(object, null, undefined, sharing);
	const ifRange = context.req.header("If-Range");
	const range =
		ifRange === undefined || ifRange === object.httpEtag ? parseRange(rangeHeader, object.size) : undefined;
	if (range === "unsatisfiable") {
		throw new ApiError(
			"range-not-satisfiable",
			`The object has ${object.size} bytes.`,
			"Ask for a range inside it.",
			{
				headers: { "Content-Range": contentRange(range, object.size) },
			},
		);
	}
	const found = await bucket.get(key, range === undefined ? {} : { range });
	if (found === null) throw notFound("such segment");
	return respond(found, found.body, range, sharing);
};

const respond = (
	object: R2Object,
	body: ReadableStream | null,
	range: ByteRange | undefined,
	sharing: Sharing,
): Response =>
	new Response(body, {
		status: range === undefined ? 200 : 206,
		headers: {
			...immutable(object, sharing),
			"Accept-Ranges": "bytes",
			"Content-Type": object.httpMetadata?.contentType ?? "video/mp4",
			"Content-Length": String(range?.length ?? object.size),
			...(range !== undefined && { "Content-Range": contentRange(range, object.size) }),
		},
	});

const immutable = (object: R2Object, sharing: Sharing) => ({
	ETag: object.httpEtag,
	"Cache-Control": `${sharing}, max-age=31536000, immutable`,
});
