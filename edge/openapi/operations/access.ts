import { CreateKeyRequest, CreatePlaybackTokenRequest } from "../../../protocol/access.ts";
import { CreateTokenRequest } from "../../../protocol/asset.ts";
import { badJson, denied, json, type Operation } from "../operation.ts";
import { ref } from "../schemas.ts";

/** Operations that hand out keys and tokens. */
export const ACCESS: readonly Operation[] = [
	{
		method: "post",
		path: "/v1/assets/:id/playback-tokens",
		summary: "Makes a token that plays one signed asset, in front of its paths: `/p/<token>/v1/assets/...`.",
		access: "key",
		scope: "tokens",
		request: CreatePlaybackTokenRequest,
		example: { expiresInSeconds: 3600, origin: "https://example.com" },
		answers: { 201: json(ref("PlaybackToken")) },
		errors: [...badJson, ...denied, "not-found"],
	},
	{
		method: "post",
		path: "/v1/upload-tokens",
		summary: "Makes an upload token: what a browser gets instead of a key, good for one asset.",
		access: "key",
		scope: "tokens",
		request: CreateTokenRequest,
		example: { maxBytes: 2_000_000_000, maxDurationSeconds: 600, origin: "https://example.com" },
		answers: { 201: json(ref("Token")) },
		errors: [...badJson, ...denied, "not-found"],
	},
	{
		method: "post",
		path: "/studio/upload-token",
		summary: "An upload token for the Studio of a development server; not-found elsewhere.",
		access: "anybody",
		request: CreateTokenRequest,
		answers: { 201: json(ref("Token")) },
		errors: [...badJson, "origin-not-allowed", "not-found"],
	},
	{
		method: "post",
		path: "/v1/api-keys",
		summary: "Makes an API key. It is shown here and never again.",
		access: "key",
		scope: "keys",
		request: CreateKeyRequest,
		example: { name: "upload server", scopes: ["tokens", "read"] },
		answers: { 201: json(ref("NewKey")) },
		errors: [...badJson, ...denied],
	},
	{
		method: "get",
		path: "/v1/api-keys",
		summary: "Lists keys that are not revoked, without the keys themselves.",
		access: "key",
		scope: "keys",
		answers: { 200: json(ref("KeyList")) },
		errors: [...denied],
	},
	{
		method: "delete",
		path: "/v1/api-keys/:key",
		summary: "Revokes a key for good.",
		access: "key",
		scope: "keys",
		answers: { 204: {} },
		errors: [...denied, "not-found"],
	},
];
