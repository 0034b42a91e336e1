import { DurableObject } from "cloudflare:workers";
import { writeMediaSegment } from "../../codec/mp4/media-segment.ts";
import { timescaleOf } from "../../codec/mp4/timescale.ts";
import type { Sample } from "../../codec/sample.ts";
import type { CompleteRequest } from "../../protocol/asset.ts";
import { type TrackJson, trackFromJson } from "../../protocol/track.ts";
import { LONGEST_LIFE } from "../access/upload-token.ts";
import { removeAsset, upsertAsset } from "../catalogue/assets.ts";
import type { Environment } from "../environment.ts";
import type { PlaybackState } from "../hls/playback-state.ts";
import { logEvent } from "../log.ts";
import { AssetStore, type StoredAsset } from "./asset-store.ts";
import { putOnce, removeAll, StorageConflictError } from "./create-once.ts";
import { type Extra, MAX_EXTRAS, publishExtras } from "./extras.ts";
import { assetPrefix, extrasPrefix, frozenStateKey, initKey, segmentKey } from "./object-keys.ts";
import { findNoRoom, readPart } from "./part-rules.ts";
import {
	assetProgress,
	type BareAsset,
	type BareProgress,
	catalogueAsset,
	playbackState,
	trackProgress,
} from "./progress.ts";
import { accept, refuse, type Result } from "./result.ts";
import type { AssetSettings } from "./settings.ts";
import {
	missingParts,
	nextStep,
	recordPart,
	recordSegment,
	type SegmentStep,
	type Step,
	type TrackState,
} from "./state.ts";
import { initSegment, TRACK_ID_IN_FILE } from "./track-rules.ts";

/** Key of the time until which a deleted asset's id stays taken: as long as an upload token may still name it. */
const TOMBSTONE = "deleted-until";

/** Milliseconds after which work that the store or the catalogue failed is tried again: the first time, and at most. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 5 * 60_000;

/** Milliseconds after which the end of an asset is taken up again, should the object be killed in the middle of it. */
const RESUME_MS = 30_000;

/** What the Worker is told of a part that is in. */
type PartAnswer = { readonly track: BareProgress; readonly created: boolean };

/**
 * One asset while it is written, and what is known of it afterwards.
 *
 * A part is safe once `putPart` has answered: it is in SQLite. Segments are cut from there in the order that `nextStep` of state.ts
 * gives, one step at a time however many requests come in (`#work` is the queue); if the store fails, an alarm goes
 * on later. The alarm also removes an asset to which no part has come for long.
 */
export class AssetObject extends DurableObject<Environment> {
	readonly #store: AssetStore;
	#asset: StoredAsset | undefined;
	/** The end of the queue of work; never rejects. */
	#work: Promise<unknown> = Promise.resolve();
	/** How often in a row the work has failed. */
	#failures = 0;

	constructor(context: DurableObjectState, environment: Environment) {
		super(context, environment);
		this.#store = new AssetStore(context.storage);
		this.#asset = this.#store.load();
	}

	/** Makes the asset, or finds it made by the same request: an answer that was lost can be asked for again. */
	async create(settings: AssetSettings): Promise<Result<{ readonly asset: BareAsset; readonly created: boolean }>> {
		const there = this.#asset;
		if (there !== undefined) {
			if (
				JSON.stringify(there.settings.request) === JSON.stringify(settings.request) &&
				there.state.phase !== "deleting"
			) {
				return accept({ asset: assetProgress(there.settings, there.state), created: false });
			}
			return refuse(
				"forbidden",
				"This upload token has made another asset.",
				"Ask for a new token; each is good for one asset.",
			);
		}
		if ((await this.ctx.storage.get(TOMBSTONE)) !== undefined) {
			return refuse(
				"forbidden",
				"The asset of this upload token is deleted.",
				"Ask for a new token; each is good for one asset.",
			);
		}
		this.#store.create(settings);
		this.#asset = this.#store.load();
		await this.ctx.storage.setAlarm(Date.now() + settings.limits.abandonSeconds * 1000);
		await this.#advance();
		return this.#answer((asset) => accept({ asset: assetProgress(asset.settings, asset.state), created: true }));
	}

	/** Stores a part. `digest` is the base64 of its SHA-256, which the Worker has compared with the bytes. */
	async putPart(trackId: string, number: number, digest: string, bytes: Uint8Array): Promise<Result<PartAnswer>> {
		return this.#putPart(trackId, number, digest, bytes);
	}

