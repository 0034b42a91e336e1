import { type Context, Hono } from "hono";
import { requireAsset } from "../access/authorize.ts";
import { requirePlayback } from "../access/require-playback.ts";
import {
	CAPTION_BYTES,
	captionExtra,
	captionName,
	type Extra,
	isLanguage,
	loadExtras,
	POSTER_BYTES,
	posterExtra,
	STORYBOARD_BYTES,
	storyboardExtra,
} from "../asset/extras.ts";
import { extrasPrefix } from "../asset/object-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError, notFound, type Refusal, throwRefusal } from "../http/api-error.ts";
import { readBody } from "../http/request-body.ts";
import { immutable, serveObject } from "../http/serve-object.ts";
import { sha256 } from "../../protocol/digest.ts";
import { assetIdParam, assetObject, unwrap } from "./context.ts";

/** Captions and posters in: whole files, replaced by sending another. */
export const extras = new Hono<EdgeContext>()
	.put("/v1/assets/:id/captions/:language", async (context) => {
		const id = assetIdParam(context);
		await requireAsset(context, id, "write");
		const language = languageParam(context);
		const bytes = await readBody(context.req.raw, CAPTION_BYTES);
		return store(context, id, bytes, captionExtra(language, bytes, await digestOf(bytes)));
	})
	.delete("/v1/assets/:id/captions/:language", async (context) => {
		const id = assetIdParam(context);
		await requireAsset(context, id, "write");
		unwrap(await assetObject(context, id).removeExtra(captionName(languageParam(context))));
		return context.body(null, 204);
	})
	.put("/v1/assets/:id/poster", async (context) => {
		const id = assetIdParam(context);
		await requireAsset(context, id, "write");
		const bytes = await readBody(context.req.raw, POSTER_BYTES);
		return store(context, id, bytes, posterExtra(bytes, await digestOf(bytes)));
	})
	.put("/v1/assets/:id/storyboard", async (context) => {
		const id = assetIdParam(context);
		await requireAsset(context, id, "write");
		const bytes = await readBody(context.req.raw, STORYBOARD_BYTES);
		return store(context, id, bytes, storyboardExtra(bytes, await digestOf(bytes)));
	});

/** Captions and posters out. */
export const extraFiles = new Hono<EdgeContext>()
	.get("/v1/assets/:id/captions/:language/:file", async (context) => {
		const id = assetIdParam(context);
		const sharing = await requirePlayback(context, id);
		const file = context.req.param("file");
		if (!/^[0-9a-f]{32}\.vtt$/.test(file)) throw notFound("such file");
		const key = `${extrasPrefix(id)}captions/${languageParam(context)}/${file}`;
		return serveObject(context, key, immutable(sharing));
	})
	.get("/v1/assets/:id/poster", async (context) => {
		const id = assetIdParam(context);
		await requirePlayback(context, id);
		const poster = (await loadExtras(context.env.MEDIA, id)).find(({ name }) => name === "poster");
		if (poster === undefined) throw notFound("poster");
		return serveObject(context, extrasPrefix(id) + poster.file, "no-cache");
	});

const store = async (
	context: Context<EdgeContext>,
	id: string,
	bytes: Uint8Array,
	extra: Extra | Refusal,
): Promise<Response> => {
	if ("code" in extra) return throwRefusal(extra);
	const { created } = unwrap(await assetObject(context, id).putExtra(extra, bytes));
	return context.json({ name: extra.name, contentType: extra.contentType }, created ? 201 : 200);
};

const languageParam = (context: Context<EdgeContext>): string => {
	const language = context.req.param("language") ?? "";
	if (isLanguage(language)) return language;
	throw new ApiError("invalid-request", "That is no language.", "Use a BCP 47 tag: de, pt-BR, zh-Hant.");
};

const digestOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => (await sha256(bytes)).toHex();
