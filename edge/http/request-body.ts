import * as v from "valibot";
import { ApiError } from "./api-error.ts";

/** Bytes of JSON that any route takes. */
const JSON_BYTES = 256 * 1024;

/**
 * The body, read piece by piece so that a large one is refused before it is in memory.
 * @throws ApiError `too-large`
 */
export const readBody = async (request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> => {
	const tooLarge = new ApiError("too-large", `The body has more than ${limit} bytes.`, "Send less in one request.");
	if (Number(request.headers.get("Content-Length") ?? 0) > limit) throw tooLarge;
	if (request.body === null) return new Uint8Array();
	const pieces: Uint8Array[] = [];
	let length = 0;
	for await (const piece of arriving(request.body)) {
		length += piece.byteLength;
		if (length > limit) throw tooLarge;
		pieces.push(piece);
	}
	const bytes = new Uint8Array(length);
	let offset = 0;
	for (const piece of pieces) {
		bytes.set(piece, offset);
		offset += piece.byteLength;
	}
	return bytes;
};

/** A sender that goes away in the middle is no fault of this side. */
async function* arriving(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
	const reader = body.getReader();
	try {
		for (;;) {
			const { done, value } = await reader.read().catch((cause: unknown) => {
				throw new ApiError("invalid-request", "The body was cut off.", "Send it again.", { cause });
			});
			if (done) return;
			yield value;
		}
	} finally {
		// What is left of a body that is refused is not wanted; of one that was cut off, nothing is left.
		await reader.cancel().catch(() => undefined);
	}
}

/**
 * The body as JSON of this form. An empty body is `{}`.
 * @throws ApiError `too-large`, `unsupported-media-type`, `invalid-request`
 */
export const readJson = async <Schema extends v.GenericSchema>(
	request: Request,
	schema: Schema,
): Promise<v.InferOutput<Schema>> => {
	const bytes = await readBody(request, JSON_BYTES);
	const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
	if (bytes.length > 0 && type !== "application/json") {
		throw new ApiError("unsupported-media-type", "The body must be JSON.", "Send Content-Type: application/json.");
	}
	const result = v.safeParse(schema, bytes.length === 0 ? {} : parse(bytes));
	if (result.success) return result.output;
	const [issue] = result.issues;
	const path = v.getDotPath(issue);
	throw new ApiError(
		"invalid-request",
		`${path === null ? "The body" : path}: ${issue.message}`,
		"See openapi.json for the form.",
	);
};

const parse = (bytes: Uint8Array): unknown => {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
	} catch (cause) {
		throw new ApiError("invalid-request", "The body is not JSON.", "Send JSON in UTF-8.", { cause });
	}
};
