// A server of your own that gives upload tokens to your pages. The API key never leaves it.
import { Hono } from "hono";

const { CRESCENDO_ENDPOINT = "http://localhost:8787", CRESCENDO_API_KEY, PAGE_ORIGIN } = process.env;

export const app = new Hono();

app.post("/upload-token", async (context) => {
	// Here: who asks, and, where `assetId` is given, does that asset belong to them?
	const { assetId } = await context.req.json();
	const limits = {
		maxDurationSeconds: 3600,
		...(PAGE_ORIGIN && { origin: PAGE_ORIGIN }),
		...(assetId && { asset: assetId }),
	};
	const response = await fetch(`${CRESCENDO_ENDPOINT}/v1/upload-tokens`, {
		method: "POST",
		headers: { authorization: `Bearer ${CRESCENDO_API_KEY}`, "content-type": "application/json" },
		body: JSON.stringify(limits),
	});
	return context.json(await response.json(), response.status);
});

export default app; // Workers, Deno and Bun serve this; for Node: npx @hono/node-server
