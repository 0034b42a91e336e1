import { Hono } from "hono";
import { toBase64 } from "../../protocol/base64.ts";
import { CreateWebhookRequest, WEBHOOK_SECRET_PREFIX } from "../../protocol/webhook.ts";
import { requireKey } from "../access/authorize.ts";
import { deleteWebhook, insertWebhook, listWebhooks, MAX_WEBHOOKS } from "../catalogue/webhooks.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { readJson } from "../http/request-body.ts";
import { webhookObject } from "../webhooks/publish.ts";
import { findTargetFault } from "../webhooks/target.ts";

/** Webhooks by the Standard Webhooks format: make, list, remove, try, look at what was sent. The secret is shown once. */
export const webhooks = new Hono<EdgeContext>()
	.post("/v1/webhooks", async (context) => {
		await requireKey(context, "webhooks");
		const { url, events } = await readJson(context.req.raw, CreateWebhookRequest);
		const fault = findTargetFault(url);
		if (fault !== undefined)
			throw new ApiError("invalid-request", fault, "Use an address such as https://example.com/hook.");
		const id = crypto.randomUUID();
		const secret = WEBHOOK_SECRET_PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(32)));
		// First what sends, then what leads to it: a row without it would lose messages.
		await webhookObject(context.env, id).configure(url, secret);
		const webhook = { id, url, events: [...new Set(events)], createdAt: Date.now() };
		if (!(await insertWebhook(context.env.CATALOGUE, webhook))) {
			await webhookObject(context.env, id).remove();
			throw new ApiError("constraint-exceeded", `There are ${MAX_WEBHOOKS} webhooks.`, "Remove one first.");
		}
		return context.json({ id, url, events: webhook.events, secret }, 201);
	})
	.get("/v1/webhooks", async (context) => {
		await requireKey(context, "webhooks");
		const rows = await listWebhooks(context.env.CATALOGUE);
		return context.json({
			webhooks: rows.map(({ createdAt, ...row }) => ({ ...row, createdAt: new Date(createdAt).toISOString() })),
		});
	})
	.delete("/v1/webhooks/:webhook", async (context) => {
		await requireKey(context, "webhooks");
		const id = context.req.param("webhook");
		if (!(await deleteWebhook(context.env.CATALOGUE, id))) throw notFound("such webhook");
		await webhookObject(context.env, id).remove();
		return context.body(null, 204);
	})
	.post("/v1/webhooks/:webhook/test", async (context) => {
		await requireKey(context, "webhooks");
		const id = await existing(context.env.CATALOGUE, context.req.param("webhook"));
		const payload = { type: "webhook.test" as const, timestamp: new Date().toISOString(), data: {} };
		await webhookObject(context.env, id).enqueue(`msg_test_${crypto.randomUUID()}`, payload);
		return context.body(null, 202);
	})
	.get("/v1/webhooks/:webhook/deliveries", async (context) => {
		await requireKey(context, "webhooks");
		const id = await existing(context.env.CATALOGUE, context.req.param("webhook"));
		return context.json({ deliveries: await webhookObject(context.env, id).deliveries() });
	});

const existing = async (database: D1Database, id: string): Promise<string> => {
	if ((await listWebhooks(database)).some((webhook) => webhook.id === id)) return id;
	throw notFound("such webhook");
};
