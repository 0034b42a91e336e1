import { DurableObject } from "cloudflare:workers";
import type { AssetDetails, CompleteRequest, UpdateAssetRequest } from "../../protocol/asset.ts";
import type { PartSample } from "../../protocol/part.ts";
import { removeAsset } from "../catalogue/assets.ts";
import type { Environment } from "../environment.ts";
import { type PackedState, packState } from "../hls/packed-state.ts";
import { assetTag } from "../http/object-cache.ts";
import { purgeAccess, purgeTag } from "../http/purge.ts";
import { logEvent } from "../log.ts";
import type { Asker, IndexName, PartialLocation, PlaylistQuery, Served } from "./live-question.ts";
import type { AssetCalls, CreatedAsset, PartAnswer } from "./asset-calls.ts";
import { AssetStore } from "./asset-store.ts";
import { countParts, findCompletionFault } from "./completion.ts";
import { wholeContent } from "./content.ts";
import { putOnce, removeAll, StorageConflictError } from "./create-once.ts";
import { type Extra, extraName, MAX_EXTRAS } from "./extras.ts";
import { assetPrefix, extrasPrefix } from "./object-keys.ts";
import { findNoRoom, readPart } from "./part-rules.ts";
import { assetProgress, type BareAsset, playbackState, trackProgress } from "./progress.ts";
import { LiveDesk } from "./live-desk.ts";
import { noSuch, storeFails, trackFailed } from "./refusals.ts";
import { accept, refuse, type Result } from "./result.ts";
import type { AssetSettings } from "./settings.ts";
import { needsRequest, nextStep, recordPart, type TrackState } from "./state.ts";
import type { StoredAsset } from "./stored-asset.ts";
import { takeStep } from "./take-step.ts";
import { tellCatalogue, tellWebhooks } from "./tell.ts";
import { isDeleted, leaveTombstone, tendTombstone } from "./tombstone.ts";
import { findTooManyTracks } from "./track-rules.ts";
import { TurnQueue } from "./turn-queue.ts";

/** Milliseconds after which the end of an asset is taken up again, should the object be killed in the middle of it. */
const RESUME_MS = 30_000;

/**
 * One asset while it is written, and what is known of it afterwards.
 *
 * A part is safe once `putPart` has answered: it is in SQLite. Segments are cut from there in the order that `nextStep` of state.ts
 * gives, one step at a time however many requests come in; if the store fails, an alarm goes on later. The alarm also removes an
 * asset to which no part has come for long. Whatever is recorded is on disk first, then in memory.
 */
export class AssetObject extends DurableObject<Environment> implements AssetCalls {
	readonly #store: AssetStore;
	#asset: StoredAsset | undefined;
	/** Viewers while the asset is written. */
	readonly #desk: LiveDesk;
	readonly #queue = new TurnQueue((error, retryInMs) => this.#retryLater(error, retryInMs));

	constructor(context: DurableObjectState, environment: Environment) {
		super(context, environment);
		this.#store = new AssetStore(context.storage);
		this.#asset = this.#store.load();
		this.#desk = new LiveDesk(
			() => (this.#asset?.state.phase === "deleting" ? undefined : this.#asset),
			this.#store,
		);
	}

	/** Makes the asset, or finds it made by the same request: an answer that was lost can be asked for again. */
	async create(settings: AssetSettings): Promise<Result<CreatedAsset>> {
		const there = this.#asset;
		if (there !== undefined) {
			if (
				JSON.stringify(there.settings.request) === JSON.stringify(settings.request) &&
				there.state.phase !== "deleting"
			) {
				return accept({ asset: assetProgress(there), created: false });
			}
			return refuse(
				"forbidden",
				"This upload token has made another asset.",
				"Ask for a new token; each is good for one asset.",
			);
		}
		if (await isDeleted(this.ctx.storage)) {
			return refuse(
				"forbidden",
				"The asset of this upload token is deleted.",
				"Ask for a new token; each is good for one asset.",
			);
		}
		const tooMany = findTooManyTracks(settings);
		if (tooMany !== undefined) return tooMany;
		this.#store.create(settings);
		this.#asset = this.#store.load();
		await this.ctx.storage.setAlarm(Date.now() + settings.limits.abandonSeconds * 1000);
		await this.#advance();
		return this.#answer((asset) => accept({ asset: assetProgress(asset), created: true }));
	}

