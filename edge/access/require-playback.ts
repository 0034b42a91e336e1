import type { Context } from "hono";
import type { EdgeContext } from "../environment.ts";
import { ApiError } from "../http/api-error.ts";
import { accessOf } from "./asset-id.ts";
import { readPlaybackToken } from "./playback-token.ts";
import { signingKeys } from "./signing-keys.ts";

/**
 * Lets in who may play this asset: everybody if it is public, else the bearer of a token in the path. A token that is there is
 * looked at in any case. Answers how shared caches may keep what is played: what a token guards, not at all.
 * @throws ApiError `unauthorized`, `token-expired`, `forbidden`, `origin-not-allowed`
 */
export const requirePlayback = async (
	context: Context<EdgeContext>,
	assetId: string,
): Promise<"public" | "private"> => {
	const token = context.req.param("token");
	if (token === undefined) {
		if (accessOf(assetId) === "public") return "public";
		throw new ApiError(
			"unauthorized",
			"This asset needs a playback token.",
			"Put it in front of the path: /p/<token>/v1/...",
		);
	}
	const claims = await readPlaybackToken(await signingKeys(context.env, "playback"), token, Date.now());
	if (claims === "expired") {
		throw new ApiError("token-expired", "The playback token has expired.", "Ask the page's server for a new one.");
	}
	if (claims === undefined) {
		throw new ApiError("unauthorized", "The playback token is not one of ours.", "Ask the page's server for one.");
	}
	if (claims.asset !== assetId) {
		throw new ApiError("forbidden", "The playback token is for another asset.", "Each token plays one asset.");
	}
	if (claims.origin !== undefined && pageOrigin(context) !== claims.origin) {
		throw new ApiError(
			"origin-not-allowed",
			"The playback token is for pages of another origin.",
			`Play it on ${claims.origin}.`,
		);
	}
	return "private";
};

/**
 * The origin of the page that asks. Browsers name it in `Origin` for what scripts read from elsewhere, but neither for what a page of
 * this very server reads nor for pictures and videos that are only shown: those say who shows them in `Referer`, unless the page
 * forbids it.
 */
const pageOrigin = ({ req }: Context<EdgeContext>): string | undefined => {
	const own = new URL(req.url).origin;
	const referer = req.header("Sec-Fetch-Site") === "same-origin" ? own : req.header("Referer");
	return req.header("Origin") ?? (referer === undefined ? undefined : URL.parse(referer)?.origin);
};
