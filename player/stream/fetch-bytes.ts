import { CodecError } from "../../codec/errors.ts";
import type { NetworkMeter, RunningTransfer } from "../policy/network-meter.ts";

/** Where bytes are: a URL, or a part of what is there. */
export type ByteLocation = {
	readonly url: string;
	/** First byte and the byte after the last; undefined: everything. */
	readonly range: readonly [number, number] | undefined;
};

/** Milliseconds without a byte after which a transfer is given up: a server that accepts a request and never answers would hold it for ever. */
const SILENCE = 30_000;

/** The network refused or broke off; `status` is undefined where no answer came. */
export class FetchError extends Error {
	readonly status: number | undefined;
	readonly url: string;
	constructor(url: string, status: number | undefined, cause?: unknown) {
		const silent = cause instanceof DOMException && cause.name === "TimeoutError";
		const missing = silent ? `sent nothing for ${SILENCE / 1000} s` : "did not answer";
		const what = status === undefined ? missing : `answered with ${status}`;
		super(`${url} ${what}.`, cause === undefined ? undefined : { cause });
		this.name = "FetchError";
		this.status = status;
		this.url = url;
	}
}

/** How {@link fetchBytes} fetches. */
export type FetchOptions = {
	readonly signal?: AbortSignal | undefined;
	/** Most bytes that are taken; a longer body is an error and is not read to its end. */
	readonly limit: number;
	/** Read what the browser's cache has, however old: media never changes under its URL. */
	readonly immutable?: boolean | undefined;
	/** Told of the transfer, to measure what the network carries. */
	readonly network?: Pick<NetworkMeter, "begin"> | undefined;
	readonly credentials?: RequestCredentials | undefined;
};

/**
 * Fetches bytes at low priority: everything that comes this way can wait, the base comes through hls.js.
 *
 * @throws FetchError where the server refuses or falls silent, or the connection breaks; CodecError `invalid-file` for a body longer than the limit;
 * the signal's reason where it was aborted
 */
export async function fetchBytes(location: ByteLocation, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
	const { url, range } = location;
	const silence = new Silence(SILENCE);
	const signals = options.signal ? [options.signal, silence.signal] : [silence.signal];
	const init: RequestInit = { priority: "low", signal: AbortSignal.any(signals) };
	if (options.immutable) init.cache = "force-cache";
	if (options.credentials) init.credentials = options.credentials;
	if (range) init.headers = { Range: `bytes=${range[0]}-${range[1] - 1}` };
	let transfer: RunningTransfer | undefined;
	let bytes: Uint8Array<ArrayBuffer>;
	let partial: boolean;
	try {
		const response = await fetch(url, init);
		if (!response.ok) throw new FetchError(url, response.status);
		partial = response.status === 206;
		transfer = options.network?.begin(performance.now());
		bytes = await readBounded(response, url, options.limit, (length) => {
			silence.broken();
			transfer?.progress(length);
		});
	} catch (cause) {
		options.signal?.throwIfAborted();
		if (cause instanceof CodecError || cause instanceof FetchError) throw cause;
		throw new FetchError(url, undefined, cause);
	} finally {
		silence.over();
		transfer?.end(performance.now());
	}
	if (range === undefined || partial) return bytes;
	// A server without ranges sends everything (RFC 9110, section 14.2): the part is cut here.
	return bytes.slice(range[0], range[1]);
}

/**
 * The whole body of an answer.
 *
 * @param limit most bytes that are taken
 * @param progress told how many bytes there are so far, whenever some have come
 * @throws CodecError `invalid-file` for a longer body, which is not read to its end; what breaks the connection
 */
export async function readBounded(
	response: Response,
	url: string,
	limit: number,
	progress: (length: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	if (response.body === null) return new Uint8Array();
	const reader = response.body.getReader();
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		length += value.length;
		if (length > limit) {
			await reader.cancel();
			throw new CodecError("invalid-file", `${url} is longer than ${limit} bytes.`);
		}
		chunks.push(value);
		progress(length);
	}
	const bytes = new Uint8Array(length);
	let offset = 0;
	for (const chunk of chunks) {
		bytes.set(chunk, offset);
		offset += chunk.length;
	}
	return bytes;
}

/** A signal that is aborted by a `TimeoutError` once nothing has been heard for so many milliseconds. */
export class Silence {
	readonly #abort = new AbortController();
	readonly #milliseconds: number;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(milliseconds: number) {
		this.#milliseconds = milliseconds;
		this.broken();
	}

	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	/** Something was heard: the time begins anew. */
	broken(): void {
		clearTimeout(this.#timer);
		const reason = () => new DOMException("Nothing was heard.", "TimeoutError");
		this.#timer = setTimeout(() => this.#abort.abort(reason()), this.#milliseconds);
	}

	/** Nothing more is awaited. */
	over(): void {
		clearTimeout(this.#timer);
	}
}
