import type * as v from "valibot";
import { CompleteRequest, CreateAssetRequest, CreateTokenRequest } from "../../protocol/asset.ts";
import { EnhancementList } from "../../protocol/enhancements.ts";
import { ERROR_STATUS, type ErrorCode } from "../../protocol/error.ts";
import { PART_MEDIA_TYPE } from "../../protocol/part.ts";
import { CreatePlaybackTokenRequest } from "../access/playback-token.ts";
import { CreateKeyRequest } from "../routes/api-keys.ts";
import { type JsonSchema, toJsonSchema } from "./json-schema.ts";

/** Who may call: anybody, whoever may play the asset (a token in the path where it is signed), the bearer of an API key with a scope, or also of the asset's upload token. */
type Access = "anybody" | "viewers" | "key" | "key or upload token";

/** One operation: a row of the interface. */
type Operation = {
	readonly method: "get" | "post" | "put" | "delete";
	/** As the routes have it: `/v1/assets/:id`. */
	readonly path: string;
	readonly summary: string;
	readonly access: Access;
	/** A JSON form, or the type of other bodies. */
	readonly request?: v.GenericSchema | string;
	readonly query?: readonly string[];
	/** Statuses of good answers, with the media type and schema of the body. */
	readonly answers: Readonly<Record<number, { readonly type?: string; readonly schema?: JsonSchema }>>;
	readonly errors: readonly ErrorCode[];
};

const json = (schema: JsonSchema) => ({ type: "application/json", schema });
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const playlist = { type: "application/vnd.apple.mpegurl" };
const segment = { type: "video/mp4" };
const page = { type: "text/html" };
const denied: readonly ErrorCode[] = ["unauthorized", "token-expired", "forbidden", "origin-not-allowed"];
const badJson: readonly ErrorCode[] = ["invalid-request", "unsupported-media-type", "too-large"];

