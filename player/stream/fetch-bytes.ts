import { CodecError } from "../../codec/errors.ts";
import type { NetworkMeter, RunningTransfer } from "../policy/network-meter.ts";

/** Where bytes are: a URL, or a part of what is there. */
export type ByteLocation = {
	readonly url: string;
	/** First byte and the byte after the last; undefined: everything. */
	readonly range: readonly [number, number] | undefined;
};

/** The network refused or broke off; `status` is undefined where no answer came. */
export class FetchError extends Error {
	readonly status: number | undefined;
	readonly url: string;
	constructor(url: string, status: number | undefined, cause?: unknown) {
		const what = status === undefined ? "did not answer" : `answered with ${status}`;
		super(`${url} ${what}.`, cause === undefined ? undefined : { cause });
		this.name = "FetchError";
		this.status = status;
		this.url = url;
	}
}

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
 * @throws FetchError where the server refuses or the connection breaks; CodecError `invalid-file` for a body longer than the limit;
 * the signal's reason where it was aborted
 */
export async function fetchBytes(location: ByteLocation, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
	const { url, range } = location;
	const init: RequestInit = { priority: "low" };
	if (options.signal) init.signal = options.signal;
	if (options.immutable) init.cache = "force-cache";
	if (options.credentials) init.credentials = options.credentials;
	if (range) init.headers = { Range: `bytes=${range[0]}-${range[1] - 1}` };
	let response: Response;
	try {
		response = await fetch(url, init);
	} catch (cause) {
		options.signal?.throwIfAborted();
		throw new FetchError(url, undefined, cause);
	}
	if (!response.ok) throw new FetchError(url, response.status);
	const transfer = options.network?.begin(performance.now());
	let bytes: Uint8Array<ArrayBuffer>;
	try {
		bytes = await readBounded(response, url, options, transfer);
	} finally {
		transfer?.end(performance.now());
	}
	if (range === undefined || response.status === 206) return bytes;
	// A server without ranges sends everything (RFC 9110, section 14.2): the part is cut here.
	return bytes.slice(range[0], range[1]);
}

async function readBounded(
	response: Response,
	url: string,
	{ limit, signal }: FetchOptions,
	transfer: RunningTransfer | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	if (response.body === null) return new Uint8Array();
	const reader = response.body.getReader();
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			length += value.length;
			if (length > limit) {
				await reader.cancel();
				throw new CodecError("invalid-file", `${url} is longer than ${limit} bytes.`);
			}
			chunks.push(value);
			transfer?.progress(length);
		}
	} catch (cause) {
		signal?.throwIfAborted();
		if (cause instanceof CodecError) throw cause;
		throw new FetchError(url, undefined, cause);
	}
	const bytes = new Uint8Array(length);
	let offset = 0;
	for (const chunk of chunks) {
		bytes.set(chunk, offset);
		offset += chunk.length;
	}
	return bytes;
}