	/** Stores a part. `digest` is the base64 of its SHA-256, which the Worker has compared with the bytes. */
	async putPart(
		trackId: string,
		number: number,
		digest: string,
		bytes: Uint8Array<ArrayBuffer>,
	): Promise<Result<PartAnswer>> {
		return this.#putPart(trackId, number, digest, bytes);
	}

	/**
	 * Not an async function, and no closure over the bytes: while segments are written, a hundred parts may wait here to be answered,
	 * and none of them may keep its megabytes, which are in SQLite by then.
	 */
	#putPart(
		trackId: string,
		number: number,
		digest: string,
		bytes: Uint8Array<ArrayBuffer>,
	): Promise<Result<PartAnswer>> {
		const stored = this.#storePart(trackId, number, digest, bytes);
		// They are a copy of the caller's, and nobody's any more.
		bytes.buffer.transfer(0);
		return "track" in stored ? this.#cutAfter(stored.track) : Promise.resolve(stored);
	}

	/** A part that is new and now in SQLite: its track. Else the answer. */
	#storePart(
		trackId: string,
		number: number,
		digest: string,
		bytes: Uint8Array,
	): Result<PartAnswer> | { readonly track: TrackState } {
		if (this.#asset === undefined || this.#asset.state.phase === "deleting") return noSuch("such asset");
		const { settings, state } = this.#asset;
		const track = state.tracks.find(({ id }) => id === trackId);
		const json = settings.request.tracks.find(({ id }) => id === trackId);
		if (track === undefined || json === undefined) return noSuch(`track ${trackId} in this asset`);
		const there = this.#store.parts.find(track, number);
		if (there !== undefined) {
			if (there.digest === digest) return accept({ track: trackProgress(track), created: false });
			return refuse(
				"part-conflict",
				`Part ${number} of track ${trackId} is there with other bytes.`,
				"Number parts once, in order.",
				{ body: { track: trackProgress(track) } },
			);
		}
		if (state.phase !== "open")
			return refuse("asset-complete", "The asset is complete.", "Make a new asset for more.");
		if (track.failure !== undefined) return trackFailed(track);
		const part = { track, number, bytes };
		const noRoom = findNoRoom(state, settings, part, this.#queue.failing);
		if (noRoom !== undefined) return noRoom;
		const read = readPart(part, json, settings, this.#store.parts.findNeighbours(track, number));
		if (!read.ok) return read;
		this.#insert(track, number, digest, bytes, read.value);
		return { track };
	}

	async #cutAfter(track: TrackState): Promise<Result<PartAnswer>> {
		await this.#advance();
		return track.failure === undefined
			? accept({ track: trackProgress(track), created: true })
			: trackFailed(track);
	}

	/** Closes the asset: no part will come. Answers when all is stored and frozen. Idempotent. */
	async complete(request: CompleteRequest): Promise<Result<BareAsset>> {
		return this.#answer(async (asset) => {
			const { state } = asset;
			const counts = countParts(state, request);
			if (counts === undefined) {
				const hint = "Name every track once, with its number of parts.";
				return refuse("invalid-request", "The tracks are not those of the asset.", hint);
			}
			if (state.phase === "open") {
				const fault = findCompletionFault(state.tracks, counts);
				if (fault !== undefined) return fault;
				this.#store.recordCompletion(counts);
				for (const track of state.tracks) track.expected = counts.get(track.id);
				state.phase = "completing";
				await this.ctx.storage.setAlarm(Date.now() + RESUME_MS);
			} else if (!state.tracks.every(({ id, expected }) => counts.get(id) === expected)) {
				const message = "The asset is complete with other numbers of parts.";
				return refuse("asset-complete", message, "Make a new asset for more.");
			}
			await this.#advance();
			if (state.phase === "ready") return accept(assetProgress(asset));
			const [base] = state.tracks;
			if (base?.failure !== undefined) return trackFailed(base);
			return storeFails("The last segments are not stored yet.", "Ask again; nothing has to be sent again.");
		});
	}

	/** What is there and what is missing. */
	async progress(): Promise<Result<BareAsset>> {
		return this.#answer((asset) => accept(assetProgress(asset)));
	}

	/** Changes title and the like; what is absent stays, null is taken away. Answers when pages and lists know. */
	async update(request: UpdateAssetRequest): Promise<Result<BareAsset>> {
		return this.#answer(async (asset) => {
			const entries = Object.entries({ ...asset.details, ...request }).filter(([, value]) => value !== null);
			const details: AssetDetails = Object.fromEntries(entries);
			this.#store.recordDetails(details);
			asset.details = details;
			asset.catalogueBehind = true;
			this.#desk.announce();
			await this.#advance();
			return asset.catalogueBehind
				? storeFails("It could not be stored just now.", "Send it again.")
				: accept(assetProgress(asset));
		});
	}

	/** The master playlist, empty while nothing can be played yet, or the list of enhancements. */
	async index(name: IndexName, asker: Asker): Promise<Served<string>> {
		return this.#desk.serve(asker, () => this.#desk.index(name));
	}

	/** What playlists are built from. Asked by the Worker before 0.7.0, which answers for some seconds after a deployment. */
	async playback(): Promise<Result<PackedState>> {
		return this.#answer(({ settings, state }) =>
			accept(packState(playbackState(settings, state, state.phase === "ready"))),
		);
	}

	/** The media playlist of a track, when it has what is asked for. */
	async playlist(trackId: string, query: PlaylistQuery, asker: Asker): Promise<Served<string>> {
		return this.#desk.serve(asker, () => this.#desk.playlist(trackId, query));
	}

	/** A piece of a segment of a low-latency asset, when it is there. */
	async partial(trackId: string, segment: number, index: number, asker: Asker): Promise<Served<PartialLocation>> {
		return this.#desk.serve(asker, () => this.#desk.partial(trackId, segment, index));
	}

	/** Stores captions or a poster, and lists them. Idempotent. */
	async putExtra(extra: Extra, bytes: Uint8Array): Promise<Result<{ readonly created: boolean }>> {
		return this.#answer<{ created: boolean }>(async ({ settings, state }) => {
			const there = this.#store.listExtras() ?? [];
			const [same, another] = there.filter(({ name }) => extraName(name) === extra.name);
			if (same === undefined && there.length >= MAX_EXTRAS) {
				return refuse("constraint-exceeded", `The asset has ${MAX_EXTRAS} captions.`, "Delete some first.");
			}
			// Recorded, but perhaps not listed: then the list is written now.
			if (same?.file === extra.file && another === undefined) return this.#publish(false);
			const key = extrasPrefix(settings.id) + extra.file;
			const stored = await this.#queue.run(async () => {
				await putOnce(this.env.MEDIA, key, wholeContent(bytes), extra.contentType);
				if (state.phase !== "deleting") this.#store.recordExtra(extra);
			});
			return stored ? this.#publish(same === undefined) : extraFails();
		});
	}

	/** Removes captions or a poster, and their file. Idempotent. */
	async removeExtra(name: string): Promise<Result<{ readonly created: boolean }>> {
		return this.#answer<{ created: boolean }>(async ({ state }) => {
			// In turn, or the end of a publication under way would take this for published too.
			const recorded = await this.#queue.run(async () => {
				if (state.phase !== "deleting") this.#store.recordExtraRemoval(name);
			});
			return recorded ? this.#publish(false) : extraFails();
		});
	}

	async #publish(created: boolean): Promise<Result<{ created: boolean }>> {
		const asset = this.#asset;
		if (asset === undefined) return noSuch("such asset");
		asset.catalogueBehind = true;
		this.#desk.announce();
		await this.#advance();
		return asset.catalogueBehind ? extraFails() : accept({ created });
	}

	/** Removes everything. Idempotent; what the store fails to do now, the alarm goes on with. */
	async remove(): Promise<Result<null>> {
		const asset = this.#asset;
		if (asset === undefined) return noSuch("such asset");
		if (asset.state.phase !== "deleting") {
			this.#store.recordPhase("deleting");
			asset.state.phase = "deleting";
			this.#desk.announce();
			await this.ctx.storage.setAlarm(Date.now() + RESUME_MS);
		}
		await this.#advance();
		if (this.#asset === undefined) return accept(null);
		return storeFails("Not everything is removed yet.", "It goes on by itself; ask again to be sure.");
	}

	/** Goes on with work that failed, removes what was abandoned, and ends deleted ids. */
	override async alarm(): Promise<void> {
		const asset = this.#asset;
		if (asset === undefined) {
			await this.#queue.run(() => tendTombstone(this.ctx.storage, this.env.MEDIA));
			return;
		}
		const { limits, createdAt } = asset.settings;
		const abandonedAt = (this.#store.parts.lastReceived() ?? createdAt) + limits.abandonSeconds * 1000;
		if (needsRequest(asset.state) && abandonedAt <= Date.now()) {
			this.#store.recordPhase("deleting");
			asset.state.phase = "deleting";
			this.#desk.announce();
		}
		await this.#advance();
		if (needsRequest(asset.state) && (await this.ctx.storage.getAlarm()) === null) {
			await this.ctx.storage.setAlarm(abandonedAt);
		}
	}

	/** Answers for an asset that is there and not being deleted. */
	async #answer<Value>(
		answer: (asset: StoredAsset) => Result<Value> | Promise<Result<Value>>,
	): Promise<Result<Value>> {
		return this.#asset === undefined || this.#asset.state.phase === "deleting"
			? noSuch("such asset")
			: answer(this.#asset);
	}

	#insert(
		track: TrackState,
		number: number,
		digest: string,
		bytes: Uint8Array,
		samples: readonly PartSample[],
	): void {
		const part = { digest, bytes, receivedAt: Date.now() };
		recordPart(track, number, this.#store.parts.insert(track, number, part, samples));
		this.#desk.announce();
	}

	/** Takes all steps that can be taken now. Resolves when they are taken, or have failed and an alarm is set. */
	async #advance(): Promise<void> {
		await this.#queue.run(() => this.#takeSteps());
	}

	async #takeSteps(): Promise<void> {
		const asset = this.#asset;
		if (asset === undefined) return;
		for (let step = nextStep(asset.state); step !== undefined; step = nextStep(asset.state))
			await takeStep(asset, step, this.env.MEDIA, this.#store).finally(() => this.#desk.announce());
		if (asset.state.phase === "deleting") {
			await tellWebhooks(this.env, this.#store, asset);
			return this.#finishRemoval(asset);
		}
		await tellCatalogue(this.env, this.#store, asset);
		await tellWebhooks(this.env, this.#store, asset);
		if (asset.state.phase === "ready") await this.ctx.storage.deleteAlarm();
	}

	async #finishRemoval({ settings }: StoredAsset): Promise<void> {
		await removeAll(this.env.MEDIA, assetPrefix(settings.id));
		// After the objects: nobody makes a copy of what is not there.
		const purge = purgeAccess(this.env);
		if (purge !== undefined) await purgeTag(purge, assetTag(settings.id));
		await removeAsset(this.env.CATALOGUE, settings.id);
		await leaveTombstone(this.ctx.storage, settings.id);
		this.#asset = undefined;
	}

	/** Work that failed is neither lost nor done by halves: it stands in the state, and the alarm takes it up again. */
	async #retryLater(error: unknown, retryInMs: number): Promise<void> {
		const event = error instanceof StorageConflictError ? "storage-conflict" : "step-failed";
		logEvent(event, { asset: this.#asset?.settings.id, message: String(error), retryInMs });
		await this.ctx.storage.setAlarm(Date.now() + retryInMs);
	}
}

const extraFails = () => storeFails("It could not be stored just now.", "Send it again.");
