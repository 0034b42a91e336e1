import { upsertAsset } from "../catalogue/assets.ts";
import type { Environment } from "../environment.ts";
import { publish } from "../webhooks/publish.ts";
import type { AssetStore } from "./asset-store.ts";
import { publishExtras } from "./extras.ts";
import { catalogueAsset } from "./progress.ts";
import type { StoredAsset } from "./stored-asset.ts";

/** What others are told of an asset follows the asset's own record, and is told again until it has arrived. */

/** Brings the catalogue's row and the list of extras up to date, if they are behind. */
export const tellCatalogue = async (environment: Environment, store: AssetStore, asset: StoredAsset): Promise<void> => {
	if (!asset.catalogueBehind) return;
	const { settings, details } = asset;
	const extras = store.listExtras();
	await upsertAsset(environment.CATALOGUE, catalogueAsset(asset));
	if (extras !== undefined || store.loadDetails() !== undefined) {
		await publishExtras(environment.MEDIA, settings.id, { extras: extras ?? [], details });
	}
	// Changed meanwhile: the next turn tells it.
	if (asset.details !== details) return;
	store.recordCatalogued();
	asset.catalogueBehind = false;
};

/** Each event is recorded with what it tells of, and forgotten when every webhook has it on disk. */
export const tellWebhooks = async (environment: Environment, store: AssetStore, asset: StoredAsset): Promise<void> => {
	const { settings, state, details } = asset;
	const { title, metadata } = details;
	for (const event of store.listEvents()) {
		const { type, track, at } = event;
		const failure = state.tracks.find(({ id }) => id === track)?.failure;
		const data = {
			id: settings.id,
			...(title !== undefined && { title }),
			...(metadata !== undefined && { metadata }),
			...(track !== undefined && { track }),
			...(failure !== undefined && { failure }),
		};
		const id = [`msg_${settings.id}_${type}`, ...(track === undefined ? [] : [track])].join("_");
		await publish(environment, id, { type, timestamp: new Date(at).toISOString(), data });
		store.removeEvent(event);
	}
};
