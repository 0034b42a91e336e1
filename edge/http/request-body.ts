import * as v from "valibot";
import { ApiError } from "./api-error.ts";
import type { BodyCount } from "./body-room.ts";

/** Bytes of JSON that any route takes. */
const JSON_BYTES = 256 * 1024;

/** Bytes that are made room for at first where nobody says how many will come. */
const FIRST_ROOM = 64 * 1024;

/**
 * The body, read piece by piece so that a large one is refused before it is in memory. Where the client says how long it is, room for that
 * is made with the first piece; where not, room doubles as it fills, and for a moment there is the old and the new.
 * @param count where the memory that it takes is counted
 * @throws ApiError `too-large`; `rate-limited` where `count` has no room
 */
export const readBody = async (
	request: Request,
	limit: number,
	count?: BodyCount,
): Promise<Uint8Array<ArrayBuffer>> => {
	const tooLarge = new ApiError("too-large", `The body has more than ${limit} bytes.`, "Send less in one request.");
	const claimed = claimedLength(request);
	if (claimed !== undefined && claimed > limit) throw tooLarge;
	if (request.body === null) return new Uint8Array();
	let room = new ArrayBuffer();
	let length = 0;
	for await (const piece of arriving(request.body)) {
		const end = length + piece.byteLength;
		if (end > limit) throw tooLarge;
		if (end > room.byteLength) {
			const wanted = length === 0 ? (claimed ?? FIRST_ROOM) : 2 * room.byteLength;
			const size = Math.max(end, Math.min(wanted, limit));
			count?.grow(size - room.byteLength);
			room = room.transfer(size);
		}
		new Uint8Array(room).set(piece, length);
		length = end;
	}
	return new Uint8Array(length === room.byteLength ? room : room.transfer(length));
};

/** Bytes that the client says it will send; undefined where it says nothing that can be. */
const claimedLength = ({ headers }: Request): number | undefined => {
	const text = headers.get("Content-Length") ?? "";
	return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
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
		const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
		return JSON.parse(text, requireCharacters);
	} catch (cause) {
		if (cause instanceof ApiError) throw cause;
		throw new ApiError("invalid-request", "The body is not JSON.", "Send JSON in UTF-8.", { cause });
	}
};

/**
 * JSON can spell half a character ("\ud800"), which no UTF-8 can hold: a store would give back another text than it took.
 * @throws ApiError `invalid-request`
 */
const requireCharacters = (name: string, value: unknown): unknown => {
	if (name.isWellFormed() && (typeof value !== "string" || value.isWellFormed())) return value;
	throw new ApiError(
		"invalid-request",
		"A text in the body has half of a surrogate pair.",
		"Cut texts between characters, not between UTF-16 code units.",
	);
};
