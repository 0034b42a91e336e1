import * as v from "valibot";
import type { AssetResponse, CompleteRequest, CreateAssetRequest, TrackProgress } from "../../protocol/asset.ts";
import { reprDigest } from "../../protocol/digest.ts";
import { parseErrorBody } from "../../protocol/error.ts";
import { PART_MEDIA_TYPE } from "../../protocol/part.ts";
import { UploadError } from "../errors.ts";
import type { HttpClient } from "./http.ts";
import { BRISK } from "./retry.ts";

const numbers = v.array(v.number());
const Progress = v.object({ id: v.string(), next: v.number(), ahead: numbers, missing: numbers, partsUrl: v.string() });
const Asset = v.object({
	id: v.string(),
	state: v.picklist(["uploading", "complete"]),
	createdAt: v.string(),
	tracks: v.array(Progress),
	urls: v.object({ master: v.string(), watch: v.string() }),
});
const PutPart = v.object({ track: Progress });

const check = <T>(schema: v.GenericSchema<unknown, T>, body: unknown): T => {
	const result = v.safeParse(schema, body);
	if (result.success) {
		return result.output;
	}
	throw new UploadError("rejected", "The edge's answer is not one that is known here.", {
		hint: "Check that options.endpoint is a Crescendo edge of the same version.",
		cause: new Error(v.summarize(result.issues)),
	});
};

const JSON_HEADERS = { "content-type": "application/json" };

/** The upload protocol, one method a request. */
export class UploadClient {
	readonly #http: HttpClient;
	readonly #endpoint: string;

	/** @param endpoint without a trailing slash. */
	constructor(http: HttpClient, endpoint: string) {
		this.#http = http;
		this.#endpoint = endpoint;
	}

	/**
	 * `POST /v1/assets`.
	 * @param key of this creation and no other: where an answer is lost, asking again finds the asset that was made.
	 */
	async create(request: CreateAssetRequest, key: string, signal: AbortSignal): Promise<AssetResponse> {
		const { body } = await this.#http.request({
			method: "POST",
			url: `${this.#endpoint}/v1/assets`,
			headers: { ...JSON_HEADERS, "idempotency-key": key },
			body: JSON.stringify(request),
			signal,
			policy: BRISK,
		});
		return check(Asset, body);
	}

	/**
	 * `GET /v1/assets/:id`. As patient as parts are: the edge that made the asset will answer again, and who asks has often just woken up, before
	 * the network has.
	 * @returns undefined where the edge does not know the asset (any more).
	 */
	async find(id: string, signal: AbortSignal): Promise<AssetResponse | undefined> {
		const { status, body } = await this.#http.request({
			method: "GET",
			url: `${this.#endpoint}/v1/assets/${encodeURIComponent(id)}`,
			signal,
			accept: [401, 403, 404, 410],
		});
		return status === 200 ? check(Asset, body) : undefined;
	}

	/** `PUT .../parts/:n`. Sending the same bytes again does no harm. */
	async putPart(
		partsUrl: string,
		number: number,
		bytes: Uint8Array<ArrayBuffer>,
		signal: AbortSignal,
	): Promise<TrackProgress> {
		const { body } = await this.#http.request({
			method: "PUT",
			url: `${partsUrl}${number}`,
			headers: { "content-type": PART_MEDIA_TYPE, "repr-digest": await reprDigest(bytes) },
			body: bytes,
			signal,
		});
		return check(PutPart, body).track;
	}

	/**
	 * `PUT /v1/assets/:id/poster` or `.../storyboard`.
	 * @returns why the edge does not want it, if so: a video is whole without.
	 */
	async putExtra(
		id: string,
		name: "poster" | "storyboard",
		bytes: Uint8Array<ArrayBuffer>,
		signal: AbortSignal,
	): Promise<string | undefined> {
		const { status, body } = await this.#http.request({
			method: "PUT",
			url: `${this.#endpoint}/v1/assets/${encodeURIComponent(id)}/${name}`,
			headers: { "content-type": name === "poster" ? "image/jpeg" : PART_MEDIA_TYPE },
			body: bytes,
			signal,
			accept: [400, 403, 404, 405, 409, 413, 415],
		});
		return status < 300 ? undefined : (parseErrorBody(body)?.message ?? `it answered ${status}`);
	}

	/** `POST /v1/assets/:id/complete`. */
	async complete(id: string, request: CompleteRequest, signal: AbortSignal): Promise<AssetResponse> {
		const { body } = await this.#http.request({
			method: "POST",
			url: `${this.#endpoint}/v1/assets/${encodeURIComponent(id)}/complete`,
			headers: JSON_HEADERS,
			body: JSON.stringify(request),
			signal,
		});
		return check(Asset, body);
	}
}
