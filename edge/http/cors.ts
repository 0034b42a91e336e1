import type { Context, MiddlewareHandler } from "hono";
import type { EdgeContext, Environment } from "../environment.ts";
import { ApiError } from "./api-error.ts";

/** Response headers that scripts of other origins may read. */
const EXPOSED = "Content-Length, Content-Range, ETag, Location, Retry-After, Server-Timing";

/**
 * CORS for everything under it, errors and preflights included: without it a page sees only "network failure".
 *
 * What anybody may play is open to all origins. What carries a key or token is answered to the origin that sent it and to no other:
 * one of `CRESCENDO_UPLOAD_ORIGINS` where that is set. No cookie or other ambient right is ever looked at, and a token that is bound
 * to an origin is checked against it besides (`access/authorize.ts`).
 */
export const crossOrigin = (methods: readonly string[]): MiddlewareHandler<EdgeContext> => {
	const allowed = [...methods, "OPTIONS"].join(", ");
	return async function crossOrigin(context, next) {
		const origin = context.req.header("Origin");
		const isExact = carriesToken(context);
		const isLetIn = !isExact || origin === undefined || isUploadOrigin(context.env, origin);
		if (context.req.method === "OPTIONS") {
			context.res = new Response(null, {
				status: 204,
				headers: {
					"Access-Control-Allow-Methods": allowed,
					"Access-Control-Allow-Headers":
						"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Range, Repr-Digest",
					"Access-Control-Max-Age": "86400",
				},
			});
		} else if (isLetIn) {
			await next();
		} else {
			const hint = "Whoever runs this edge lists the origins that may.";
			context.res = new ApiError(
				"origin-not-allowed",
				"Pages of this origin may not upload here.",
				hint,
			).toResponse();
		}
		if (isLetIn) context.res.headers.set("Access-Control-Allow-Origin", isExact ? (origin ?? "*") : "*");
		if (isExact) context.res.headers.append("Vary", "Origin");
		context.res.headers.set("Access-Control-Expose-Headers", EXPOSED);
		context.res.headers.set("Cross-Origin-Resource-Policy", "cross-origin");
		context.res.headers.set("Timing-Allow-Origin", "*");
		// What was uploaded is what it was checked to be, and nothing that a browser might guess.
		context.res.headers.set("X-Content-Type-Options", "nosniff");
	};
};

/** Whether a request has a key or token, or is the browser's question whether it may have one. */
const carriesToken = ({ req }: Context<EdgeContext>): boolean =>
	req.header("Authorization") !== undefined ||
	(req.header("Access-Control-Request-Headers") ?? "")
		.toLowerCase()
		.split(/[\s,]+/)
		.includes("authorization");

const isUploadOrigin = ({ CRESCENDO_UPLOAD_ORIGINS: list = "" }: Environment, origin: string): boolean =>
	list === "" || list.split(/\s+/).includes(origin);
