import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { routePath } from "hono/route";
import type { EdgeContext } from "./environment.ts";
import { ApiError, notFound } from "./http/api-error.ts";
import { openToAllOrigins } from "./http/cors.ts";
import { logEvent } from "./log.ts";
import { apiKeys } from "./routes/api-keys.ts";
import { assets } from "./routes/assets.ts";
import { extraFiles, extras } from "./routes/extras.ts";
import { health } from "./routes/health.ts";
import { media } from "./routes/media.ts";
import { openApi } from "./routes/openapi.ts";
import { pages } from "./routes/pages.ts";
import { parts } from "./routes/parts.ts";
import { playbackTokens } from "./routes/playback-tokens.ts";
import { playlists } from "./routes/playlists.ts";
import { uploadTokens } from "./routes/upload-tokens.ts";

export { AssetObject } from "./asset/asset-object.ts";

const app = new Hono<EdgeContext>();

app.use("/v1/*", openToAllOrigins(["GET", "HEAD", "POST", "PUT", "DELETE"]));
app.use("/p/*", openToAllOrigins(["GET", "HEAD"]));

app.use(
	methodNotAllowed({
		app,
		onMethodNotAllowed: (context, methods) =>
			new ApiError(
				"method-not-allowed",
				`${context.req.method} is not for this address.`,
				`It takes ${methods.join(", ")}.`,
				{ headers: { Allow: methods.join(", ") } },
			).toResponse(),
	}),
);

const routes = app
	.route("/", assets)
	.route("/", parts)
	.route("/", uploadTokens)
	.route("/", apiKeys)
	.route("/", extras)
	.route("/", playbackTokens)
	.route("/", playlists)
	.route("/", media)
	.route("/", extraFiles)
	.route("/p/:token", playlists)
	.route("/p/:token", media)
	.route("/p/:token", extraFiles)
	.route("/", pages)
	.route("/", openApi)
	.route("/", health);

app.notFound((context) => {
	const { pathname } = new URL(context.req.url);
	if (pathname.startsWith("/v1/") || pathname.startsWith("/p/")) return notFound("such address").toResponse();
	return context.env.PAGES.fetch(context.req.raw);
});

app.onError((error, context) => {
	if (error instanceof ApiError) return error.toResponse();
	logEvent("unexpected-error", { method: context.req.method, route: routePath(context), message: String(error) });
	return new ApiError(
		"internal",
		"Something went wrong here.",
		"Try again; if it stays, tell who runs this edge.",
	).toResponse();
});

/** The interface's types, for Hono's typed client. */
export type EdgeRoutes = typeof routes;

export default app;
