import { type Context, Hono } from "hono";
import * as v from "valibot";
import { Access, CompleteRequest, CreateAssetRequest, UpdateAssetRequest } from "../../protocol/asset.ts";
import { newAssetId } from "../access/asset-id.ts";
import { authenticate, type Principal, requireAsset, requireKey } from "../access/authorize.ts";
import { assetIdOfIdempotencyKey, readIdempotencyKey } from "../access/idempotency-key.ts";
import type { CreatedAsset } from "../asset/asset-calls.ts";
import type { Result } from "../asset/result.ts";
import { findTrackFault } from "../asset/track-rules.ts";
import { type CatalogueAsset, listAssets } from "../catalogue/assets.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError } from "../http/api-error.ts";
import { readJson } from "../http/request-body.ts";
import { type Limits, readLimits } from "../limits.ts";
import { addressAsset, assetIdParam, assetObject, unwrap } from "./context.ts";

const ListQuery = v.object({
	limit: v.optional(
		v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(100)),
		"20",
	),
	cursor: v.optional(v.pipe(v.string(), v.regex(/^\d{1,16}-[a-z2-7]{21}$/))),
	/** Words, all of which title, description, metadata or id hold. */
	search: v.optional(v.pipe(v.string(), v.maxLength(200))),
	state: v.optional(v.picklist(["uploading", "complete"])),
	access: v.optional(Access),
});

/** Assets: make, list, look at, complete, delete. */
export const assets = new Hono<EdgeContext>()
	.post("/v1/assets", async (context) => {
		const principal = await authenticate(context);
		if (principal.type === "token") await requireCreationRate(context);
		const request = await readJson(context.req.raw, CreateAssetRequest);
		const fault = findTrackFault(request);
		if (fault !== undefined) {
			throw new ApiError("invalid-track", fault, "Take descriptions and sizes from the encoders, unchanged.");
		}
		requireTracks(principal, request);
		const idempotencyKey = readIdempotencyKey(context.req.header("Idempotency-Key"));
		const { id, access } = await placeOf(principal, request, idempotencyKey);
		const limits = narrowLimits(readLimits(context.env.CRESCENDO_LIMITS), principal);
		const settings = { id, access, createdAt: Date.now(), request, limits };
		const result = (await assetObject(context, id).create(settings)) as Result<CreatedAsset>;
		if (!result.ok && result.refusal.code === "forbidden" && principal.type === "key") throw keyReused();
		const { asset, created } = unwrap(result);
		const answer = addressAsset(context, asset);
		context.header("Location", `/v1/assets/${id}`);
		return context.json(answer, created ? 201 : 200);
	})
	.get("/v1/assets", async (context) => {
		// The Studio of a development server lists what anybody may play; elsewhere the list is for keys.
		const publicOnly = context.env.CRESCENDO_STUDIO === "1" && context.req.header("Authorization") === undefined;
		if (!publicOnly) await requireKey(context, "read");
		const query = v.safeParse(ListQuery, context.req.query());
		if (!query.success) {
			throw new ApiError(
				"invalid-request",
				"The query is not one of this list.",
				"limit is 1 to 100, cursor what the last page gave; search, state, access.",
			);
		}
		const { limit, cursor, search, state, access } = query.output;
		const rows = await listAssets(context.env.CATALOGUE, {
			limit: limit + 1,
			after: parseCursor(cursor),
			...(search !== undefined && { search }),
			...(state !== undefined && { state }),
			...(publicOnly ? { access: "public" } : access !== undefined && { access }),
		});
		const page = rows.slice(0, limit);
		const last = page.at(-1);
		const more = rows.length > limit && last !== undefined;
		return context.json({
			assets: page.map((row) => summary(context.req.url, row)),
			...(more && { cursor: `${last.createdAt}-${last.id}` }),
		});
	})
	.get("/v1/assets/:id", async (context) => {
		const id = assetIdParam(context);
		await requireAsset(context, id, "read");
		return context.json(addressAsset(context, unwrap(await assetObject(context, id).progress())));
	})
	.patch("/v1/assets/:id", async (context) => {
		const id = assetIdParam(context);
		await requireAsset(context, id, "write");
		const request = await readJson(context.req.raw, UpdateAssetRequest);
		return context.json(addressAsset(context, unwrap(await assetObject(context, id).update(request))));
	})
	.post("/v1/assets/:id/complete", async (context) => {
		const id = assetIdParam(context);
		await requireAsset(context, id, "write");
		const request = await readJson(context.req.raw, CompleteRequest);
		return context.json(addressAsset(context, unwrap(await assetObject(context, id).complete(request))));
	})
	.delete("/v1/assets/:id", async (context) => {
		const id = assetIdParam(context);
		await requireAsset(context, id, "delete");
		unwrap(await assetObject(context, id).remove());
		return context.body(null, 204);
	});