const OPERATIONS: readonly Operation[] = [
	{
		method: "post",
		path: "/v1/assets",
		summary: "Makes an asset. The same request with the same upload token finds the same asset (200).",
		access: "key or upload token",
		request: CreateAssetRequest,
		answers: { 201: json(ref("Asset")), 200: json(ref("Asset")) },
		errors: [...badJson, ...denied, "invalid-track", "rate-limited"],
	},
	{
		method: "get",
		path: "/v1/assets",
		summary: "Lists assets, the newest first, page by page.",
		access: "key",
		query: ["limit", "cursor"],
		answers: { 200: json(ref("AssetPage")) },
		errors: [...denied, "invalid-request"],
	},
	{
		method: "get",
		path: "/v1/assets/:id",
		summary: "What is there and what is missing: where an upload goes on after a crash or on another device.",
		access: "key or upload token",
		answers: { 200: json(ref("Asset")) },
		errors: [...denied, "not-found"],
	},
	{
		method: "delete",
		path: "/v1/assets/:id",
		summary: "Removes everything of an asset.",
		access: "key or upload token",
		answers: { 204: {} },
		errors: [...denied, "not-found", "storage-unavailable"],
	},
	{
		method: "put",
		path: "/v1/assets/:id/tracks/:track/parts/:number",
		summary: "Stores a part. `Repr-Digest: sha-256` is required. 201 for a new part, 200 for the same bytes again.",
		access: "key or upload token",
		request: PART_MEDIA_TYPE,
		answers: { 201: json(ref("Part")), 200: json(ref("Part")) },
		errors: [
			...denied,
			"invalid-request",
			"unsupported-media-type",
			"too-large",
			"not-found",
			"digest-required",
			"digest-mismatch",
			"invalid-part",
			"part-conflict",
			"asset-complete",
			"constraint-exceeded",
			"track-failed",
			"rate-limited",
			"storage-unavailable",
		],
	},
	{
		method: "post",
		path: "/v1/assets/:id/complete",
		summary: "Closes an asset: says how many parts each track has. Answers when all is stored.",
		access: "key or upload token",
		request: CompleteRequest,
		answers: { 200: json(ref("Asset")) },
		errors: [
			...badJson,
			...denied,
			"not-found",
			"parts-missing",
			"asset-complete",
			"track-failed",
			"storage-unavailable",
		],
	},
	{
		method: "get",
		path: "/v1/assets/:id/master.m3u8",
		summary: "HLS multivariant playlist: the base and audio; session data leads to the enhancements.",
		access: "viewers",
		answers: { 200: playlist, 304: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "put",
		path: "/v1/assets/:id/captions/:language",
		summary: "Stores captions (WebVTT, up to 1 MiB) in a language (BCP 47), in the place of those there are.",
		access: "key or upload token",
		request: "text/vtt",
		answers: { 201: json(ref("Extra")), 200: json(ref("Extra")) },
		errors: ["invalid-request", "too-large", ...denied, "not-found", "constraint-exceeded", "storage-unavailable"],
	},
	{
		method: "delete",
		path: "/v1/assets/:id/captions/:language",
		summary: "Removes captions.",
		access: "key or upload token",
		answers: { 204: {} },
		errors: ["invalid-request", ...denied, "not-found", "storage-unavailable"],
	},
	{
		method: "put",
		path: "/v1/assets/:id/poster",
		summary: "Stores the poster (JPEG, PNG, WebP or AVIF, up to 2 MiB), in the place of the one there is.",
		access: "key or upload token",
		request: "image/*",
		answers: { 201: json(ref("Extra")), 200: json(ref("Extra")) },
		errors: ["unsupported-media-type", "too-large", ...denied, "not-found", "storage-unavailable"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/captions/:language/playlist.m3u8",
		summary: "HLS media playlist of captions.",
		access: "viewers",
		answers: { 200: playlist, 304: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/captions/:language/:file",
		summary: "A file of captions, as the playlist names it. Immutable.",
		access: "viewers",
		answers: { 200: { type: "text/vtt" }, 206: { type: "text/vtt" }, 304: {} },
		errors: [...denied, "invalid-request", "not-found", "range-not-satisfiable"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/poster",
		summary: "The poster.",
		access: "viewers",
		answers: { 200: { type: "image/*" }, 206: { type: "image/*" }, 304: {} },
		errors: [...denied, "not-found", "range-not-satisfiable"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/enhancements.json",
		summary: "The list of enhancements.",
		access: "viewers",
		answers: { 200: json(toJsonSchema(EnhancementList)), 304: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/tracks/:track/playlist.m3u8",
		summary: "HLS media playlist of a track: EVENT while the asset is written, VOD afterwards.",
		access: "viewers",
		answers: { 200: playlist, 304: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/tracks/:track/init.mp4",
		summary: "Init segment of a track (CMAF). Immutable.",
		access: "viewers",
		answers: { 200: segment, 206: segment, 304: {} },
		errors: [...denied, "not-found", "range-not-satisfiable"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/tracks/:track/segments/:file",
		summary: "Media segment of a track (CMAF), `<number>.m4s`. Immutable.",
		access: "viewers",
		answers: { 200: segment, 206: segment, 304: {} },
		errors: [...denied, "not-found", "range-not-satisfiable"],
	},
	{
		method: "post",
		path: "/v1/assets/:id/playback-tokens",
		summary: "Makes a token that plays one signed asset, in front of its paths: `/p/<token>/v1/assets/...`.",
		access: "key",
		request: CreatePlaybackTokenRequest,
		answers: { 201: json(ref("PlaybackToken")) },
		errors: [...badJson, ...denied, "not-found"],
	},
	{
		method: "post",
		path: "/v1/upload-tokens",
		summary: "Makes an upload token: what a browser gets instead of a key, good for one asset.",
		access: "key",
		request: CreateTokenRequest,
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
		request: CreateKeyRequest,
		answers: { 201: json(ref("NewKey")) },
		errors: [...badJson, ...denied],
	},
	{
		method: "get",
		path: "/v1/api-keys",
		summary: "Lists keys that are not revoked, without the keys themselves.",
		access: "key",
		answers: { 200: json(ref("KeyList")) },
		errors: [...denied],
	},
	{
		method: "delete",
		path: "/v1/api-keys/:key",
		summary: "Revokes a key for good.",
		access: "key",
		answers: { 204: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/embed/:id",
		summary: "A page that is nothing but the player, for frames.",
		access: "anybody",
		answers: { 200: page },
		errors: ["not-found"],
	},
	{
		method: "get",
		path: "/watch/:id",
		summary: "A page that plays the asset.",
		access: "anybody",
		answers: { 200: page },
		errors: ["not-found"],
	},
	{
		method: "get",
		path: "/health",
		summary: "Whether the Worker runs.",
		access: "anybody",
		answers: { 200: json({ type: "object" }) },
		errors: [],
	},
	{
		method: "get",
		path: "/ready",
		summary: "Whether the Worker's database and store answer; 503 where one does not.",
		access: "anybody",
		answers: { 200: json({ type: "object" }), 503: json({ type: "object" }) },
		errors: [],
	},
	{
		method: "get",
		path: "/openapi.json",
		summary: "This document.",
		access: "anybody",
		answers: { 200: json({ type: "object" }) },
		errors: [],
	},
];

const text: JsonSchema = { type: "string" };
const integer: JsonSchema = { type: "integer" };
const object = (properties: Record<string, JsonSchema>, optional: readonly string[] = []): JsonSchema => ({
	type: "object",
	properties,
	required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });

/** Answers; requests are described by their validation. */
const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
	Error: object({ error: object({ code: { enum: Object.keys(ERROR_STATUS) }, message: text, hint: text }) }),
	Track: object(
		{
			id: text,
			next: integer,
			ahead: list(integer),
			missing: list(integer),
			failure: { enum: ["misaligned", "segment-too-large"] },
			partsUrl: text,
		},
		["failure"],
	),
	Asset: object({
		id: text,
		state: { enum: ["uploading", "complete"] },
		createdAt: { type: "string", format: "date-time" },
		tracks: list(ref("Track")),
		urls: object({ master: text, watch: text }),
	}),
	Extra: object({ name: text, contentType: text }),
	Part: object({ track: ref("Track") }),
	AssetPage: object(
		{
			assets: list(
				object(
					{
						id: text,
						title: text,
						state: { enum: ["uploading", "complete"] },
						access: { enum: ["public", "signed"] },
						createdAt: { type: "string", format: "date-time" },
						width: integer,
						height: integer,
						durationSeconds: { type: "number" },
						bytes: integer,
						enhancements: integer,
						urls: object({ master: text, watch: text }),
					},
					["title"],
				),
			),
			cursor: text,
		},
		["cursor"],
	),
	Token: object({ token: text, expiresAt: { type: "string", format: "date-time" } }),
	PlaybackToken: object({
		token: text,
		expiresAt: { type: "string", format: "date-time" },
		urls: object({ master: text }),
	}),
	NewKey: object({ id: text, name: text, scopes: list(text), key: text }),
	KeyList: object({ keys: list(object({ id: text, name: text, scopes: list(text), createdAt: text })) }),
};

/** The interface as an OpenAPI 3.1 document. */
export const openApiDocument = (): JsonSchema => {
	const paths: Record<string, Record<string, JsonSchema>> = {};
	for (const operation of OPERATIONS.flatMap(withSigned)) {
		const path = operation.path.replaceAll(/:([a-z]+)/g, "{$1}");
		paths[path] = { ...paths[path], [operation.method]: describe(operation) };
	}
	return {
		openapi: "3.1.0",
		info: { title: "Crescendo edge", version: "1", license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
		paths,
		components: {
			schemas: SCHEMAS,
			securitySchemes: {
				bearer: { type: "http", scheme: "bearer", description: "An API key or an upload token." },
			},
		},
	};
};

/** What viewers fetch is there twice: as it is, and behind a playback token. */
const withSigned = (operation: Operation): Operation[] =>
	operation.access === "viewers" ? [operation, { ...operation, path: `/p/:token${operation.path}` }] : [operation];

const describe = (operation: Operation): JsonSchema => {
	const { path, summary, access, request, query = [], answers, errors } = operation;
	const inPath = [...path.matchAll(/:([a-z]+)/g)].map(([, name]) => ({
		name,
		in: "path",
		required: true,
		schema: text,
	}));
	const inQuery = query.map((name) => ({ name, in: "query", required: false, schema: text }));
	return {
		summary,
		security: access === "anybody" || access === "viewers" ? [] : [{ bearer: [] }],
		...((access === "key" || access === "key or upload token") && {
			description: `For the bearer of an API ${access}.`,
		}),
		...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
		...(request !== undefined && { requestBody: { required: true, content: requestContent(request) } }),
		responses: { ...Object.fromEntries(Object.entries(answers).map(describeAnswer)), ...describeErrors(errors) },
	};
};

const requestContent = (request: v.GenericSchema | string): JsonSchema =>
	typeof request === "string" ? { [request]: {} } : { "application/json": { schema: toJsonSchema(request) } };

const describeAnswer = ([status, { type, schema }]: [string, { type?: string; schema?: JsonSchema }]) => [
	status,
	{
		description: status.startsWith("2") ? "Done." : "See the summary.",
		...(type !== undefined && { content: { [type]: schema === undefined ? {} : { schema } } }),
	},
];

const describeErrors = (errors: readonly ErrorCode[]): JsonSchema => {
	const byStatus = Map.groupBy(errors, (code) => ERROR_STATUS[code]);
	return Object.fromEntries(
		[...byStatus].map(([status, codes]) => [
			String(status),
			{ description: codes.join(", "), content: { "application/json": { schema: ref("Error") } } },
		]),
	);
};
