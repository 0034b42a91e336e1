import { type Context, Hono } from "hono";
import * as v from "valibot";
import { TrackId } from "../../protocol/track.ts";
import { requirePlayback } from "../access/require-playback.ts";
import { initKey, segmentKey } from "../asset/object-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { notFound } from "../http/api-error.ts";
import { immutable, serveObject } from "../http/serve-object.ts";
import { assetIdParam } from "./context.ts";

/** Init and media segments: straight from the store, immutable. */
export const media = new Hono<EdgeContext>()
	.get("/v1/assets/:id/tracks/:track/init.mp4", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		return serveObject(context, initKey(id, trackParam(context)), immutable(sharing));
	})
	.get("/v1/assets/:id/tracks/:track/segments/:file", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		const number = /^(0|[1-9]\d{0,6})\.m4s$/.exec(context.req.param("file"))?.[1];
		if (number === undefined) throw notFound("such segment");
		return serveObject(context, segmentKey(id, trackParam(context), Number(number)), immutable(sharing));
	});

const trackParam = (context: Context<EdgeContext>): string => {
	const track = context.req.param("track");
	if (!v.is(TrackId, track)) throw notFound("such track");
	return track;
};
