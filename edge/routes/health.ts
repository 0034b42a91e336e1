import { Hono } from "hono";
import type { EdgeContext } from "../environment.ts";

/** Seconds after which it is worth asking again whether all answers. */
const RETRY_SECONDS = 5;

/** For load balancers and people: whether the Worker runs, and whether what it needs answers. */
export const health = new Hono<EdgeContext>()
	.get("/health", (context) => context.json({ status: "ok" }))
	.get("/ready", async (context) => {
		const checks = await Promise.allSettled([
			context.env.CATALOGUE.prepare("SELECT 1 FROM assets LIMIT 1").first(),
			context.env.MEDIA.head("ready"),
		]);
		const [catalogue, media] = checks.map(({ status }) => status === "fulfilled");
		const ready = catalogue === true && media === true;
		if (!ready) context.header("Retry-After", String(RETRY_SECONDS));
		return context.json({ status: ready ? "ready" : "not-ready", catalogue, media }, ready ? 200 : 503);
	});
