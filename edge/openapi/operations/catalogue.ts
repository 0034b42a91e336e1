import { denied, json, type Operation } from "../operation.ts";
import { ref } from "../schemas.ts";

/** Operations on assets as a list. */
export const CATALOGUE: readonly Operation[] = [
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
];
