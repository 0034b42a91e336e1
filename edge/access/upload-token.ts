import * as v from "valibot";
import { Access, type CreateTokenRequest } from "../../protocol/asset.ts";
import { accessOf, assetIdOfToken } from "./asset-id.ts";
import { signClaims, verifyClaims } from "./signed-claims.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** Upload tokens begin so, which tells them from API keys. */
export const UPLOAD_TOKEN_PREFIX = "cut_";

/** Seconds that a token is good for unless it says otherwise. */
const DEFAULT_LIFE = 3600;

const Claims = v.strictObject({
	/** The asset that the token may make and write. */
	asset: v.string(),
	access: Access,
	/** Seconds since 1970. */
	exp: v.number(),
	maxBytes: v.optional(v.number()),
	maxDurationSeconds: v.optional(v.number()),
	maxTracks: v.optional(v.number()),
	origin: v.optional(v.string()),
});

/** What an upload token says. */
export type UploadClaims = v.InferOutput<typeof Claims>;

/** A new upload token. `now` in milliseconds. */
export const createUploadToken = async (
	keys: SigningKeys,
	request: CreateTokenRequest,
	now: number,
): Promise<{ readonly token: string; readonly claims: UploadClaims }> => {
	const { maxBytes, maxDurationSeconds, maxTracks, origin, expiresInSeconds = DEFAULT_LIFE } = request;
	const access = request.asset === undefined ? (request.access ?? "public") : accessOf(request.asset);
	const asset = request.asset ?? (await assetIdOfToken(access, crypto.randomUUID()));
	const claims: UploadClaims = {
		asset,
		access,
		exp: Math.floor(now / 1000) + expiresInSeconds,
		...(maxBytes !== undefined && { maxBytes }),
		...(maxDurationSeconds !== undefined && { maxDurationSeconds }),
		...(maxTracks !== undefined && { maxTracks }),
		...(origin !== undefined && { origin }),
	};
	return { token: UPLOAD_TOKEN_PREFIX + (await signClaims(keys, claims)), claims };
};

/** The claims of a token; "expired" where it was good once, undefined where it never was. */
export const readUploadToken = async (
	keys: SigningKeys,
	token: string,
	now: number,
): Promise<UploadClaims | "expired" | undefined> => {
	const claims = v.safeParse(Claims, await verifyClaims(keys, token.slice(UPLOAD_TOKEN_PREFIX.length)));
	if (!claims.success) return undefined;
	return claims.output.exp * 1000 <= now ? "expired" : claims.output;
};
