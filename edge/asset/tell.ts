import { upsertAsset } from "../catalogue/assets.ts";
import type { Environment } from "../environment.ts";
import { publish } from "../webhooks/publish.ts";
import type { AssetStore } from "./asset-store.ts";
import { publishExtras } from "./extras.ts";
import { catalogueAsset } from "./progress.ts";
import { receivedBytes } from "./state.ts";
import type { StoredAsset } from "./stored-asset.ts";

/** What others are told of an asset follows the asset's own record, and is told again until it has arrived. */

/** Of an asset that grows the catalogue's row is written after so many milliseconds, or so many bytes of parts. */
const GROWTH_MS = 60_000;
const GROWTH_BYTES = 64 * 2 ** 20;

/** Brings the catalogue's row and the list of extras up to date, if they are behind; the row also where the asset has grown. */
export const tellCatalogue = async (environment: Environment, store: AssetStore, asset: StoredAsset): Promise<void> => {
	if (!asset.catalogueBehind) return tellGrowth(environment, asset);
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

/** What is stored of an asset is known while it is written, too: it may be for hours. */
const tellGrowth = async (environment: Environment, asset: StoredAsset): Promise<void> => {
	if (asset.state.phase !== "open") return;
	const [now, received] = [Date.now(), receivedBytes(asset.state)];
	const grown = received - asset.growthTold.received;
	if (grown < GROWTH_BYTES && (grown === 0 || now - asset.growthTold.at < GROWTH_MS)) return;
	// Before it is written: a catalogue that fails is asked again with what comes later, and not at every part.
	asset.growthTold = { at: now, received };
	await upsertAsset(environment.CATALOGUE, catalogueAsset(asset));
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
