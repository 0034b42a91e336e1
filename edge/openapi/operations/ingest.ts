import { CompleteRequest, CreateAssetRequest } from "../../../protocol/asset.ts";
import { MAX_PART_BYTES, PART_MEDIA_TYPE } from "../../../protocol/part.ts";
import { DEFAULT_LIMITS } from "../../limits.ts";
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
		scope: "write",
		headers: ["Idempotency-Key"],
		request: CreateAssetRequest,
		example: {
			width: 1280,
			height: 720,
			frameRate: 25,
			title: "Summer",
			tracks: [
				{
					id: "base",
					kind: "base",
					codec: "avc1.42c01f",
					width: 640,
					height: 360,
					colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
					description: "AULAH//hAARnQsAfAQAEaM48gA==",
				},
			],
		},
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
		summary: [
			`Stores a part, at most ${MAX_PART_BYTES / 2 ** 20} MiB and, unless the deployment says otherwise,`,
			`${DEFAULT_LIMITS.partSamples} samples; the introduction of this document says its form.`,
			"201 for a new part, 200 for the same bytes again.",
		].join(" "),
		access: "key or upload token",
		scope: "write",
		requiredHeaders: ["Repr-Digest"],
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
		scope: "write",
		request: CompleteRequest,
		example: {
			tracks: [
				{ id: "base", parts: 30 },
				{ id: "audio", parts: 30 },
			],
		},
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
		scope: "write",
		request: "text/vtt",
		answers: { 201: json(ref("Extra")), 200: json(ref("Extra")) },
		errors: ["invalid-request", "too-large", ...denied, "not-found", "constraint-exceeded", "storage-unavailable"],
	},
	{
		method: "delete",
		path: "/v1/assets/:id/captions/:language",
		summary: "Removes captions.",
		access: "key or upload token",
		scope: "write",
		answers: { 204: {} },
		errors: ["invalid-request", ...denied, "not-found", "storage-unavailable"],
	},
	{
		method: "put",
		path: "/v1/assets/:id/poster",
		summary: "Stores the poster (JPEG, PNG, WebP or AVIF, up to 2 MiB), in the place of the one there is.",
		access: "key or upload token",
		scope: "write",
		request: "image/*",
		answers: { 201: json(ref("Extra")), 200: json(ref("Extra")) },
		errors: ["unsupported-media-type", "too-large", ...denied, "not-found", "storage-unavailable"],
	},
	{
		method: "put",
		path: "/v1/assets/:id/storyboard",
		summary:
			"Stores the storyboard, in the place of the one there is: a part whose samples are small pictures with their times, up to 2 MiB.",
		access: "key or upload token",
		scope: "write",
		request: PART_MEDIA_TYPE,
		answers: { 201: json(ref("Extra")), 200: json(ref("Extra")) },
		errors: ["invalid-part", "too-large", ...denied, "not-found", "storage-unavailable"],
	},
];
