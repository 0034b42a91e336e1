import { type Context, Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { routePath } from "hono/route";
import type { EdgeContext, Environment } from "./environment.ts";
import { ApiError, notFound } from "./http/api-error.ts";
import { dayOf } from "./catalogue/usage.ts";
import { KEPT_DAYS, removeOldReports } from "./catalogue/playbacks.ts";
import { crossOrigin } from "./http/cors.ts";
import { logEvent } from "./log.ts";
import { routes } from "./routes/all.ts";

export { AssetObject } from "./asset/asset-object.ts";
export { RelayObject } from "./relay/relay-object.ts";
export { WebhookObject } from "./webhooks/webhook-object.ts";

const app = new Hono<EdgeContext>();

app.use("/v1/*", crossOrigin(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]));
app.use("/p/*", crossOrigin(["GET", "HEAD", "POST"]));
app.use("/runtime/*", crossOrigin(["GET", "HEAD"]));
app.use("/models/*", crossOrigin(["GET", "HEAD"]));

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

app.route("/", routes);

app.notFound((context) => {
	const { pathname } = new URL(context.req.url);
	if (/^\/(v1|p|runtime|models)(\/|$)/.test(pathname)) return notFound("such address").toResponse();
	return staticFile(context);
});

/** An answer that middleware can still change: those of the binding are sealed. */
const staticFile = async ({ env, req }: Context<EdgeContext>): Promise<Response> => {
	const file = await env.PAGES.fetch(req.raw);
	return new Response(file.body, file);
};

app.onError((error, context) => {
	if (error instanceof ApiError) return error.toResponse();
	logEvent("unexpected-error", { method: context.req.method, route: routePath(context), message: String(error) });
	return new ApiError(
		"internal",
		"Something went wrong here.",
		"Try again; if it stays, tell who runs this edge.",
	).toResponse();
});

/** What the platform calls: requests, and once a day what has to be tidied up. */
export default Object.assign(app, {
	scheduled: async (_: unknown, environment: Environment): Promise<void> =>
		removeOldReports(environment.CATALOGUE, dayOf(Date.now() - KEPT_DAYS * 86_400_000)),
});
