import type { CompleteRequest, UpdateAssetRequest } from "../../protocol/asset.ts";
import type { Asker, IndexName, PartialLocation, PlaylistQuery, Served } from "./live-question.ts";
import type { Extra } from "./extras.ts";
import type { BareAsset, BareProgress } from "./progress.ts";
import type { Result } from "./result.ts";
import type { AssetSettings } from "./settings.ts";

/** What the Worker is told of a part that is in. */
export type PartAnswer = { readonly track: BareProgress; readonly created: boolean };

/** What the Worker is told of an asset that it asked for: whether it was made now, or found. */
export type CreatedAsset = { readonly asset: BareAsset; readonly created: boolean };

/** What the Worker asks the Durable Object of an asset; see `AssetObject`, which answers. */
export interface AssetCalls extends Rpc.DurableObjectBranded {
	/** Makes the asset, or finds it made by the same request: an answer that was lost can be asked for again. */
	create(settings: AssetSettings): Promise<Result<CreatedAsset>>;
	/** Stores a part. `digest` is the base64 of its SHA-256, which the Worker has compared with the bytes. */
	putPart(
		trackId: string,
		number: number,
		digest: string,
		bytes: Uint8Array<ArrayBuffer>,
	): Promise<Result<PartAnswer>>;
	/** Closes the asset: no part will come. Answers when all is stored and frozen. Idempotent. */
	complete(request: CompleteRequest): Promise<Result<BareAsset>>;
	/** What is there and what is missing. */
	progress(): Promise<Result<BareAsset>>;
	/** Changes title and the like; what is absent stays, null is taken away. Answers when pages and lists know. */
	update(request: UpdateAssetRequest): Promise<Result<BareAsset>>;
	/** The master playlist, empty while nothing can be played yet, or the list of enhancements. */
	index(name: IndexName, asker: Asker): Promise<Served<string>>;
	/** The media playlist of a track, when it has what is asked for. */
	playlist(trackId: string, query: PlaylistQuery, asker: Asker): Promise<Served<string>>;
	/** A piece of a segment of a low-latency asset, when it is there. */
	partial(trackId: string, segment: number, index: number, asker: Asker): Promise<Served<PartialLocation>>;
	/** Stores captions or a poster, and lists them. Idempotent. */
	putExtra(extra: Extra, bytes: Uint8Array): Promise<Result<{ readonly created: boolean }>>;
	/** Removes captions or a poster, and their file. Idempotent. */
	removeExtra(name: string): Promise<Result<{ readonly created: boolean }>>;
	/** Removes everything. Idempotent; what the store fails to do now, the alarm goes on with. */
	remove(): Promise<Result<null>>;
}
