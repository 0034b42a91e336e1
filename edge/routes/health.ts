import { Hono } from "hono";
import { signingKeys } from "../access/signing-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { purgeAccess } from "../http/purge.ts";
import { readLimits } from "../limits.ts";

/** Seconds after which it is worth asking again whether all answers. */
const RETRY_SECONDS = 5;

/** For load balancers and people: whether the Worker runs, and whether what it needs answers and its variables can be read. */
export const health = new Hono<EdgeContext>()
	.get("/health", (context) => context.json({ status: "ok" }))
	.get("/ready", async (context) => {
		const { CRESCENDO_LIMITS, CRESCENDO_SIGNING_KEYS } = context.env;
		const checks = await Promise.allSettled([
			context.env.CATALOGUE.prepare("SELECT 1 FROM assets LIMIT 1").first(),
			context.env.MEDIA.head("ready"),
			// What is mistyped there is noticed by whoever uploads, or plays what is signed: here before.
			Promise.try(async () => {
				readLimits(CRESCENDO_LIMITS);
				purgeAccess(context.env);
				if (CRESCENDO_SIGNING_KEYS !== undefined) await signingKeys(context.env, "playback");
			}),
		]);
		const [catalogue, media, configuration] = checks.map(({ status }) => status === "fulfilled");
		const ready = checks.every(({ status }) => status === "fulfilled");
		if (!ready) context.header("Retry-After", String(RETRY_SECONDS));
		const status = ready ? "ready" : "not-ready";
		return context.json({ status, catalogue, media, configuration }, ready ? 200 : 503);
	});
