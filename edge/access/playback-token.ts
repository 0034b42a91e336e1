import * as v from "valibot";
import { signClaims, verifyClaims } from "./signed-claims.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** Seconds that a token is good for unless it says otherwise, and at most. */
const DEFAULT_LIFE = 12 * 3600;
const LONGEST_LIFE = 30 * 86_400;

/** `POST /v1/assets/:id/playback-tokens`. */
export const CreatePlaybackTokenRequest = v.strictObject({
	expiresInSeconds: v.optional(
		v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LONGEST_LIFE)),
		DEFAULT_LIFE,
	),
	/** The only origin whose pages may play with it: `https://example.com`. */
	origin: v.optional(v.pipe(v.string(), v.maxLength(256), v.regex(/^https?:\/\/[^/?#\s]+$/))),
});
export type CreatePlaybackTokenRequest = v.InferOutput<typeof CreatePlaybackTokenRequest>;

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
