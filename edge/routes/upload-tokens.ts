import { Hono } from "hono";
import { CreateTokenRequest, type CreateTokenResponse } from "../../protocol/asset.ts";
import { isAssetId } from "../access/asset-id.ts";
import { requireKey } from "../access/authorize.ts";
import { signingKeys } from "../access/signing-keys.ts";
import { createUploadToken } from "../access/upload-token.ts";
import type { EdgeContext, Environment } from "../environment.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { readJson } from "../http/request-body.ts";

/** Upload tokens: what a browser gets instead of a key. */
export const uploadTokens = new Hono<EdgeContext>()
	.post("/v1/upload-tokens", async (context) => {
		await requireKey(context, "tokens");
		return context.json(await issue(context.env, await readJson(context.req.raw, CreateTokenRequest)), 201);
	})
	/**
	 * Tokens for the Studio of a development server (`CRESCENDO_STUDIO=1`), which has no user to log in and no key to keep. Only pages
	 * of this very origin get one, for this very origin.
	 */
	.post("/studio/upload-token", async (context) => {
		if (context.env.CRESCENDO_STUDIO !== "1") throw notFound("Studio here");
		const { origin } = new URL(context.req.url);
		if (context.req.header("Origin") !== origin) {
			throw new ApiError(
				"origin-not-allowed",
				"Only the Studio of this server gets such tokens.",
				"Use an API key.",
			);
		}
		const request = await readJson(context.req.raw, CreateTokenRequest);
		return context.json(await issue(context.env, { ...request, origin }), 201);
	});

const issue = async (environment: Environment, request: CreateTokenRequest): Promise<CreateTokenResponse> => {
	if (request.asset !== undefined && !isAssetId(request.asset)) throw notFound("such asset");
	const { token, claims } = await createUploadToken(await signingKeys(environment, "upload"), request, Date.now());
	return { token, asset: claims.asset, expiresAt: new Date(claims.exp * 1000).toISOString() };
};
