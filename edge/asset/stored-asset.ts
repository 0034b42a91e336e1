import type { AssetDetails } from "../../protocol/asset.ts";
import type { AssetEventType } from "../../protocol/webhook.ts";
import type { AssetSettings } from "./settings.ts";
import type { AssetState } from "./state.ts";

/** An asset as it is recorded, and as its Durable Object has it in memory. */
export type StoredAsset = {
	readonly settings: AssetSettings;
	readonly state: AssetState;
	details: AssetDetails;
	/** The catalogue's row or the list of extras is not yet what it should be. */
	catalogueBehind: boolean;
	/** When the catalogue's row was last written because the asset grew, milliseconds since 1970, and how many bytes had come by then. */
	growthTold: { readonly at: number; readonly received: number };
};

/** Something that webhooks are told of an asset, or of one of its tracks; each once. `at` in milliseconds since 1970. */
export type AssetEvent = { readonly type: AssetEventType; readonly track?: string; readonly at: number };
