import { Hono } from "hono";
import { CreatePlaybackTokenRequest } from "../../protocol/access.ts";
import { requireKey } from "../access/authorize.ts";
import { createPlaybackToken } from "../access/playback-token.ts";
import { signingKeys } from "../access/signing-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { readJson } from "../http/request-body.ts";
import { assetIdParam } from "./context.ts";

/** Playback tokens: made by a site's server for each viewer of a signed asset. Nothing is looked up or kept. */
export const playbackTokens = new Hono<EdgeContext>().post("/v1/assets/:id/playback-tokens", async (context) => {
	await requireKey(context, "tokens");
	const id = assetIdParam(context);
	const request = await readJson(context.req.raw, CreatePlaybackTokenRequest);
	const keys = await signingKeys(context.env, "playback");
	const { token, claims } = await createPlaybackToken(keys, id, request, Date.now());
	const { origin } = new URL(context.req.url);
	return context.json(
		{
			token,
			expiresAt: new Date(claims.exp * 1000).toISOString(),
			urls: { master: `${origin}/p/${token}/v1/assets/${id}/master.m3u8` },
		},
		201,
	);
});