	/**
	 * Not an async function, and no closure over the bytes: while segments are written, a hundred parts may wait here to be answered,
	 * and none of them may keep its megabytes, which are in SQLite by then.
	 */
	#putPart(trackId: string, number: number, digest: string, bytes: Uint8Array): Promise<Result<PartAnswer>> {
		const stored = this.#storePart(trackId, number, digest, bytes);
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
		const there = this.#store.findPart(track, number);
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
		const noRoom = findNoRoom(state, settings, part, this.#failures > 0);
		if (noRoom !== undefined) return noRoom;
		const read = readPart(part, json, settings, this.#store.findNeighbours(track, number));
		if (!read.ok) return read;
		this.#insert(track, number, digest, bytes.length, read.value);
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
		return this.#answer(async ({ settings, state }) => {
			const counts = new Map(request.tracks.map(({ id, parts }) => [id, parts]));
			if (counts.size !== state.tracks.length || !state.tracks.every(({ id }) => counts.has(id))) {
				return refuse(
					"invalid-request",
					"The tracks are not those of the asset.",
					"Name every track once, with its number of parts.",
				);
			}
			if (state.phase === "open") {
				const refusal = this.#close(state.tracks, counts);
				if (refusal !== undefined) return refusal;
				state.phase = "completing";
				this.#store.recordCompletion(state.tracks);
				await this.ctx.storage.setAlarm(Date.now() + RESUME_MS);
			} else if (!state.tracks.every(({ id, expected }) => counts.get(id) === expected)) {
				return refuse(
					"asset-complete",
					"The asset is complete with other numbers of parts.",
					"Make a new asset for more.",
				);
			}
			await this.#advance();
			if (state.phase === "ready") return accept(assetProgress(settings, state));
			const [base] = state.tracks;
			if (base?.failure !== undefined) return trackFailed(base);
			return refuse(
				"storage-unavailable",
				"The last segments are not stored yet.",
				"Ask again; nothing has to be sent again.",
				{
					retryAfter: 2,
				},
			);
		});
	}

	/** What is there and what is missing. */
	async progress(): Promise<Result<BareAsset>> {
		return this.#answer(({ settings, state }) => accept(assetProgress(settings, state)));
	}

	/** What playlists are built from, now. */
	async playback(): Promise<Result<PlaybackState>> {
		return this.#answer(({ settings, state }) => accept(playbackState(settings, state, state.phase === "ready")));
	}

	/** Stores captions or a poster, and lists them. Idempotent. */
	async putExtra(extra: Extra, bytes: Uint8Array): Promise<Result<{ readonly created: boolean }>> {
		return this.#answer<{ created: boolean }>(async ({ settings, state }) => {
			const there = this.#store.listExtras() ?? [];
			const same = there.find(({ name }) => name === extra.name);
			if (same === undefined && there.length >= MAX_EXTRAS) {
				return refuse("constraint-exceeded", `The asset has ${MAX_EXTRAS} captions.`, "Delete some first.");
			}
			// Recorded, but perhaps not listed: then the list is written now.
			if (same?.file === extra.file) return this.#publish(false);
			const key = extrasPrefix(settings.id) + extra.file;
			const stored = await this.#inTurn(async () => {
				await putOnce(this.env.MEDIA, key, Uint8Array.from(bytes), extra.contentType);
				if (state.phase !== "deleting") this.#store.recordExtra(extra);
			});
			return stored ? this.#publish(same === undefined) : storeFails();
		});
	}

	/** Removes captions or a poster, and their file. Idempotent. */
	async removeExtra(name: string): Promise<Result<{ readonly created: boolean }>> {
		return this.#answer<{ created: boolean }>(() => {
			this.#store.recordExtraRemoval(name);
			return this.#publish(false);
		});
	}

	async #publish(created: boolean): Promise<Result<{ created: boolean }>> {
		const asset = this.#asset;
		if (asset === undefined) return noSuch("such asset");
		asset.catalogueBehind = true;
		await this.#advance();
		return asset.catalogueBehind ? storeFails() : accept({ created });
	}

	/** Removes everything. Idempotent; what the store fails to do now, the alarm goes on with. */
	async remove(): Promise<Result<null>> {
		const asset = this.#asset;
		if (asset === undefined) return noSuch("such asset");
		if (asset.state.phase !== "deleting") {
			asset.state.phase = "deleting";
			this.#store.recordPhase("deleting");
			await this.ctx.storage.setAlarm(Date.now() + RESUME_MS);
		}
		await this.#advance();
		if (this.#asset === undefined) return accept(null);
		return refuse(
			"storage-unavailable",
			"Not everything is removed yet.",
			"It goes on by itself; ask again to be sure.",
			{ retryAfter: 2 },
		);
	}

	/** Goes on with work that failed, removes what was abandoned, forgets deleted ids that no token names any more. */
	override async alarm(): Promise<void> {
		const asset = this.#asset;
		if (asset === undefined) return this.ctx.storage.deleteAll();
		const { limits, createdAt } = asset.settings;
		const abandonedAt = (this.#store.lastReceived() ?? createdAt) + limits.abandonSeconds * 1000;
		if (asset.state.phase === "open" && abandonedAt <= Date.now()) {
			asset.state.phase = "deleting";
			this.#store.recordPhase("deleting");
		}
		await this.#advance();
		if (asset.state.phase === "open" && (await this.ctx.storage.getAlarm()) === null) {
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

	#insert(track: TrackState, number: number, digest: string, bytes: number, samples: readonly Sample[]): void {
		const heads = samples.map(({ data, timestamp, duration, sync }) => ({
			timestamp,
			duration,
			sync,
			size: data.length,
		}));
		const [first] = heads;
		const last = heads.at(-1);
		if (first === undefined || last === undefined) throw new Error("A part that was read has samples.");
		const part = { digest, bytes, samples: heads.length, first: first.timestamp, last: last.timestamp, heads };
		this.#store.insertPart(track, number, part, join(samples), Date.now());
		recordPart(track, number, part);
	}

	/** Notes how many parts there are in all, or refuses: parts missing, parts too many, no base. */
	#close(tracks: readonly TrackState[], counts: ReadonlyMap<string, number>): Result<never> | undefined {
		const [base] = tracks;
		if (base?.failure !== undefined) return trackFailed(base);
		if (base !== undefined && counts.get(base.id) === 0) {
			return refuse(
				"invalid-request",
				"The base has no parts.",
				"An asset needs at least one picture; delete it instead.",
			);
		}
		const live = tracks.filter(({ failure }) => failure === undefined);
		for (const track of live) {
			const beyond = Math.max(track.contiguous - 1, ...track.parts.keys());
			if (beyond >= (counts.get(track.id) ?? 0)) {
				return refuse(
					"invalid-request",
					`Track ${track.id} has a part ${beyond}.`,
					"Count the parts of each track, from 0 on.",
				);
			}
		}
		const missing = live.flatMap((track) => {
			const parts = missingParts({ ...track, expected: counts.get(track.id) }, 1000);
			return parts.length === 0 ? [] : [{ id: track.id, parts }];
		});
		if (missing.length > 0) {
			return refuse("parts-missing", "Not all parts have come.", "Send those in missing, then complete again.", {
				body: { missing },
			});
		}
		for (const track of tracks) track.expected = counts.get(track.id);
		return undefined;
	}

	/** Takes all steps that can be taken now. Resolves when they are taken, or have failed and an alarm is set. */
	async #advance(): Promise<void> {
		await this.#inTurn(() => this.#takeSteps());
	}

	/** Does something when all that was asked for before is done. Answers whether it could; if not, an alarm is set. */
	#inTurn(task: () => Promise<void>): Promise<boolean> {
		const turn = this.#work.then(async () => {
			try {
				await task();
				this.#failures = 0;
				return true;
			} catch (error) {
				await this.#retryLater(error);
				return false;
			}
		});
		this.#work = turn;
		return turn;
	}

	async #takeSteps(): Promise<void> {
		const asset = this.#asset;
		if (asset === undefined) return;
		for (let step = nextStep(asset.state); step !== undefined; step = nextStep(asset.state))
			await this.#take(asset, step);
		if (asset.state.phase === "deleting") return this.#finishRemoval(asset);
		if (asset.catalogueBehind) {
			const extras = this.#store.listExtras();
			await upsertAsset(this.env.CATALOGUE, catalogueAsset(asset.settings, asset.state));
			if (extras !== undefined) await publishExtras(this.env.MEDIA, asset.settings.id, extras);
			this.#store.recordCatalogued();
			asset.catalogueBehind = false;
		}
		if (asset.state.phase === "ready") await this.ctx.storage.deleteAlarm();
	}

	/** One step: write under a name that only it has, then record. See state.ts for why this order is safe. */
	async #take(asset: StoredAsset, step: Step): Promise<void> {
		const { settings, state } = asset;
		switch (step.type) {
			case "init": {
				const bytes = initSegment(this.#json(step.track));
				await putOnce(this.env.MEDIA, initKey(settings.id, step.track.id), bytes, "video/mp4");
				this.#store.recordInit(step.track, bytes.length);
				step.track.initBytes = bytes.length;
				return;
			}
			case "segment": {
				const bytes = step.cut.count === 0 ? undefined : this.#buildSegment(step);
				if (bytes !== undefined) {
					await putOnce(
						this.env.MEDIA,
						segmentKey(settings.id, step.track.id, step.number),
						bytes,
						"video/mp4",
					);
				}
				const record = recordSegment(state, step, bytes?.length ?? 0);
				this.#store.recordSegment(step.track, step.number, record);
				return;
			}
			case "fail-track": {
				this.#store.recordFailure(step.track, step.failure);
				step.track.failure = step.failure;
				return;
			}
			case "freeze": {
				const frozen = Uint8Array.from(
					new TextEncoder().encode(JSON.stringify(playbackState(settings, state, true))),
				);
				await putOnce(this.env.MEDIA, frozenStateKey(settings.id), frozen, "application/json");
				// Deletion may have been asked for while this was written; it removes the frozen state too.
				if (state.phase !== "completing") return;
				this.#store.recordPhase("ready");
				state.phase = "ready";
				asset.catalogueBehind = true;
			}
		}
	}

	#buildSegment(step: SegmentStep): Uint8Array<ArrayBuffer> {
		const { track, cut, slices, number } = step;
		const samples: Sample[] = [];
		for (const slice of slices) {
			const bytes = this.#store.readSlice(track, slice);
			let offset = 0;
			for (const { timestamp, duration, sync, size } of slice.heads) {
				samples.push({ data: bytes.subarray(offset, offset + size), timestamp, duration, sync });
				offset += size;
			}
		}
		const last = samples.at(-1);
		// The writer lets a sample last until the next; the last one lasts until the next segment's first.
		if (last !== undefined && cut.lastSampleEnd !== undefined) {
			samples[samples.length - 1] = { ...last, duration: cut.lastSampleEnd - last.timestamp };
		}
		const timescale = timescaleOf(trackFromJson(this.#json(track)));
		return writeMediaSegment({ trackId: TRACK_ID_IN_FILE, sequenceNumber: number + 1, timescale, samples });
	}

	#json({ id }: TrackState): TrackJson {
		const json = this.#asset?.settings.request.tracks.find((track) => track.id === id);
		if (json === undefined) throw new Error(`The asset has no track ${id}.`);
		return json;
	}

	async #finishRemoval({ settings }: StoredAsset): Promise<void> {
		await removeAll(this.env.MEDIA, assetPrefix(settings.id));
		await removeAsset(this.env.CATALOGUE, settings.id);
		await this.ctx.storage.deleteAlarm();
		await this.ctx.storage.deleteAll();
		this.#asset = undefined;
		const until = Date.now() + LONGEST_LIFE * 1000;
		await this.ctx.storage.put(TOMBSTONE, until);
		await this.ctx.storage.setAlarm(until);
	}

	/** Work that failed is neither lost nor done by halves: it stands in the state, and the alarm takes it up again. */
	async #retryLater(error: unknown): Promise<void> {
		this.#failures += 1;
		const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
		const event = error instanceof StorageConflictError ? "storage-conflict" : "step-failed";
		logEvent(event, { asset: this.#asset?.settings.id, message: String(error), retryInMs: delay });
		await this.ctx.storage.setAlarm(Date.now() + delay);
	}
}

const noSuch = (what: string) =>
	refuse("not-found", `There is no ${what}.`, "Deleted and abandoned assets are gone for good.");

const storeFails = () =>
	refuse("storage-unavailable", "It could not be stored just now.", "Send it again.", { retryAfter: 2 });

const trackFailed = (track: TrackState) =>
	refuse(
		"track-failed",
		track.failure === "misaligned"
			? `Track ${track.id} has no sync sample at the base's.`
			: `Track ${track.id} has a group of pictures larger than a segment may be.`,
		"Encode a sync sample every two seconds in all video tracks at the same times, and make a new asset.",
		{ body: { track: trackProgress(track) } },
	);

const join = (samples: readonly Sample[]): Uint8Array<ArrayBuffer> => {
	const bytes = new Uint8Array(samples.reduce((sum, { data }) => sum + data.length, 0));
	let offset = 0;
	for (const { data } of samples) {
		bytes.set(data, offset);
		offset += data.length;
	}
	return bytes;
};
