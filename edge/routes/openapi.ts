import { Hono } from "hono";
import type { EdgeContext } from "../environment.ts";
import { openApiDocument } from "../openapi/document.ts";

/** The interface's own description. */
export const openApi = new Hono<EdgeContext>().get("/openapi.json", (context) => {
	context.header("Access-Control-Allow-Origin", "*");
	return context.json(openApiDocument());
});
