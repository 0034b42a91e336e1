import type { IncomingMessage, ServerResponse } from "node:http";
import type { AssetResponse, CreateAssetRequest, TrackProgress } from "../../protocol/asset.ts";
import { digestsEqual, parseReprDigest, sha256 } from "../../protocol/digest.ts";
import { errorBody } from "../../protocol/error.ts";
import type { ErrorCode } from "../../protocol/error.ts";
import { ERROR_STATUS } from "../../protocol/error.ts";
import { decodePart } from "../../protocol/part.ts";
import type { Sample } from "../../codec/sample.ts";

/** For tests only: the upload protocol in memory, strict about what it takes, with faults on demand. */
export class EdgeDouble {
	readonly assets = new Map<string, StoredAsset>();
	/** Every request: method and path. */
	readonly log: string[] = [];
	/**
	 * Called before each request, those for files among them; an answer stands for the edge's own, `hang up` cuts the connection before the
	 * request is looked at, `lose answer` after it is done, or, of a file, in the middle.
	 */
	fault: (method: string, path: string) => Fault | undefined = () => undefined;
	/** Assets by the `Idempotency-Key` that made them. */
	readonly #made = new Map<string, StoredAsset>();
	/** Requests ("PUT /v1/...", and those for files) wait for it before they are looked at. */
	hold: (request: string) => Promise<unknown> | undefined = () => undefined;
	/** Parts that came although they were there. */
	repeated = 0;
	/** Assets made while another one was begun and not complete: an upload that was not continued. */
	begunAnew = 0;
	/** Tokens that are taken. */
	tokens = new Set(["good"]);

	/** PUT requests sent so far. */
	get puts(): number {
		return this.log.filter((line) => line.startsWith("PUT")).length;
	}

	/** Handles a request whose path begins with `/v1/`. */
	async handle(request: IncomingMessage, response: ServerResponse, origin: string): Promise<void> {
		const path = request.url ?? "/";
		const method = request.method ?? "GET";
		this.log.push(`${method} ${path}`);
		const chunks: Buffer[] = [];
		for await (const chunk of request) {
			chunks.push(chunk as Buffer);
		}
		await this.hold(`${method} ${path}`);
		const fault = this.fault(method, path);
		if (fault === "hang up") {
			request.socket.destroy();
			return;
		}
		const answer =
			fault === undefined || fault === "lose answer"
				? await this.#answer(method, path, Buffer.concat(chunks), request, origin)
				: fault;
		if (fault === "lose answer") {
			request.socket.destroy();
			return;
		}
		response.statusCode = answer.status;
		response.setHeader("content-type", "application/json");
		for (const [name, value] of Object.entries(answer.headers ?? {})) {
			response.setHeader(name, value);
		}
		response.end(JSON.stringify(answer.body ?? {}));
	}

	/** The only asset, as it stands. */
	only(): StoredAsset {
		const [asset] = this.assets.values();
		if (asset === undefined || this.assets.size !== 1) {
			throw new Error(`${this.assets.size} assets, not one`);
		}
		return asset;
	}

	async #answer(
		method: string,
		path: string,
		body: Buffer,
		request: IncomingMessage,
		origin: string,
	): Promise<Answer> {
		const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
		if (!this.tokens.has(token)) {
			return refuse("token-expired");
		}
		if (method === "POST" && path === "/v1/assets") {
			const key = request.headers["idempotency-key"];
			const known = typeof key === "string" ? this.#made.get(key) : undefined;
			if (known !== undefined) {
				return { status: 200, body: known.describe() };
			}
			const id = `asset-${this.assets.size + 1}`;
			this.begunAnew += [...this.assets.values()].some((asset) => asset.begun && !asset.completed) ? 1 : 0;
			const asset = new StoredAsset(id, JSON.parse(body.toString()) as CreateAssetRequest, origin);
			this.assets.set(id, asset);
			if (typeof key === "string") {
				this.#made.set(key, asset);
			}
			return { status: 201, body: asset.describe() };
		}
		const match =
			/^\/v1\/assets\/([\w-]+)(?:\/(complete)|\/tracks\/([\w-]+)\/parts\/(\d+)|\/(poster|storyboard))?$/.exec(
				path,
			);
		const asset = this.assets.get(match?.[1] ?? "");
		if (match === null || asset === undefined) {
			return refuse("not-found");
		}
		if (method === "PUT" && match[5] !== undefined) {
			asset.extras.set(match[5], new Uint8Array(body));
			return { status: 201, body: { name: match[5] } };
		}
		if (method === "GET" && match[2] === undefined && match[3] === undefined) {
			return { status: 200, body: asset.describe() };
		}
		if (method === "POST" && match[2] === "complete") {
			return asset.complete(JSON.parse(body.toString()) as { tracks: { id: string; parts: number }[] });
		}
		if (method === "PUT" && match[3] !== undefined) {
			const bytes = new Uint8Array(body);
			const claimed = parseReprDigest(String(request.headers["repr-digest"] ?? ""));
			if (claimed === undefined || !digestsEqual(claimed, await sha256(bytes))) {
				return refuse("digest-mismatch");
			}
			const answer = asset.put(match[3], Number(match[4]), bytes);
			this.repeated += answer.status === 200 ? 1 : 0;
			return answer;
		}
		return refuse("method-not-allowed");
	}
}

