import { CodecError } from "../codec/errors.ts";

/** How often a device may be lost: one that is lost again and again will not come back. */
export const MOST_LOSSES = 3;

/**
 * Names of a `DOMException` by which a mapping that a lost GPU breaks off, a codec that died or was taken away, and a drive that was away for
 * a moment, say so.
 */
const NAMES = new Set([
	"AbortError",
	"OperationError",
	"EncodingError",
	"InvalidStateError",
	"QuotaExceededError",
	"NotReadableError",
]);

/** A decoder that dies says no more than that it could not decode; what it was given here, an encoder of this page has just made. */
const CODES = new Set(["backend-failed", "damaged-sample"]);

/** Whether a GPU, a codec of the browser, or a drive gave up. */
export const isLostDevice = (error: unknown): error is DOMException | CodecError =>
	(error instanceof DOMException && NAMES.has(error.name)) || (error instanceof CodecError && CODES.has(error.code));
