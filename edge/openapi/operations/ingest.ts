import { CompleteRequest, CreateAssetRequest } from "../../../protocol/asset.ts";
import { PART_MEDIA_TYPE } from "../../../protocol/part.ts";
import { badJson, denied, json, type Operation } from "../operation.ts";
import { ref } from "../schemas.ts";

/** Operations that write an asset: creation, parts, completion, and what belongs to it beside its tracks. */
export const INGEST: readonly Operation[] = [
	{
		method: "post",
		path: "/v1/assets",
		summary:
			"Makes an asset. The same request with the same upload token, or with the same key and Idempotency-Key, finds the same asset (200).",
		access: "key or upload token",
		headers: ["Idempotency-Key"],
		request: CreateAssetRequest,
		answers: { 201: json(ref("Asset")), 200: json(ref("Asset")) },
		errors: [
			...badJson,
			...denied,
			"invalid-track",
			"constraint-exceeded",
			"idempotency-key-reused",
			"rate-limited",
		],
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
		method: "put",
		path: "/v1/assets/:id/storyboard",
		summary:
			"Stores the storyboard, in the place of the one there is: a part whose samples are small pictures with their times, up to 4 MiB.",
		access: "key or upload token",
		request: PART_MEDIA_TYPE,
		answers: { 201: json(ref("Extra")), 200: json(ref("Extra")) },
		errors: ["invalid-part", "too-large", ...denied, "not-found", "storage-unavailable"],
	},
];
