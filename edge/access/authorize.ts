import type { Context } from "hono";
import type { Scope } from "../../protocol/access.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError } from "../http/api-error.ts";
import { hashApiKey, scopesOfKey } from "./api-key.ts";
import { signingKeys } from "./signing-keys.ts";
import { readUploadToken, UPLOAD_TOKEN_PREFIX, type UploadClaims } from "./upload-token.ts";

/** Who asks: the bearer of an API key, or of an upload token. */
export type Principal =
	| {
			readonly type: "key";
			readonly scopes: readonly Scope[];
			/** SHA-256 of the key, in hex. */
			readonly hash: string;
	  }
	| { readonly type: "token"; readonly claims: UploadClaims };

/**
 * Who asks, from `Authorization: Bearer ...`.
 * @throws ApiError `unauthorized`, `token-expired`, `origin-not-allowed`
 */
export const authenticate = async (context: Context<EdgeContext>): Promise<Principal> => {
	const bearer = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(context.req.header("Authorization") ?? "")?.[1];
	if (bearer === undefined) throw unauthorized("A key or token is needed.");
	if (bearer.startsWith(UPLOAD_TOKEN_PREFIX)) {
		const claims = await readUploadToken(await signingKeys(context.env, "upload"), bearer, Date.now());
		if (claims === "expired") {
			throw new ApiError(
				"token-expired",
				"The upload token has expired.",
				"Ask for a new one for the same asset and go on.",
			);
		}
		if (claims === undefined) throw unauthorized("The upload token is not one of ours.");
		requireOrigin(context, claims);
		return { type: "token", claims };
	}
	const scopes = await scopesOfKey(context.env, bearer);
	if (scopes === undefined) throw unauthorized("The API key is not known, or is revoked.");
	return { type: "key", scopes, hash: await hashApiKey(bearer) };
};

/**
 * Lets in keys with this scope.
 * @throws ApiError like `authenticate`, and `forbidden`
 */
export const requireKey = async (context: Context<EdgeContext>, scope: Scope): Promise<void> => {
	const principal = await authenticate(context);
	if (principal.type === "key" && principal.scopes.includes(scope)) return;
	throw new ApiError(
		"forbidden",
		`This needs an API key with the scope "${scope}".`,
		"Upload tokens write one asset, no more.",
	);
};

/**
 * Lets in keys with this scope, and upload tokens of this asset.
 * @throws ApiError like `authenticate`, and `forbidden`
 */
export const requireAsset = async (context: Context<EdgeContext>, assetId: string, scope: Scope): Promise<void> => {
	const principal = await authenticate(context);
	if (principal.type === "token" ? principal.claims.asset === assetId : principal.scopes.includes(scope)) return;
	throw new ApiError("forbidden", "This key or token is not for this asset.", "Use the token that made the asset.");
};

/**
 * A browser says where a page is from with every request that writes, and with every one to another origin. One that says nothing
 * reads from its own origin, or is no browser at all.
 */
const requireOrigin = (context: Context<EdgeContext>, { origin }: UploadClaims): void => {
	if (origin === undefined) return;
	const sameOriginRead = context.req.method === "GET" && new URL(context.req.url).origin === origin;
	if ((context.req.header("Origin") ?? (sameOriginRead ? origin : undefined)) === origin) return;
	throw new ApiError(
		"origin-not-allowed",
		"The upload token is for pages of another origin.",
		`Use it from ${origin}.`,
	);
};

const unauthorized = (message: string): ApiError =>
	new ApiError("unauthorized", message, "Send an API key or an upload token as Authorization: Bearer.");
