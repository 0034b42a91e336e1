import { UploadError } from "./errors.ts";
import type { Feed } from "./feed/feed.ts";
import { IterableFeed } from "./feed/iterable-feed.ts";
import { StreamFeed } from "./feed/stream-feed.ts";

/**
 * What `createUpload` takes as video: a file, the address of one, a camera, screen or canvas, or pictures from anywhere. Frames of an
 * iterable are closed by the upload.
 */
export type UploadSource = Blob | URL | string | MediaStream | AsyncIterable<VideoFrame> | Iterable<VideoFrame>;

/** @param request the asset that the token is for; undefined where it is to be made. */
export type TokenProvider = (request: { readonly assetId: string | undefined }) => string | Promise<string>;

/** Options of `createUpload`; everything but `endpoint` and `token` has a good default. */
export type UploadOptions = {
	/** Where the edge answers: `https://video.example.com`. The path `/v1/...` is added to it. */
	readonly endpoint: string | URL;
	/**
	 * An upload token (or API key, on a server only). A function is asked at the start and again whenever the edge
	 * answers 401, so that a token may expire during a long upload; it then gets the asset that the token must be for.
	 */
	readonly token: string | TokenProvider;
	/**
	 * Folder of the model (`model.json`, weights). Default `<endpoint>/models/crescendo-1/`. Fetched only if the enhancement
	 * is encoded.
	 */
	readonly modelUrl?: string | URL;
	/**
	 * What the enhancement is computed on. `auto` (default): WebGPU, else WASM, as far as `patience` allows. `webgpu` and `wasm` insist
	 * on one, however long it takes; `none` uploads base and audio only.
	 */
	readonly backend?: "auto" | "webgpu" | "wasm" | "none";
	/** One enhancement for each quality index 0 (coarsest) to 63 (finest), at most 4. Default `[24]`. */
	readonly enhancements?: readonly number[];
	/** Longest side of the encoded picture; larger sources are scaled down. Default 3840. */
	readonly maxSize?: number;
	/**
	 * How long a person should wait at most, as a multiple of the video's length (default 2; at least a minute). Where this machine
	 * is too slow for that, the encoder tries less hard, a smaller size is encoded, or only the base is, and the backend report says so.
	 * `Infinity` never gives anything up; a `backend` that is insisted on always gets its enhancement.
	 */
	readonly patience?: number;
	/** Seconds between sync samples, 0.5 to 10. Default 2. */
	readonly gopSeconds?: number;
	/** `auto` (default): stereo AAC and Opus are passed through, all else is encoded; `none` drops the sound. */
	readonly audio?: "auto" | "none";
	/** For people, at most 200 characters; shown in lists. Default: the file's name without its ending. */
	readonly title?: string;
	/** Dispatch `preview` events: the base and what the enhancement makes of it, once per group of pictures. Default false. */
	readonly preview?: boolean;
	/** Continue an upload of the same source with the same options that a closed page left behind. Default true. */
	readonly resume?: boolean;
	/**
	 * The worker that does the work: `auto` (default) starts the SDK's own module worker, or works right there where it is called
	 * inside a worker already; `none` works on the calling thread; a URL points to a copy of the worker file for pages whose bundler or
	 * policy needs it.
	 */
	readonly worker?: "auto" | "none" | URL;
	/** Aborts the upload like `abort()`. */
	readonly signal?: AbortSignal;
};

/** Options after checking, with every default filled in. Plain data, but for the token's function. */
export type ResolvedOptions = {
	/** Without a trailing slash. */
	readonly endpoint: string;
	readonly modelUrl: string;
	readonly backend: "auto" | "webgpu" | "wasm" | "none";
	readonly enhancements: readonly number[];
	readonly maxSize: number;
	readonly patience: number;
	readonly gopSeconds: number;
	readonly audio: "auto" | "none";
	readonly title: string;
	readonly preview: boolean;
	readonly resume: boolean;
};

/** Name of the model folder that this version encodes with. */
const DEFAULT_MODEL = "crescendo-1";

const refuse = (message: string, hint?: string): never => {
	throw new UploadError("invalid-option", message, { hint });
};

const oneOf = <T extends string>(name: string, value: unknown, allowed: readonly T[], fallback: T): T => {
	if (value === undefined) {
		return fallback;
	}
	return (
		allowed.find((candidate) => candidate === value) ??
		refuse(`options.${name}, when provided, must be one of ${allowed.map((entry) => `"${entry}"`).join(", ")}.`)
	);
};

const numberWithin = (name: string, value: unknown, low: number, high: number, fallback: number): number => {
	if (value === undefined) {
		return fallback;
	}
	if (typeof value !== "number" || !(value >= low && value <= high)) {
		return refuse(`options.${name}, when provided, must be a number from ${low} to ${high}.`);
	}
	return value;
};

const isFlag = (name: string, value: unknown, fallback: boolean): boolean => {
	if (value !== undefined && typeof value !== "boolean") {
		refuse(`options.${name}, when provided, must be a boolean.`);
	}
	return value === undefined ? fallback : value === true;
};

