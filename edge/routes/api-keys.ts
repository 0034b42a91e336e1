import { Hono } from "hono";
import { CreateKeyRequest } from "../../protocol/access.ts";
import { hashApiKey, newApiKey } from "../access/api-key.ts";
import { requireKey } from "../access/authorize.ts";
import { insertApiKey, listApiKeys, revokeApiKey } from "../catalogue/api-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { notFound } from "../http/api-error.ts";
import { readJson } from "../http/request-body.ts";

/** API keys: make, list, revoke. A key is shown when it is made and never again. */
export const apiKeys = new Hono<EdgeContext>()
	.post("/v1/api-keys", async (context) => {
		await requireKey(context, "keys");
		const { name, scopes } = await readJson(context.req.raw, CreateKeyRequest);
		const key = newApiKey();
		const record = { id: crypto.randomUUID(), name, scopes: [...new Set(scopes)] };
		await insertApiKey(context.env.CATALOGUE, { ...record, hash: await hashApiKey(key), createdAt: Date.now() });
		return context.json({ ...record, key }, 201);
	})
	.get("/v1/api-keys", async (context) => {
		await requireKey(context, "keys");
		const keys = await listApiKeys(context.env.CATALOGUE);
		return context.json({
			keys: keys.map(({ createdAt, ...key }) => ({ ...key, createdAt: new Date(createdAt).toISOString() })),
		});
	})
	.delete("/v1/api-keys/:key", async (context) => {
		await requireKey(context, "keys");
		if (!(await revokeApiKey(context.env.CATALOGUE, context.req.param("key"), Date.now())))
			throw notFound("such key");
		return context.body(null, 204);
	});
