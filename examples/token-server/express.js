// A server of your own that gives upload tokens to your pages. The API key never leaves it.
import express from "express";

const { CRESCENDO_ENDPOINT = "http://localhost:8787", CRESCENDO_API_KEY, PAGE_ORIGIN } = process.env;

/** Who asks. Put your sign-in here; until then DEMO_USER=me in the environment makes everybody me, for a try on your own machine. */
const userOf = (_request) => process.env.DEMO_USER;

/** Whose each asset is: in a server of yours a table, as each instance of it has its own memory. The id of an asset is no secret. */
const owners = new Map();

export const app = express();

const askEdge = (assetId) =>
	fetch(`${CRESCENDO_ENDPOINT}/v1/upload-tokens`, {
		method: "POST",
		headers: { authorization: `Bearer ${CRESCENDO_API_KEY}`, "content-type": "application/json" },
		body: JSON.stringify({
			maxDurationSeconds: 3600,
			...(PAGE_ORIGIN && { origin: PAGE_ORIGIN }),
			...(assetId && { asset: assetId }),
		}),
	});

app.post("/upload-token", express.json(), (request, response, next) => {
	const user = userOf(request);
	const { assetId } = request.body;
	if (!user || (assetId && owners.get(assetId) !== user)) {
		response.status(403).json({ error: "not yours" });
		return;
	}
	askEdge(assetId)
		.then(async (answer) => {
			const body = await answer.json();
			if (answer.ok) owners.set(body.asset, user);
			return response.status(answer.status).json(body);
		})
		// oxlint-disable-next-line promise/no-callback-in-promise -- Express wants it so
		.catch(next);
});

// app.listen(3000);
