import { type Context, Hono } from "hono";
import * as v from "valibot";
import { accessOf, isAssetId } from "../access/asset-id.ts";
import { loadExtraList } from "../asset/extras.ts";
import { extrasPrefix } from "../asset/object-keys.ts";
import { pictureSize } from "../asset/picture.ts";
import { findAsset } from "../catalogue/assets.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { readObject } from "../http/serve-object.ts";

const side = v.optional(v.pipe(v.string(), v.regex(/^\d{1,5}$/), v.transform(Number), v.minValue(1)));
const OEmbedQuery = v.object({
	url: v.pipe(v.string(), v.maxLength(2000)),
	format: v.optional(v.string(), "json"),
	maxwidth: side,
	maxheight: side,
});

/** The width of a player that nothing limits. */
const USUAL_WIDTH = 960;

/**
 * The pages around an asset. Each is one static file for all assets; it reads the asset's id from its own address. Everything that no
 * route knows is a static file too: the Studio, the player, the sample.
 */
export const pages = new Hono<EdgeContext>()
	.get("/embed/:id", async (context) => {
		const id = context.req.param("id");
		const response = await pageOf(context, "/embed", id);
		const { details } = isAssetId(id) ? await loadExtraList(context.env.MEDIA, id) : {};
		// Who may frame the page may change at any time.
		response.headers.set("Cache-Control", "no-cache");
		const origins = details?.embedOrigins;
		if (origins !== undefined) {
			response.headers.set("Content-Security-Policy", `frame-ancestors ${["'self'", ...origins].join(" ")}`);
		}
		return response;
	})
	.get("/admin", async (context) => {
		const page = await context.env.PAGES.fetch(new URL("/admin", context.req.url));
		const response = new Response(page.body, page);
		// A key is typed into this page: nothing but itself runs in it, and nothing holds it in a frame.
		response.headers.set(
			"Content-Security-Policy",
			"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
		);
		response.headers.set("Referrer-Policy", "no-referrer");
		return response;
	})
	.get("/watch/:id", async (context) => {
		const id = context.req.param("id");
		const response = await pageOf(context, "/watch", id);
		response.headers.set("Content-Security-Policy", "frame-ancestors 'self'");
		// Where oEmbed has no answer, nobody is sent.
		if (!isAssetId(id) || accessOf(id) === "signed") return response;
		const { origin } = new URL(context.req.url);
		const target = encodeURIComponent(`${origin}/watch/${id}`);
		response.headers.append(
			"Link",
			`<${origin}/oembed?url=${target}>; rel="alternate"; type="application/json+oembed"`,
		);
		return response;
	});

/**
 * The page at `path` for the asset `id`. What cannot be an id gets the same page, with status 404: it tells the person who followed a
 * broken link that there is no such video.
 */
const pageOf = async (context: Context<EdgeContext>, path: string, id: string): Promise<Response> => {
	const page = await context.env.PAGES.fetch(new URL(path, context.req.url));
	return new Response(page.body, isAssetId(id) ? page : { headers: page.headers, status: 404 });
};

/** oEmbed (oembed.com, version 1.0): how other sites turn the address of a public asset into a player. */
export const oEmbed = new Hono<EdgeContext>().get("/oembed", async (context) => {
	context.header("Access-Control-Allow-Origin", "*");
	const query = v.safeParse(OEmbedQuery, context.req.query());
	if (!query.success)
		throw new ApiError("invalid-request", "The query is not one of oEmbed.", "Send url, maxwidth, maxheight.");
	const { url, format, maxwidth = Infinity, maxheight = Infinity } = query.output;
	if (format !== "json")
		throw new ApiError("not-implemented", "oEmbed is there as JSON only.", "Ask for format=json.");
	const { origin } = new URL(context.req.url);
	const id = assetOfPage(url, origin);
	if (id === undefined || accessOf(id) === "signed") throw notFound("such public asset");
	const asset = await findAsset(context.env.CATALOGUE, id);
	if (asset === undefined) throw notFound("such public asset");
	const width = Math.max(1, Math.floor(Math.min(USUAL_WIDTH, maxwidth, maxheight * (asset.width / asset.height))));
	const height = Math.max(1, Math.round((width * asset.height) / asset.width));
	return context.json({
		version: "1.0",
		type: "video",
		provider_name: "Crescendo",
		provider_url: origin,
		...(asset.title !== undefined && { title: asset.title }),
		width,
		height,
		html: `<iframe src="${origin}/embed/${id}" width="${width}" height="${height}" style="border:0" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`,
		...(await thumbnail(context, origin, id)),
	});
});

/** The poster, whose size is its own. oEmbed wants the size said: one that is not found (AVIF) is left out. */
const thumbnail = async (context: Context<EdgeContext>, origin: string, id: string): Promise<object | undefined> => {
	const { extras } = await loadExtraList(context.env.MEDIA, id);
	const poster = extras.find(({ name }) => name === "poster");
	const file = poster && (await readObject(context, extrasPrefix(id) + poster.file));
	const size = file && pictureSize(await file.bytes());
	return (
		size && {
			thumbnail_url: `${origin}/v1/assets/${id}/poster`,
			thumbnail_width: size.width,
			thumbnail_height: size.height,
		}
	);
};

/** The asset whose watch or embed page of this origin an address is. */
const assetOfPage = (text: string, origin: string): string | undefined => {
	const url = URL.parse(text);
	if (url === null || url.origin !== origin) return undefined;
	const id = /^\/(?:watch|embed)\/([^/]+)$/.exec(url.pathname)?.[1] ?? "";
	return isAssetId(id) ? id : undefined;
};
