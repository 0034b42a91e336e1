import { UpdateAssetRequest } from "../../../protocol/asset.ts";
import { badJson, denied, json, type Operation } from "../operation.ts";
import { ref } from "../schemas.ts";

/** Operations on assets as a list. */
export const CATALOGUE: readonly Operation[] = [
	{
		method: "get",
		path: "/v1/assets",
		summary: "Lists assets, the newest first, page by page.",
		access: "key",
		scope: "read",
		query: ["limit", "cursor", "search", "state", "access"],
		answers: { 200: json(ref("AssetPage")) },
		errors: [...denied, "invalid-request"],
	},
	{
		method: "get",
		path: "/v1/assets/:id",
		summary: "What is there and what is missing: where an upload goes on after a crash or on another device.",
		access: "key or upload token",
		scope: "read",
		answers: { 200: json(ref("Asset")) },
		errors: [...denied, "not-found"],
	},
	{
		method: "delete",
		path: "/v1/assets/:id",
		summary: "Removes everything of an asset.",
		access: "key or upload token",
		scope: "delete",
		answers: { 204: {} },
		errors: [...denied, "not-found", "storage-unavailable"],
	},
	{
		method: "patch",
		path: "/v1/assets/:id",
		summary:
			"Changes title, description, metadata, and where the asset may be embedded. What is absent stays, null is taken away.",
		access: "key or upload token",
		scope: "write",
		request: UpdateAssetRequest,
		example: { title: "Summer", metadata: { order: "4711" }, embedOrigins: ["https://example.com"] },
		answers: { 200: json(ref("Asset")) },
		errors: [...badJson, ...denied, "not-found", "storage-unavailable"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/quality",
		summary:
			"How playbacks of the last days went: start-up, stalls, enhanced share, reasons for doing without the enhancement.",
		access: "key",
		scope: "read",
		query: ["days"],
		answers: { 200: json(ref("Quality")) },
		errors: [...denied, "invalid-request", "not-found"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/usage",
		summary: [
			"What is stored of an asset, and what was delivered of it, by day. Stored are its tracks as viewers get them; while it is",
			"written, this is behind by up to a minute of uploading, or 64 MB. Delivered are answers with segments, pieces of them and",
			"what precedes them, with the bytes that were asked for, also where a viewer broke off; playlists, captions, pictures and",
			"the player are not counted.",
		].join(" "),
		access: "key",
		scope: "read",
		query: ["days"],
		answers: { 200: json(ref("Usage")) },
		errors: [...denied, "invalid-request", "not-found"],
	},
	{
		method: "get",
		path: "/v1/usage",
		summary: "What is stored and was delivered of all assets, by day, counted as that of one.",
		access: "key",
		scope: "read",
		query: ["days"],
		answers: { 200: json(ref("Usage")) },
		errors: [...denied, "invalid-request"],
	},
	{
		method: "post",
		path: "/v1/assets/:id/reports",
		summary: "What a player tells of a playback: CMCD version 2, event mode; lines of totals since it began.",
		access: "viewers",
		request: "application/cmcd",
		answers: { 204: {} },
		errors: [...denied, "not-found", "invalid-request", "unsupported-media-type", "too-large", "rate-limited"],
	},
];
