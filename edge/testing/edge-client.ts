import { applyD1Migrations } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { Sample } from "../../codec/sample.ts";
import type { AssetResponse, CreateAssetRequest } from "../../protocol/asset.ts";
import { reprDigest } from "../../protocol/digest.ts";
import { encodePart, PART_MEDIA_TYPE } from "../../protocol/part.ts";
import { type ClipTrack, createRequest } from "./fixture-media.ts";

export const API_KEY = "test-api-key";
export const ORIGIN = "https://edge.test";

/** Applies the migrations, and empties the list of assets that test files before may have left. */
export const migrate = async (): Promise<void> => {
	await applyD1Migrations(env.CATALOGUE, env.TEST_MIGRATIONS);
	await env.CATALOGUE.prepare("DELETE FROM assets").run();
};

/** A request to the Worker, with the API key unless a token (or "" for none) is given. */
export const call = (
	path: string,
	init: RequestInit & { readonly token?: string; readonly json?: unknown } = {},
): Promise<Response> => {
	const { token = API_KEY, json, ...rest } = init;
	const headers = new Headers(rest.headers);
	if (token !== "") headers.set("Authorization", `Bearer ${token}`);
	if (json !== undefined) headers.set("Content-Type", "application/json");
	return exports.default.fetch(
		new Request(path.startsWith("http") ? path : ORIGIN + path, {
			redirect: "manual",
			...rest,
			headers,
			...(json !== undefined && { body: JSON.stringify(json) }),
		}),
	);
};

/** Makes an asset; fails unless that is 201. */
export const createAsset = async (request: CreateAssetRequest, token = API_KEY): Promise<AssetResponse> => {
	const response = await call("/v1/assets", { method: "POST", json: request, token });
	if (response.status !== 201) throw new Error(`Creation: ${response.status} ${await response.text()}`);
	return response.json();
};

/** Sends a part. */
export const putPart = async (
	assetId: string,
	trackId: string,
	number: number,
	body: readonly Sample[] | Uint8Array<ArrayBuffer>,
	token = API_KEY,
): Promise<Response> => {
	const bytes = body instanceof Uint8Array ? body : encodePart(body);
	return call(`/v1/assets/${assetId}/tracks/${trackId}/parts/${number}`, {
		method: "PUT",
		body: bytes,
		token,
		headers: { "Content-Type": PART_MEDIA_TYPE, "Repr-Digest": await reprDigest(bytes) },
	});
};

/** Splits samples into parts of so many. */
export const split = (samples: readonly Sample[], count: number): Sample[][] =>
	Array.from({ length: Math.ceil(samples.length / count) }, (_, index) =>
		samples.slice(index * count, (index + 1) * count),
	);

/** Sends all parts of all tracks, in order, and completes. */
export const uploadAll = async (
	tracks: readonly ClipTrack[],
	samplesInPart = 40,
	token = API_KEY,
	more: Partial<CreateAssetRequest> = {},
): Promise<string> => {
	const { id } = await createAsset(createRequest(tracks, more), token);
	const counts = [];
	for (const track of tracks) {
		const parts = split(track.samples, samplesInPart);
		for (const [number, part] of parts.entries()) {
			const response = await putPart(id, track.id, number, part, token);
			if (response.status !== 201) throw new Error(`Part: ${response.status} ${await response.text()}`);
		}
		counts.push({ id: track.id, parts: parts.length });
	}
	const response = await call(`/v1/assets/${id}/complete`, { method: "POST", json: { tracks: counts }, token });
	if (response.status !== 200) throw new Error(`Completion: ${response.status} ${await response.text()}`);
	return id;
};

/**
 * The objects of an asset by name, with their bytes in hex: what two uploads are compared by. Of the frozen state, which playlists are built
 * from, all but the asset's id and when it was made.
 */
export const storedObjects = async (assetId: string): Promise<Record<string, string>> => {
	const prefix = `assets/${assetId}/`;
	const { objects } = await env.MEDIA.list({ prefix, limit: 1000 });
	const entries = await Promise.all(
		objects.map(async ({ key }) => {
			const bytes = new Uint8Array((await (await env.MEDIA.get(key))?.arrayBuffer()) ?? []);
			const name = key.slice(prefix.length);
			return [name, name === "state.json" ? anonymous(bytes) : bytes.toHex()] as const;
		}),
	);
	return Object.fromEntries(entries);
};

const anonymous = (state: Uint8Array): string => {
	const parsed = JSON.parse(new TextDecoder().decode(state)) as object;
	return JSON.stringify({ ...parsed, id: "", createdAt: "" });
};
