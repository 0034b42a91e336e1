import * as v from "valibot";
import { Origin } from "./origin.ts";

/**
 * What a key may do: read assets' state and the catalogue, make and write assets, make upload and playback tokens, delete assets,
 * manage keys, manage webhooks.
 */
export const SCOPES = ["read", "write", "tokens", "delete", "keys", "webhooks"] as const;
export type Scope = (typeof SCOPES)[number];

/** `POST /v1/api-keys`. */
export const CreateKeyRequest = v.strictObject({
	/** For people. */
	name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
	scopes: v.pipe(v.array(v.picklist(SCOPES)), v.minLength(1), v.maxLength(SCOPES.length)),
});

/** Seconds that a playback token is good for unless it says otherwise, and at most. */
const DEFAULT_LIFE = 12 * 3600;
const LONGEST_LIFE = 30 * 86_400;

/** `POST /v1/assets/:id/playback-tokens`. */
export const CreatePlaybackTokenRequest = v.strictObject({
	expiresInSeconds: v.optional(
		v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LONGEST_LIFE)),
		DEFAULT_LIFE,
	),
	/** The only origin whose pages may play with it: `https://example.com`. */
	origin: v.optional(Origin),
});
export type CreatePlaybackTokenRequest = v.InferOutput<typeof CreatePlaybackTokenRequest>;
