// A server of your own that gives upload tokens to your pages. The API key never leaves it.
import express from "express";

const { CRESCENDO_ENDPOINT = "http://localhost:8787", CRESCENDO_API_KEY, PAGE_ORIGIN } = process.env;

export const app = express();

const giveToken = async (request, response) => {
	// Here: who asks, and, where `assetId` is given, does that asset belong to them?
	const { assetId } = request.body;
	const limits = {
		maxDurationSeconds: 3600,
		...(PAGE_ORIGIN && { origin: PAGE_ORIGIN }),
		...(assetId && { asset: assetId }),
	};
	const answer = await fetch(`${CRESCENDO_ENDPOINT}/v1/upload-tokens`, {
		method: "POST",
		headers: { authorization: `Bearer ${CRESCENDO_API_KEY}`, "content-type": "application/json" },
		body: JSON.stringify(limits),
	});
	response.status(answer.status).json(await answer.json());
};

app.post("/upload-token", express.json(), giveToken);

// app.listen(3000);
