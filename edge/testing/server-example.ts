import { createEdgeClient, type CreateTokenRequest } from "../index.ts";

const edge = createEdgeClient("https://video.example.com", "an API key with the scopes tokens and read");

/** What a page of yours uploads with: good for one asset of at most 2 GB, and for an hour. */
export const uploadToken = async (): Promise<string> => {
	const request: CreateTokenRequest = { maxBytes: 2e9, origin: "https://example.com" };
	const answer = await edge.v1["upload-tokens"].$post({ json: request });
	if (answer.status !== 201) throw new Error(await answer.text());
	return (await answer.json()).token;
};

/** Everything that is complete, the newest first. */
export async function* completeAssets() {
	for (let cursor: string | undefined; ;) {
		const query = { state: "complete", ...(cursor !== undefined && { cursor }) };
		const answer = await edge.v1.assets.$get({ query });
		if (answer.status !== 200) throw new Error(await answer.text());
		const page = await answer.json();
		yield* page.assets;
		if (page.cursor === undefined) return;
		cursor = page.cursor;
	}
}
