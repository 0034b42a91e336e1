// A server of your own that gives upload tokens to your pages. The API key never leaves it.
import express from "express";

const { CRESCENDO_ENDPOINT = "http://localhost:8787", CRESCENDO_API_KEY, PAGE_ORIGIN } = process.env;

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
	// Here: who asks, and, where `assetId` is given, does that asset belong to them?
	askEdge(request.body.assetId)
		.then(async (answer) => response.status(answer.status).json(await answer.json()))
		// oxlint-disable-next-line promise/no-callback-in-promise -- Express wants it so
		.catch(next);
});

// app.listen(3000);
