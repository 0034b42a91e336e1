import type { AssetResponse, CreateAssetRequest } from "../../protocol/asset.ts";
import { reprDigest } from "../../protocol/digest.ts";
import { encodePart, PART_MEDIA_TYPE } from "../../protocol/part.ts";
import { trackToJson } from "../../protocol/track.ts";
import type { Sample } from "../../codec/sample.ts";
import type { LocalEdge } from "../../scripts/local-edge.ts";
import type { ClipTrack } from "./clip.ts";

/** What the benches do at an edge, over HTTP as anybody would. Everything throws for an answer that is not good. */
export class BenchClient {
	readonly #edge: Pick<LocalEdge, "url" | "apiKey">;

	constructor(edge: Pick<LocalEdge, "url" | "apiKey">) {
		this.#edge = edge;
	}

	/** Makes an asset of these tracks. */
	async create(tracks: readonly ClipTrack[], more: Partial<CreateAssetRequest> = {}): Promise<string> {
		const request: CreateAssetRequest = {
			width: 1280,
			height: 720,
			frameRate: 25,
			title: "Bench",
			tracks: tracks.map(({ id, track }) => trackToJson(id, track)),
			...more,
		};
		const { id }: AssetResponse = await (await this.#json("/v1/assets", request)).json();
		return id;
	}

	/** Sends a part. */
	async putPart(asset: string, track: string, number: number, samples: readonly Sample[]): Promise<void> {
		const body = encodePart(samples);
		await this.#call(`/v1/assets/${asset}/tracks/${track}/parts/${number}`, {
			method: "PUT",
			headers: { "Content-Type": PART_MEDIA_TYPE, "Repr-Digest": await reprDigest(body) },
			body,
		});
	}

	/** Says how many parts each track has. */
	async complete(asset: string, counts: ReadonlyMap<string, number>): Promise<void> {
		await this.#json(`/v1/assets/${asset}/complete`, { tracks: [...counts].map(([id, parts]) => ({ id, parts })) });
	}

	/** Asks for what an asset has. */
	async look(asset: string): Promise<void> {
		await (await this.#call(`/v1/assets/${asset}`, { method: "GET" })).arrayBuffer();
	}

	/** Removes an asset. */
	async remove(asset: string): Promise<void> {
		await this.#call(`/v1/assets/${asset}`, { method: "DELETE" });
	}

	#json(path: string, json: object): Promise<Response> {
		const headers = { "Content-Type": "application/json" };
		return this.#call(path, { method: "POST", headers, body: JSON.stringify(json) });
	}

	async #call(path: string, init: RequestInit): Promise<Response> {
		const headers = new Headers(init.headers);
		headers.set("Authorization", `Bearer ${this.#edge.apiKey}`);
		const response = await fetch(this.#edge.url + path, { ...init, headers });
		if (!response.ok) throw new Error(`${init.method} ${path}: ${response.status} ${await response.text()}`);
		return response;
	}
}
