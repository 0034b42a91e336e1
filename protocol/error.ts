/** Every error code of the edge's HTTP interface with its status. Codes are stable: programs may compare them. */
export const ERROR_STATUS = {
	/** The request's JSON, parameters or headers are not what they must be. */
	"invalid-request": 400,
	/** A part whose framing, times or sizes are impossible. */
	"invalid-part": 400,
	/** A track whose description, size or codec is impossible. */
	"invalid-track": 400,
	/** `Repr-Digest` is missing or has no sha-256. */
	"digest-required": 400,
	/** The body is not what its `Repr-Digest` says: damaged on the way. */
	"digest-mismatch": 400,
	/** No key or token, or one that is not known. */
	unauthorized: 401,
	/** The token was valid once. */
	"token-expired": 401,
	/** A valid key or token that may not do this. */
	forbidden: 403,
	/** The token is for pages of another origin. */
	"origin-not-allowed": 403,
	"not-found": 404,
	"method-not-allowed": 405,
	/** Other bytes were stored under this part's number. */
	"part-conflict": 409,
	/** Completed with parts still missing; the body's `missing` lists them. */
	"parts-missing": 409,
	/** The `Idempotency-Key` has made an asset by another request, or one that is deleted. */
	"idempotency-key-reused": 422,
	/** The asset is complete: it takes no more parts. */
	"asset-complete": 409,
	/** The file is not the version that `If-Match` names. */
	"precondition-failed": 412,
	/** More bytes or seconds than the token allows. */
	"constraint-exceeded": 413,
	/** The track takes no more: its samples cannot be cut into segments. */
	"track-failed": 422,
	/** A body larger than its route takes. */
	"too-large": 413,
	"unsupported-media-type": 415,
	"range-not-satisfiable": 416,
	"rate-limited": 429,
	internal: 500,
	/** A form of answer that the edge does not have. */
	"not-implemented": 501,
	/** Storage did not answer; the same request may be sent again. */
	"storage-unavailable": 503,
} as const satisfies Record<string, number>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** The body of every answer that is an error. */
export type ErrorBody = {
	readonly error: {
		readonly code: ErrorCode;
		/** One sentence: what is wrong. */
		readonly message: string;
		/** One sentence: what to do. */
		readonly hint: string;
	};
};

/** The body of an error. */
export const errorBody = (code: ErrorCode, message: string, hint: string): ErrorBody => ({
	error: { code, message, hint },
});

/** Whether a program may send the same request again and hope. */
export const isRetryable = (code: ErrorCode): boolean =>
	(ERROR_STATUS[code] >= 500 && code !== "not-implemented") || code === "rate-limited" || code === "digest-mismatch";

/** The error in a parsed body, or undefined where it is none of ours (a proxy's page, say). */
export const parseErrorBody = (body: unknown): ErrorBody["error"] | undefined => {
	if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
	const { error } = body;
	if (typeof error !== "object" || error === null || !("code" in error) || !("message" in error)) return undefined;
	const { code, message } = error;
	if (typeof code !== "string" || typeof message !== "string" || !Object.hasOwn(ERROR_STATUS, code)) return undefined;
	const hint = "hint" in error && typeof error.hint === "string" ? error.hint : "";
	return { code: code as ErrorCode, message, hint };
};