export type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };
export type Fault = Answer | "hang up" | "lose answer";

const refuse = (code: ErrorCode): Answer => ({ status: ERROR_STATUS[code], body: errorBody(code, code, "hint") });

/** An asset's parts as they came. */
export class StoredAsset {
	readonly id: string;
	readonly request: CreateAssetRequest;
	readonly parts = new Map<string, Uint8Array[]>();
	/** Poster and storyboard, as they came last. */
	readonly extras = new Map<string, Uint8Array>();
	readonly #origin: string;
	completed = false;

	constructor(id: string, request: CreateAssetRequest, origin: string) {
		this.id = id;
		this.request = request;
		this.#origin = origin;
		for (const track of request.tracks) {
			this.parts.set(track.id, []);
		}
	}

	/** Whether any part has come. */
	get begun(): boolean {
		return [...this.parts.values()].some(({ length }) => length > 0);
	}

	/** All samples of a track; every part must be there. */
	samples(track: string): Sample[] {
		return [...(this.parts.get(track) ?? [])].flatMap((bytes) => decodePart(bytes));
	}

	describe(): AssetResponse {
		const url = `${this.#origin}v1/assets/${this.id}`;
		return {
			id: this.id,
			state: this.completed ? "complete" : "uploading",
			createdAt: new Date(0).toISOString(),
			tracks: [...this.parts.keys()].map((id) => this.#progress(id)),
			urls: {
				master: `${url}/master.m3u8`,
				watch: `${this.#origin}watch/${this.id}`,
			},
		};
	}

	put(track: string, number: number, bytes: Uint8Array): Answer {
		const parts = this.parts.get(track);
		const before = parts?.[number];
		if (parts === undefined) {
			return refuse("not-found");
		}
		if (before !== undefined) {
			return digestsEqual(before, bytes)
				? { status: 200, body: { track: this.#progress(track) } }
				: refuse("part-conflict");
		}
		if (this.completed) {
			return refuse("asset-complete");
		}
		decodePart(bytes);
		parts[number] = bytes;
		return { status: 201, body: { track: this.#progress(track) } };
	}

	complete(request: { tracks: { id: string; parts: number }[] }): Answer {
		for (const { id, parts } of request.tracks) {
			const stored = this.parts.get(id) ?? [];
			if (
				stored.length !== parts ||
				!Array.from({ length: parts }, (_, n) => stored[n] !== undefined).every(Boolean)
			) {
				return refuse("parts-missing");
			}
		}
		this.completed = true;
		return { status: 200, body: this.describe() };
	}

	#progress(id: string): TrackProgress {
		const parts = this.parts.get(id) ?? [];
		const present = (n: number) => parts[n] !== undefined;
		let next = 0;
		while (present(next)) {
			next += 1;
		}
		const numbers = Array.from({ length: parts.length }, (_, n) => n).filter((n) => n >= next);
		const partsUrl = `${this.#origin}v1/assets/${this.id}/tracks/${id}/parts/`;
		return { id, next, ahead: numbers.filter(present), missing: numbers.filter((n) => !present(n)), partsUrl };
	}
}
