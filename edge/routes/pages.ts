import { Hono } from "hono";
import type { EdgeContext } from "../environment.ts";
import { assetIdParam } from "./context.ts";

/**
 * The pages around an asset. Each is one static file for all assets; it reads the asset's id from its own address. Everything that no
 * route knows is a static file too: the Studio, the player, the runtime, the models.
 */
export const pages = new Hono<EdgeContext>()
	.get("/embed/:id", (context) => {
		assetIdParam(context);
		return context.env.PAGES.fetch(new URL("/embed", context.req.url));
	})
	.get("/watch/:id", (context) => {
		assetIdParam(context);
		return context.env.PAGES.fetch(new URL("/watch", context.req.url));
	});
