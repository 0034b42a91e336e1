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
	const { settings, details } = asset;
	const { title, metadata } = details;
	const data = {
		id: settings.id,
		...(title !== undefined && { title }),
		...(metadata !== undefined && { metadata }),
	};
	for (const event of store.listEvents()) {
		const timestamp = new Date(event.at).toISOString();
		await publish(environment, `msg_${settings.id}_${event.type}`, { type: event.type, timestamp, data });
		store.removeEvent(event);
	}
};
