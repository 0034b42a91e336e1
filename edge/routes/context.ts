import type { Context } from "hono";
import { isAssetId } from "../access/asset-id.ts";
import type { AssetCalls } from "../asset/asset-calls.ts";
import type { BareAsset, BareProgress } from "../asset/progress.ts";
import type { Result } from "../asset/result.ts";
import type { EdgeContext } from "../environment.ts";
import { notFound, throwRefusal } from "../http/api-error.ts";
import type { AssetResponse, TrackProgress } from "../../protocol/asset.ts";

/**
 * The asset id in the path.
 * @throws ApiError `not-found` for what cannot be one: such a text never becomes part of a storage key.
 */
export const assetIdParam = (context: Context<EdgeContext>): string => {
	const id = context.req.param("id") ?? "";
	if (!isAssetId(id)) throw notFound("such asset");
	return id;
};

/** The Durable Object of an asset. */
export const assetObject = ({ env }: Context<EdgeContext>, id: string): DurableObjectStub<AssetCalls> =>
	env.ASSET.get(env.ASSET.idFromName(id));

/**
 * The value of a good answer of the Durable Object.
 * @throws ApiError what it refused
 */
export const unwrap = <Value>(result: Result<Value>): Value =>
	result.ok ? result.value : throwRefusal(result.refusal);

/** Adds to a track's progress where its parts go. */
export const addressTrack = (context: Context<EdgeContext>, assetId: string, track: BareProgress): TrackProgress => ({
	...track,
	partsUrl: `${originOf(context)}/v1/assets/${assetId}/tracks/${track.id}/parts/`,
});

/** Adds to an asset where everything is. */
export const addressAsset = (context: Context<EdgeContext>, asset: BareAsset): AssetResponse => ({
	...asset,
	tracks: asset.tracks.map((track) => addressTrack(context, asset.id, track)),
	urls: {
		master: `${originOf(context)}/v1/assets/${asset.id}/master.m3u8`,
		watch: `${originOf(context)}/watch/${asset.id}`,
	},
});

const originOf = (context: Context<EdgeContext>): string => new URL(context.req.url).origin;
