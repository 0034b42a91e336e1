import type { ErrorCode } from "../../protocol/error.ts";

/** What each error means to whoever gets it, and what to do; `hint` of the answer says it of the case at hand. */
export const ERROR_MEANINGS: Readonly<Record<ErrorCode, string>> = {
	"invalid-request": "JSON, parameters or headers are not what they must be. Do not send it again as it is.",
	"invalid-part": "The part's framing, times or sizes are impossible. Do not send it again as it is.",
	"invalid-track": "A track's description, size or codec is impossible, or of another version.",
	"digest-required": "`Repr-Digest` is missing or has no sha-256.",
	"digest-mismatch": "The body is not what `Repr-Digest` says: it was damaged on the way. Send it again.",
	unauthorized: "No key or token, or one that is not known.",
	"token-expired": "The token was good once. Ask for a new one and go on.",
	forbidden: "The key or token may not do this.",
	"origin-not-allowed": "The token is for pages of another origin.",
	"not-found": "There is no such thing, or not yet: then there is a `Retry-After`.",
	"method-not-allowed": "`Allow` lists what the address takes.",
	"part-conflict": "Other bytes are stored under this part's number. Ask for the asset and go on where it is.",
	"parts-missing": "`missing` lists them. Send them, then complete again.",
	"idempotency-key-reused": "The `Idempotency-Key` has made an asset by another request, or one that is deleted.",
	"asset-complete": "The asset takes no more parts.",
	"precondition-failed": "The file is not the version that `If-Match` names.",
	"constraint-exceeded": "More bytes, seconds, tracks or files than the token or the edge allows.",
	"track-failed":
		"The track takes no more: its samples cannot be cut into segments. The asset goes on, unless it is the base.",
	"too-large": "The body is larger than the address takes.",
	"unsupported-media-type": "`Content-Type` is not what the address takes.",
	"range-not-satisfiable": "`Content-Range` says how long the file is.",
	"rate-limited": "Too much at once. Send it again after `Retry-After` seconds.",
	internal: "Something went wrong here. Send it again.",
	"not-implemented": "The edge does not have this form of answer.",
	"storage-unavailable": "Storage did not answer. Send it again after `Retry-After` seconds; nothing is lost.",
};
