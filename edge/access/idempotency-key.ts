import type { Access } from "../../protocol/asset.ts";
import { ApiError } from "../http/api-error.ts";
import { assetIdOfToken } from "./asset-id.ts";

/**
 * The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header): printable characters, in quotes as the draft has it or
 * without, as most have it. Undefined where there is none.
 * @throws ApiError `invalid-request`
 */
export const readIdempotencyKey = (header: string | undefined): string | undefined => {
	if (header === undefined) return undefined;
	const key = /^"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"$|^([\x21\x23-\x5b\x5d-\x7e]{1,255})$/.exec(header.trim());
	const text = key?.[1] ?? key?.[2];
	if (text !== undefined) return text;
	throw new ApiError(
		"invalid-request",
		"The Idempotency-Key is not one.",
		"Send 1 to 255 printable characters, such as a UUID.",
	);
};

/**
 * The asset that an API key makes with an idempotency key: always the same, so that a creation whose answer was lost can be asked for
 * again. Who does not have the API key cannot say which it is.
 */
export const assetIdOfIdempotencyKey = (access: Access, apiKeyHash: string, key: string): Promise<string> =>
	assetIdOfToken(access, `idempotency ${apiKeyHash} ${key}`);
