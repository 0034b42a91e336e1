import { type Context, Hono } from "hono";
import {
	NEURAL_FOLDERS_PATH,
	NEURAL_MEDIA_TYPES,
	type NeuralEncoding,
	type NeuralFolders,
	neuralKey,
} from "../../protocol/neural.ts";
import type { EdgeContext } from "../environment.ts";
import { acceptsBrotli } from "../http/accept-encoding.ts";
import { notFound } from "../http/api-error.ts";
import { immutable, serveObject } from "../http/serve-object.ts";

/**
 * The models, from the store: compressed once, by the build, rather than at every request, and kept when another deployment brings
 * others. See protocol/neural.ts for the addresses.
 *
 * `/runtime/<hash>/` is for pages of version 0.7 and older that were open when this version was deployed: their player has the address in
 * it, and finds what the deployment before put into the store. No build puts anything there any more.
 */
export const neural = new Hono<EdgeContext>()
	.get("/runtime/:hash/:file", (context) => serveFile(context))
	.get("/models/:model/:file", (context) => leadToContent(context))
	.get("/models/:model/:hash/:file", (context) => serveFile(context));

/**
 * From the stable address of a file to the one that names its content. Never kept by anybody: a model's files belong together, and two
 * of them by two ages of this answer would not.
 */
const leadToContent = async (context: Context<EdgeContext>): Promise<Response> => {
	requireFile(context);
	const { pathname } = new URL(context.req.url);
	const folder = pathname.slice(0, pathname.lastIndexOf("/") + 1);
	const built = await context.env.PAGES.fetch(new URL(NEURAL_FOLDERS_PATH, context.req.url));
	const { folders }: NeuralFolders = built.ok ? await built.json() : { folders: {} };
	const hash = Object.hasOwn(folders, folder) ? folders[folder] : undefined;
	if (hash === undefined) throw notFound("such file");
	context.header("Cache-Control", "no-store");
	return context.redirect(`${folder}${hash}/${context.req.param("file")}`, 307);
};

const serveFile = async (context: Context<EdgeContext>): Promise<Response> => {
	const mediaType = requireFile(context);
	const { hash = "", model = "model" } = context.req.param();
	if (!/^[0-9a-f]{32}$/.test(hash) || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(model)) throw notFound("such file");
	const encoding: NeuralEncoding = acceptsBrotli(acceptedEncodings(context)) ? "br" : "identity";
	// Each encoding is an object of its own, so its entity tag, length and ranges are those of the bytes that are sent.
	const key = neuralKey(new URL(context.req.url).pathname, encoding);
	const { body, status, headers } = await serveObject(context, key, immutable("public"));
	const response = new Response(body, { status, headers, encodeBody: "manual" });
	response.headers.set("Vary", "Accept-Encoding");
	if (status === 304) return response;
	response.headers.set("Content-Type", mediaType);
	if (encoding === "br") response.headers.set("Content-Encoding", "br");
	return response;
};

/** What the client takes. The platform rewrites the header on the way, and says here what it was. */
const acceptedEncodings = ({ req }: Context<EdgeContext>): string | undefined => {
	const said = req.raw.cf?.["clientAcceptEncoding"];
	return typeof said === "string" ? said : req.header("Accept-Encoding");
};

/**
 * The media type of the file that is asked for.
 * @throws ApiError `not-found` for a name that none of the files has: no other text becomes part of a key
 */
const requireFile = (context: Context<EdgeContext>): string => {
	const extension = /^[a-z0-9][a-z0-9.-]{0,95}\.([a-z]+)$/.exec(context.req.param("file") ?? "")?.[1] ?? "";
	const mediaType = Object.hasOwn(NEURAL_MEDIA_TYPES, extension) ? NEURAL_MEDIA_TYPES[extension] : undefined;
	if (mediaType === undefined) throw notFound("such file");
	return mediaType;
};
