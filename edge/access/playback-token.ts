import * as v from "valibot";
import type { CreatePlaybackTokenRequest } from "../../protocol/access.ts";
import { signClaims, verifyClaims } from "./signed-claims.ts";
import type { SigningKeys } from "./signing-keys.ts";

const Claims = v.strictObject({
	asset: v.string(),
	/** Seconds since 1970. */
	exp: v.number(),
	origin: v.optional(v.string()),
});

/** What a playback token says. */
export type PlaybackClaims = v.InferOutput<typeof Claims>;

/**
 * A token that stands in the path, in front of everything of one asset: `/p/<token>/v1/assets/<id>/master.m3u8`. URIs in playlists
 * are relative, so they keep it. `now` in milliseconds.
 */
export const createPlaybackToken = async (
	keys: SigningKeys,
	asset: string,
	{ expiresInSeconds, origin }: CreatePlaybackTokenRequest,
	now: number,
): Promise<{ readonly token: string; readonly claims: PlaybackClaims }> => {
	const exp = Math.floor(now / 1000) + expiresInSeconds;
	const claims: PlaybackClaims = { asset, exp, ...(origin !== undefined && { origin }) };
	return { token: await signClaims(keys, claims), claims };
};

/** The claims of a token; "expired" where it was good once, undefined where it never was. */
export const readPlaybackToken = async (
	keys: SigningKeys,
	token: string,
	now: number,
): Promise<PlaybackClaims | "expired" | undefined> => {
	const claims = v.safeParse(Claims, await verifyClaims(keys, token));
	if (!claims.success) return undefined;
	return claims.output.exp * 1000 <= now ? "expired" : claims.output;
};
