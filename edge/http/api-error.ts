import { ERROR_STATUS, type ErrorCode, errorBody } from "../../protocol/error.ts";

/** More of an error than its code and words. */
type Details = {
	/** Seconds, sent as `Retry-After`. */
	readonly retryAfter?: number;
	/** Fields of the body beside `error`. */
	readonly body?: Readonly<Record<string, unknown>>;
	readonly headers?: Readonly<Record<string, string>>;
	readonly cause?: unknown;
};

/** An answer that is an error: thrown by routes, turned into JSON in one place. */
export class ApiError extends Error {
	readonly code: ErrorCode;
	readonly hint: string;
	readonly details: Details;
	constructor(code: ErrorCode, message: string, hint: string, details: Details = {}) {
		super(message, details.cause === undefined ? undefined : { cause: details.cause });
		this.name = "ApiError";
		this.code = code;
		this.hint = hint;
		this.details = details;
	}

	/** The answer itself. */
	toResponse(): Response {
		const { retryAfter, body, headers } = this.details;
		return Response.json(
			{ ...errorBody(this.code, this.message, this.hint), ...body },
			{
				status: ERROR_STATUS[this.code],
				headers: {
					"Cache-Control": "no-store",
					...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
					...(ERROR_STATUS[this.code] === 401 && { "WWW-Authenticate": "Bearer" }),
					...headers,
				},
			},
		);
	}
}

/**
 * An error as plain data, to cross from the Durable Object to the Worker: errors thrown there arrive without their fields.
 */
export type Refusal = {
	readonly code: ErrorCode;
	readonly message: string;
	readonly hint: string;
	readonly retryAfter?: number;
	readonly body?: Readonly<Record<string, unknown>>;
};

/** Throws what the Durable Object refused. */
export const throwRefusal = ({ code, message, hint, ...details }: Refusal): never => {
	throw new ApiError(code, message, hint, details);
};

/** The asset or object asked for is not there. */
export const notFound = (what: string): ApiError =>
	new ApiError(
		"not-found",
		`There is no ${what}.`,
		"Check the address; deleted and abandoned assets are gone for good.",
	);