/** @returns an absolute http(s) URL. `base` resolves relative ones, as a page's own address does. */
const httpUrl = (name: string, value: unknown, base: string | undefined): URL => {
	if (typeof value !== "string" && !(value instanceof URL)) {
		return refuse(`options.${name} must be a string or a URL.`);
	}
	let url: URL;
	try {
		url = new URL(value, base);
	} catch (cause) {
		throw new UploadError("invalid-option", `options.${name} must be a valid URL; it is "${String(value)}".`, {
			cause,
		});
	}
	if (url.protocol !== "https:" && url.protocol !== "http:") {
		return refuse(`options.${name} must start with https: or http:; it starts with ${url.protocol}`);
	}
	return url;
};

const folder = (url: URL): string => (url.href.endsWith("/") ? url.href : `${url.href}/`);

const checkEnhancements = (value: unknown): readonly number[] => {
	if (value === undefined) {
		return [24];
	}
	const message = "options.enhancements, when provided, must be an array of 1 to 4 different integers from 0 to 63.";
	if (!Array.isArray(value) || value.length < 1 || value.length > 4 || new Set(value).size !== value.length) {
		return refuse(message, 'For no enhancement at all, set options.backend to "none".');
	}
	const numbers: number[] = [];
	for (const q of value as readonly unknown[]) {
		if (typeof q !== "number" || !Number.isInteger(q) || q < 0 || q > 63) {
			return refuse(message);
		}
		numbers.push(q);
	}
	return numbers;
};

const checkTitle = (value: unknown, fallback: string): string => {
	if (value !== undefined && (typeof value !== "string" || value.length > 200)) {
		refuse("options.title, when provided, must be a string of at most 200 characters.");
	}
	return typeof value === "string" && value.length > 0 ? value : fallback.slice(0, 200);
};

/**
 * @param source the video; anything but the types of `UploadSource` is refused.
 * @throws {UploadError} `invalid-option`; `source-no-video` for a stream without a live picture track
 */
export const checkSource = (source: unknown, base?: string): Blob | string | Feed => {
	if (source instanceof Blob) {
		return source;
	}
	if (typeof source === "string" || source instanceof URL) {
		if (source instanceof URL && source.protocol === "blob:") {
			return source.href;
		}
		if (typeof source === "string" && source.startsWith("blob:")) {
			return source;
		}
		return httpUrl("source", source, base).href;
	}
	if (typeof MediaStream !== "undefined" && source instanceof MediaStream) {
		return new StreamFeed(source);
	}
	if (isFrames(source)) {
		return new IterableFeed(source);
	}
	return refuse(
		"source must be a File, a Blob, a URL, a string with an address, a MediaStream, or an iterable of VideoFrame.",
	);
};

const isFrames = (source: unknown): source is AsyncIterable<VideoFrame> | Iterable<VideoFrame> =>
	typeof source === "object" && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source);

const titleOf = (source: Blob | string | Feed): string => {
	if (!(source instanceof Blob) && typeof source !== "string") {
		return "";
	}
	const name =
		source instanceof Blob ? ("name" in source && typeof source.name === "string" ? source.name : "") : source;
	const last = name.split(/[?#]/)[0]?.split("/").at(-1) ?? "";
	return last.replace(/\.[A-Za-z0-9]{1,5}$/, "");
};

/**
 * Checks every option once, at the border; inside, nothing is checked again.
 * @param base address that relative URLs are resolved against (the page's).
 * @throws {UploadError} `invalid-option`, with a message that names the option and what it must be.
 */
export const resolveOptions = (
	options: UploadOptions,
	source: Blob | string | Feed,
	base?: string,
): ResolvedOptions => {
	if (typeof options !== "object" || options === null) {
		return refuse("options must be an object.");
	}
	const endpoint = httpUrl("endpoint", options.endpoint, base);
	if (endpoint.search !== "" || endpoint.hash !== "") {
		refuse("options.endpoint must not have a query or a fragment.");
	}
	if (typeof options.token !== "function" && (typeof options.token !== "string" || options.token.length === 0)) {
		refuse("options.token must be a non-empty string or a function that returns one.");
	}
	if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
		refuse("options.signal, when provided, must be an AbortSignal.");
	}
	if (options.worker !== undefined && !(options.worker instanceof URL)) {
		oneOf("worker", options.worker, ["auto", "none"], "auto");
	}
	const root = folder(endpoint);
	return {
		endpoint: root.slice(0, -1),
		modelUrl: folder(httpUrl("modelUrl", options.modelUrl ?? `${root}models/${DEFAULT_MODEL}/`, base)),
		backend: oneOf("backend", options.backend, ["auto", "webgpu", "wasm", "none"], "auto"),
		enhancements: checkEnhancements(options.enhancements),
		maxSize: numberWithin("maxSize", options.maxSize, 64, 8192, 3840),
		patience: options.patience === Infinity ? Infinity : numberWithin("patience", options.patience, 0.1, 1000, 2),
		gopSeconds: numberWithin("gopSeconds", options.gopSeconds, 0.5, 10, 2),
		audio: oneOf("audio", options.audio, ["auto", "none"], "auto"),
		title: checkTitle(options.title, titleOf(source)),
		preview: isFlag("preview", options.preview, false),
		resume: isFlag("resume", options.resume, true),
	};
};
