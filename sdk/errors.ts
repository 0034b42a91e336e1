/** Why an upload could not begin, or stopped. Stable, meant for programs; `docs/sdk.md` lists each with its remedy. */
export type UploadErrorCode =
	| "invalid-option" // an option that cannot be; thrown synchronously by `createUpload`
	| "source-empty" // zero bytes
	| "source-unreadable" // no container that is known, or one that ends before its index
	| "source-no-video" // readable, but without a picture track
	| "source-undecodable" // a codec that this browser does not decode
	| "source-hdr" // PQ or HLG; would look wrong without tone mapping
	| "source-interlaced" // H.264 of fields; would show combs
	| "source-alpha" // transparency, which 4:2:0 video cannot carry
	| "source-size" // smaller than 16 or larger than 8192 samples in one direction
	| "source-damaged" // decoding failed before the first picture
	| "encoder-unavailable" // this browser encodes none of H.264, VP9, AV1
	| "encoder-failed" // an encoder that worked gave up
	| "enhancement-unavailable" // asked for, but no backend or no model
	| "unauthorized" // the edge refuses the key or token
	| "rejected" // the edge refuses the request; `serverCode` says why
	| "conflict" // the edge holds other bytes under the same part number
	| "network-failed" // no answer after every retry
	| "worker-failed" // the worker could not start, or died
	| "aborted"; // by `abort()` or the caller's signal

/** The one error class of the SDK: `code` for programs, `message` says what is wrong, `hint` what to do. */
export class UploadError extends Error {
	readonly code: UploadErrorCode;
	readonly hint: string | undefined;
	/** The edge's own `error.code`, where an answer of the edge is the cause. */
	readonly serverCode: string | undefined;
	/** HTTP status, where there was one. */
	readonly status: number | undefined;
	constructor(
		code: UploadErrorCode,
		message: string,
		options: {
			hint?: string | undefined;
			cause?: unknown;
			serverCode?: string | undefined;
			status?: number | undefined;
		} = {},
	) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.name = "UploadError";
		this.code = code;
		this.hint = options.hint;
		this.serverCode = options.serverCode;
		this.status = options.status;
	}
}

/** An `UploadError` as data, for the way from the worker to the page (class identity does not survive it). */
export type SerializedUploadError = {
	readonly code: UploadErrorCode;
	readonly message: string;
	readonly hint: string | undefined;
	readonly serverCode: string | undefined;
	readonly status: number | undefined;
	readonly cause: string | undefined;
};

/** @param error anything that was thrown. @returns an `UploadError`; `fallback` names the part that failed. */
export const asUploadError = (error: unknown, fallback: UploadErrorCode, message: string): UploadError => {
	if (error instanceof UploadError) {
		return error;
	}
	if (error instanceof DOMException && error.name === "AbortError") {
		return new UploadError("aborted", "The upload was aborted.", { cause: error });
	}
	const detail = error instanceof Error ? error.message : String(error);
	return new UploadError(fallback, `${message} ${detail}`.trim(), { cause: error });
};

/** @returns plain data that `deserializeError` turns back. */
export const serializeError = (error: UploadError): SerializedUploadError => ({
	code: error.code,
	message: error.message,
	hint: error.hint,
	serverCode: error.serverCode,
	status: error.status,
	cause: error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : undefined,
});

/** The inverse of `serializeError`; the cause comes back as an `Error` whose message is the original stack. */
export const deserializeError = (data: SerializedUploadError): UploadError =>
	new UploadError(data.code, data.message, {
		hint: data.hint,
		serverCode: data.serverCode,
		status: data.status,
		...(data.cause === undefined ? {} : { cause: new Error(data.cause) }),
	});
