// A server of your own that gives upload tokens to your pages. The API key never leaves it.
import { Hono } from "hono";

const { CRESCENDO_ENDPOINT = "http://localhost:8787", CRESCENDO_API_KEY, PAGE_ORIGIN } = process.env;

/** Who asks. Put your sign-in here; until then DEMO_USER=me in the environment makes everybody me, for a try on your own machine. */
const userOf = (_context) => process.env.DEMO_USER;

/** Whose each asset is: in a server of yours a table, as each instance of it has its own memory. The id of an asset is no secret. */
const owners = new Map();

export const app = new Hono();

app.post("/upload-token", async (context) => {
	const user = userOf(context);
	const { assetId } = await context.req.json();
	if (!user || (assetId && owners.get(assetId) !== user)) return context.json({ error: "not yours" }, 403);
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
	const answer = await response.json();
	if (response.ok) owners.set(answer.asset, user);
	return context.json(answer, response.status);
});

export default app; // Workers, Deno and Bun serve this; for Node: npx @hono/node-server
