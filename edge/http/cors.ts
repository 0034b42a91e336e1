import type { MiddlewareHandler } from "hono";
import type { EdgeContext } from "../environment.ts";

/** Response headers that scripts of other origins may read. */
const EXPOSED = "Content-Length, Content-Range, ETag, Location, Retry-After, Server-Timing";

/**
 * CORS for everything under it, errors and preflights included: without it a page sees only "network failure". Any origin is
 * let in, as no cookie or other ambient right is ever looked at: what may be done follows from the token alone, and a token
 * that is bound to an origin is checked against it (`access/authorize.ts`).
 */
export const openToAllOrigins = (methods: readonly string[]): MiddlewareHandler<EdgeContext> => {
	const allowed = [...methods, "OPTIONS"].join(", ");
	return async function openToAllOrigins(context, next) {
		if (context.req.method === "OPTIONS") {
			context.res = new Response(null, {
				status: 204,
				headers: {
					"Access-Control-Allow-Methods": allowed,
					"Access-Control-Allow-Headers":
						"Authorization, Content-Type, If-None-Match, If-Range, Range, Repr-Digest",
					"Access-Control-Max-Age": "86400",
				},
			});
		} else {
			await next();
		}
		context.res.headers.set("Access-Control-Allow-Origin", "*");
		context.res.headers.set("Access-Control-Expose-Headers", EXPOSED);
		context.res.headers.set("Cross-Origin-Resource-Policy", "cross-origin");
		context.res.headers.set("Timing-Allow-Origin", "*");
		// What was uploaded is what it was checked to be, and nothing that a browser might guess.
		context.res.headers.set("X-Content-Type-Options", "nosniff");
	};
};
