import { type Context, Hono } from "hono";
import * as v from "valibot";
import { TrackId } from "../../protocol/track.ts";
import { requirePlayback } from "../access/require-playback.ts";
import { initKey, segmentKey } from "../asset/object-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { notFound } from "../http/api-error.ts";
import { deliveryCounter } from "../http/delivery-counter.ts";
import { matchesEtag } from "../http/range.ts";
import { deliveryLimits } from "../http/delivery-limits.ts";
import { immutable, serveObject } from "../http/serve-object.ts";
import { askPartial } from "../relay/ask-live.ts";
import { assetIdParam } from "./context.ts";

/** Init and media segments: straight from the store, immutable. */
export const media = new Hono<EdgeContext>()
	.get("/v1/assets/:id/tracks/:track/init.mp4", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		return counted(context, id, await serveObject(context, initKey(id, trackParam(context)), immutable(sharing)));
	})
	.get("/v1/assets/:id/tracks/:track/segments/:file", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		const number = /^(0|[1-9]\d{0,6})\.m4s$/.exec(context.req.param("file"))?.[1];
		if (number === undefined) throw notFound("such segment");
		const key = segmentKey(id, trackParam(context), Number(number));
		return counted(context, id, await serveObject(context, key, immutable(sharing)));
	})
	.get("/v1/assets/:id/tracks/:track/partials/:file", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		const match = /^(0|[1-9]\d{0,6})\.(0|[1-9]\d{0,4})\.m4s$/.exec(context.req.param("file"));
		if (match === null) throw notFound("such piece");
		const [track, segment, index] = [trackParam(context), Number(match[1]), Number(match[2])];
		const piece = await askPartial(context, id, track, segment, index);
		// A piece never changes under its name.
		const headers = { ETag: `"${track}-${segment}.${index}"`, "Cache-Control": immutable(sharing) };
		if (matchesEtag(context.req.header("If-None-Match"), headers.ETag)) {
			return new Response(null, { status: 304, headers });
		}
		const body = "bytes" in piece ? piece.bytes : await readPiece(context, segmentKey(id, track, segment), piece);
		const response = new Response(body, {
			headers: {
				"Content-Type": "video/mp4",
				"Content-Length": String("bytes" in piece ? piece.bytes.length : piece.length),
				...headers,
			},
		});
		return counted(context, id, response);
	});

const counted = (context: Context<EdgeContext>, id: string, response: Response): Response => {
	if (context.req.method === "GET" && response.status !== 304) {
		const { usageMilliseconds } = deliveryLimits(context.env);
		const bytes = Number(response.headers.get("Content-Length"));
		deliveryCounter.count(context, id, bytes, usageMilliseconds);
	}
	return response;
};

const readPiece = async (context: Context<EdgeContext>, key: string, range: R2Range): Promise<ReadableStream> => {
	const object = await context.env.MEDIA.get(key, { range });
	if (object === null) throw notFound("such piece");
	return object.body;
};

const trackParam = (context: Context<EdgeContext>): string => {
	const track = context.req.param("track");
	if (!v.is(TrackId, track)) throw notFound("such track");
	return track;
};
