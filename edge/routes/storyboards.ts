import { type Context, Hono } from "hono";
import { requirePlayback } from "../access/require-playback.ts";
import { loadExtras } from "../asset/extras.ts";
import { extrasPrefix } from "../asset/object-keys.ts";
import { pictureAt, storyboardPicture, storyboardVtt } from "../asset/storyboard.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { matchesEtag } from "../http/range.ts";
import { immutable, readObject } from "../http/serve-object.ts";
import { assetIdParam } from "./context.ts";

/** Small pictures by time, out of the storyboard that the client has sent: the edge decodes nothing. */
export const storyboards = new Hono<EdgeContext>()
	.get("/v1/assets/:id/storyboard.vtt", async (context) => {
		const id = assetIdParam(context);
		await requirePlayback(context, id);
		const { bytes, digest } = await currentStoryboard(context, id);
		return answer(
			context,
			storyboardVtt(bytes, `storyboard/${digest}/`),
			"text/vtt; charset=utf-8",
			"no-cache",
			digest,
		);
	})
	.get("/v1/assets/:id/storyboard/:digest/:number", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		const { digest, number } = context.req.param();
		if (!/^[0-9a-f]{32}$/.test(digest) || !/^(0|[1-9]\d{0,3})$/.test(number)) throw notFound("such picture");
		const bytes = await readStoryboard(context, id, `storyboard/${digest}.crp`);
		return picture(context, bytes, Number(number), immutable(sharing), digest);
	})
	.get("/v1/assets/:id/thumbnail", async (context) => {
		const id = assetIdParam(context);
		await requirePlayback(context, id);
		const time = context.req.query("time") ?? "0";
		if (!/^\d{1,6}(\.\d{1,6})?$/.test(time)) {
			throw new ApiError("invalid-request", "That is no time.", "time is in seconds: 12.5.");
		}
		const { bytes, digest } = await currentStoryboard(context, id);
		return picture(context, bytes, pictureAt(bytes, Number(time) * 1_000_000), "no-cache", digest);
	});

const currentStoryboard = async (context: Context<EdgeContext>, id: string) => {
	const extra = (await loadExtras(context.env.MEDIA, id)).find(({ name }) => name === "storyboard");
	const digest = /^storyboard\/([0-9a-f]{32})\.crp$/.exec(extra?.file ?? "")?.[1];
	if (extra === undefined || digest === undefined) throw notFound("storyboard");
	return { bytes: await readStoryboard(context, id, extra.file), digest };
};

const readStoryboard = async (context: Context<EdgeContext>, id: string, file: string): Promise<Uint8Array> => {
	const object = await readObject(context, extrasPrefix(id) + file);
	if (object === undefined) throw notFound("storyboard");
	return new Uint8Array(await object.arrayBuffer());
};

const picture = (
	context: Context<EdgeContext>,
	bytes: Uint8Array,
	number: number,
	cacheControl: string,
	digest: string,
) => {
	const found = storyboardPicture(bytes, number);
	if (found === undefined) throw notFound("such picture");
	// A copy: the view would keep the whole storyboard.
	return answer(context, found.data.slice(), found.contentType, cacheControl, `${digest}-${number}`);
};

const answer = (
	context: Context<EdgeContext>,
	body: string | Uint8Array<ArrayBuffer>,
	contentType: string,
	cacheControl: string,
	tag: string,
): Response => {
	const headers = { ETag: `"${tag}"`, "Cache-Control": cacheControl };
	if (matchesEtag(context.req.header("If-None-Match"), headers.ETag))
		return new Response(null, { status: 304, headers });
	const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
	return new Response(bytes, {
		headers: { ...headers, "Content-Type": contentType, "Content-Length": String(bytes.length) },
	});
};