/**
 * Holders of upload tokens are people with browsers: nobody needs many assets a minute. Holders of keys are trusted.
 * @throws ApiError `rate-limited`
 */
const requireCreationRate = async ({ env, req }: Context<EdgeContext>): Promise<void> => {
	const { success } = await env.CREATION_RATE.limit({ key: req.header("CF-Connecting-IP") ?? "local" });
	if (success) return;
	throw new ApiError("rate-limited", "Too many assets in a short time.", "Wait a minute and go on.", {
		retryAfter: 60,
	});
};

/** @throws ApiError `constraint-exceeded` for more tracks than the token allows. */
const requireTracks = (principal: Principal, { tracks }: CreateAssetRequest): void => {
	const { maxTracks = Infinity } = principal.type === "token" ? principal.claims : {};
	if (tracks.length <= maxTracks) return;
	throw new ApiError(
		"constraint-exceeded",
		`The asset has ${tracks.length} tracks; the token allows ${maxTracks}.`,
		"Leave out enhancements, or ask for another token.",
	);
};

/** An API key makes another asset each time, unless it says that this is the same time. */
const keyReused = (): ApiError =>
	new ApiError(
		"idempotency-key-reused",
		"This Idempotency-Key has made an asset by another request, or one that is deleted.",
		"Use a new one for each asset, and the same one only to send the same request again.",
	);

/** Which asset is made: the token's, the idempotency key's, or a new one. */
const placeOf = async (principal: Principal, request: CreateAssetRequest, idempotencyKey: string | undefined) => {
	if (principal.type === "token") return { id: principal.claims.asset, access: principal.claims.access };
	if (!principal.scopes.includes("write")) {
		throw new ApiError(
			"forbidden",
			'This needs an API key with the scope "write".',
			"Use an upload token, or another key.",
		);
	}
	const access = request.access ?? "public";
	if (idempotencyKey === undefined) return { id: newAssetId(access), access };
	return { id: await assetIdOfIdempotencyKey(access, principal.hash, idempotencyKey), access };
};

const narrowLimits = (limits: Limits, principal: Principal): Limits => {
	if (principal.type === "key") return limits;
	const { maxBytes = Infinity, maxDurationSeconds = Infinity } = principal.claims;
	return {
		...limits,
		assetBytes: Math.min(limits.assetBytes, maxBytes),
		assetSeconds: Math.min(limits.assetSeconds, maxDurationSeconds),
	};
};

const parseCursor = (cursor: string | undefined) => {
	if (cursor === undefined) return undefined;
	const [createdAt, id = ""] = cursor.split("-");
	return { createdAt: Number(createdAt), id };
};

const summary = (requestUrl: string, row: CatalogueAsset) => {
	const { origin } = new URL(requestUrl);
	const { createdAt, duration, ...rest } = row;
	return {
		...rest,
		createdAt: new Date(createdAt).toISOString(),
		durationSeconds: duration / 1_000_000,
		urls: {
			master: `${origin}/v1/assets/${row.id}/master.m3u8`,
			watch: `${origin}/watch/${row.id}`,
			embed: `${origin}/embed/${row.id}`,
		},
	};
};
