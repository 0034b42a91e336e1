import type { AssetCalls } from "./asset/asset-calls.ts";
import type { RelayCalls } from "./relay/relay-calls.ts";
import type { WebhookCalls } from "./webhooks/webhook-calls.ts";

/** Bindings and variables of the Worker; wrangler.toml says where each comes from. */
export type Environment = {
	/** Init and media segments, frozen states. */
	readonly MEDIA: R2Bucket;
	/** Assets, keys, tokens used. */
	readonly CATALOGUE: D1Database;
	/** One Durable Object an asset, by the asset's id. */
	readonly ASSET: DurableObjectNamespace<AssetCalls>;
	/** Relays between viewers of a low-latency asset and the asset, by place. */
	readonly RELAY: DurableObjectNamespace<RelayCalls>;
	/** One Durable Object a webhook, by the webhook's id. */
	readonly WEBHOOK: DurableObjectNamespace<WebhookCalls>;
	/** Assets made with upload tokens, by address of the client. */
	readonly CREATION_RATE: RateLimit;
	/** Reports of players, by address of the client. */
	readonly REPORT_RATE: RateLimit;
	/** Static files: Studio, player, embed and watch pages, models. */
	readonly PAGES: Fetcher;
	/** The key that may do everything. Absent: only keys of the catalogue are accepted. */
	readonly CRESCENDO_API_KEY?: string;
	/** `kid:secret,kid:secret`: the first signs tokens, all verify. Absent: derived from the API key. */
	readonly CRESCENDO_SIGNING_KEYS?: string;
	/** "1": the Studio of this origin gets upload tokens and the list of public assets without a key. Development only. */
	readonly CRESCENDO_STUDIO?: string;
	/** Origins whose pages may upload, separated by spaces. Absent: all, as far as their tokens reach. */
	readonly CRESCENDO_UPLOAD_ORIGINS?: string;
	/** JSON that overrides `DEFAULT_LIMITS`. */
	readonly CRESCENDO_LIMITS?: string;
	/** Ids of the zones whose caches a deletion purges everywhere, separated by spaces. Absent: copies in other data centres end by themselves. */
	readonly CRESCENDO_PURGE_ZONES?: string;
	/** The API token for that, with the permission Zone, Cache Purge. */
	readonly CRESCENDO_PURGE_TOKEN?: string;
};

/** What Hono knows of a request's surroundings. */
export type EdgeContext = { Bindings: Environment };
