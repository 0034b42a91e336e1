import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { CodecError } from "../codec/errors.ts";
import type { CompleteRequest, CreateAssetRequest } from "../protocol/asset.ts";
import { reprDigest } from "../protocol/digest.ts";
import { isRetryable, parseErrorBody } from "../protocol/error.ts";
import { PART_MEDIA_TYPE } from "../protocol/part.ts";

/** What is used of an asset's JSON. */
const Asset = v.object({
	id: v.string(),
	state: v.string(),
	tracks: v.array(
		v.object({
			id: v.string(),
			partsUrl: v.string(),
			/** Number of the first part that is not there, and those that are there beyond it. */
			next: v.optional(v.number(), 0),
			ahead: v.optional(v.array(v.number()), []),
		}),
	),
	urls: v.object({ master: v.string(), watch: v.string() }),
});
export type Asset = v.InferOutput<typeof Asset>;

/** Waits before a request is sent again, in milliseconds. */
const RETRY_DELAYS = [250, 1000, 4000] as const;

/** Where an edge that has answered before gives no answer it is waited for longer, some ten minutes: it is the network that went away. */
const PATIENT_DELAYS = [...RETRY_DELAYS, 10_000, ...Array.from({ length: 20 }, () => 30_000)] as const;

/** Waits so many milliseconds. @throws once the signal aborts */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Milliseconds in all that a request waits for an edge that answers, but has no room: others are being served. */
const MOST_PATIENCE = 5 * 60_000;

/** A request that the edge refused, or that did not reach it. */
export class EdgeError extends Error {
	/** The request itself is wrong: sending it again would not help. */
	readonly refused: boolean;
	/** The edge is well and has no room now: when to come again, milliseconds. */
	readonly comeAgain: number | undefined;
	/** There was no answer of an edge at all. */
	readonly silent: boolean;
	constructor(
		message: string,
		refused: boolean,
		more: { readonly cause?: unknown; readonly comeAgain?: number; readonly silent?: boolean } = {},
	) {
		super(message, "cause" in more ? { cause: more.cause } : undefined);
		this.name = "EdgeError";
		this.refused = refused;
		this.comeAgain = more.comeAgain;
		this.silent = more.silent === true;
	}
}

/** The upload protocol, one method a request. Every request is repeated where its answer is lost: none does harm twice. */
export class EdgeClient {
	readonly #endpoint: string;
	readonly #token: string;
	readonly #signal: AbortSignal;
	readonly #wait: Wait;
	/** Whether there was an answer to any request. */
	#reached = false;

	/** @param endpoint origin of the edge. @param token API key or upload token. @param wait a test brings its own */
	constructor(endpoint: string, token: string, signal: AbortSignal, wait: Wait = sleepUntil) {
		this.#wait = wait;
		this.#endpoint = endpoint;
		this.#token = token;
		this.#signal = signal;
	}

	async create(request: CreateAssetRequest): Promise<Asset> {
		const { headers, body } = json(request);
		// The same in every repetition: the edge makes one asset of them.
		const init = { headers: { ...headers, "idempotency-key": randomUUID() }, body };
		return asset(await this.#retry(() => this.#send("POST", `${this.#endpoint}/v1/assets`, init)));
	}

	/** @returns undefined where the edge does not know the asset, or does not show it for this token. */
	async find(id: string): Promise<Asset | undefined> {
		try {
			const url = `${this.#endpoint}/v1/assets/${encodeURIComponent(id)}`;
			return asset(await this.#retry(() => this.#send("GET", url)));
		} catch (error) {
			if (error instanceof EdgeError && error.refused) return undefined;
			throw error;
		}
	}

	async putPart(partsUrl: string, number: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
		const headers = { "content-type": PART_MEDIA_TYPE, "repr-digest": await reprDigest(bytes) };
		await this.#retry(() => this.#send("PUT", `${partsUrl}${number}`, { headers, body: bytes }));
	}

	/** What stands beside the tracks. */
	async putExtra(
		id: string,
		name: "poster" | "storyboard",
		type: string,
		bytes: Uint8Array<ArrayBuffer>,
	): Promise<void> {
		const url = `${this.#endpoint}/v1/assets/${encodeURIComponent(id)}/${name}`;
		await this.#retry(() => this.#send("PUT", url, { headers: { "content-type": type }, body: bytes }));
	}

	async complete(id: string, request: CompleteRequest): Promise<Asset> {
		const url = `${this.#endpoint}/v1/assets/${encodeURIComponent(id)}/complete`;
		return asset(await this.#retry(() => this.#send("POST", url, json(request))));
	}

	async #retry<T>(request: () => Promise<T>): Promise<T> {
		const afterAnswers = RETRY_DELAYS.values();
		const afterSilence = (this.#reached ? PATIENT_DELAYS : RETRY_DELAYS).values();
		for (let patience = MOST_PATIENCE; ;) {
			try {
				return await request();
			} catch (error) {
				if (!(error instanceof EdgeError) || error.refused) throw error;
				const delay = error.comeAgain ?? (error.silent ? afterSilence : afterAnswers).next().value;
				if (error.comeAgain !== undefined) patience -= error.comeAgain;
				if (delay === undefined || patience < 0) throw error;
				await this.#wait(delay, this.#signal);
			}
		}
	}

	async #send(
		method: string,
		url: string,
		init: {
			readonly headers?: Record<string, string>;
			readonly body?: string | Uint8Array<ArrayBuffer>;
		} = {},
	): Promise<unknown> {
		const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
		let response: Response;
		let body: unknown;
		try {
			response = await fetch(url, {
				method,
				headers,
				...(init.body !== undefined && { body: init.body }),
				signal: this.#signal,
			});
			body = await response.json();
		} catch (error) {
			if (this.#signal.aborted) throw new CodecError("aborted", "The upload was stopped.", { cause: error });
			throw new EdgeError(`${new URL(url).origin} did not answer as an edge does.`, false, {
				cause: error,
				silent: true,
			});
		}
		this.#reached = true;
		if (response.ok) return body;
		const error = parseErrorBody(body);
		if (error === undefined) throw new EdgeError(`The edge answered ${response.status}.`, response.status < 500);
		const comeAgain = response.status === 429 ? retryAfter(response) : undefined;
		const more = comeAgain === undefined ? {} : { comeAgain };
		throw new EdgeError(`${error.message} ${error.hint} (${error.code})`, !isRetryable(error.code), more);
	}
}

const sleepUntil: Wait = (milliseconds, signal) => sleep(milliseconds, undefined, { signal });

/** Milliseconds that the edge names, at least the shortest of ours; a second where it names none. */
const retryAfter = ({ headers }: Response): number => {
	const text = headers.get("retry-after") ?? "";
	return Math.max(RETRY_DELAYS[0], /^\d{1,5}$/.test(text) ? Number(text) * 1000 : 1000);
};

const json = (body: unknown) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

const asset = (body: unknown): Asset => {
	const result = v.safeParse(Asset, body);
	if (result.success) return result.output;
	throw new EdgeError("The edge's answer is not one that is known here; it may be of another version.", true);
};
