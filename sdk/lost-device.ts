import { CodecError } from "../codec/errors.ts";

/** Names of a `DOMException` by which a mapping that a lost GPU breaks off, and a codec that died or was taken away, say so. */
const NAMES = new Set(["AbortError", "OperationError", "EncodingError", "InvalidStateError", "QuotaExceededError"]);

/** A decoder that dies says no more than that it could not decode; what it was given here, an encoder of this page has just made. */
const CODES = new Set(["backend-failed", "damaged-sample"]);

/** Whether a GPU or a codec of the browser gave up. */
export const isLostDevice = (error: unknown): error is DOMException | CodecError =>
	(error instanceof DOMException && NAMES.has(error.name)) || (error instanceof CodecError && CODES.has(error.code));
