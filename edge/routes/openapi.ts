import { Hono } from "hono";
import type { EdgeContext } from "../environment.ts";
import { notFound } from "../http/api-error.ts";

/** The interface's own description: a file that the build writes from `openapi/`, so that the Worker does not carry it. */
export const openApi = new Hono<EdgeContext>().get("/openapi.json", async (context) => {
	const file = await context.env.PAGES.fetch(context.req.raw);
	if (file.status === 404) throw notFound("description yet: the build writes it");
	const response = new Response(file.body, file);
	response.headers.set("Access-Control-Allow-Origin", "*");
	return response;
});
