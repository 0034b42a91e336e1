import { enhancementList } from "../hls/enhancement-list.ts";
import { masterPlaylist } from "../hls/master-playlist.ts";
import { hasPartial, mediaPlaylist, targetSeconds } from "../hls/media-playlist.ts";
import type { PlaybackState, PlaybackTrack } from "../hls/playback-state.ts";
import { surroundingsOf } from "../hls/surroundings.ts";
import { Crowd } from "../relay/crowd.ts";
import type { Asker, IndexName, PartialLocation, PlaylistQuery, Served } from "./live-question.ts";
import type { TrackJson } from "../../protocol/track.ts";
import type { AssetStore } from "./asset-store.ts";
import { Changes } from "./changes.ts";
import { Kept } from "./kept.ts";
import { openPartials } from "./open-segment.ts";
import { playbackState } from "./progress.ts";
import { noSuch } from "./refusals.ts";
import { accept, refuse, type Result } from "./result.ts";
import { openPartialBytes } from "./segment-bytes.ts";
import type { PartSlice, TrackState } from "./state.ts";
import type { StoredAsset } from "./stored-asset.ts";

/** Characters of playlists that are kept for whoever asks next: a playlist of twelve hours has 900,000. */
const KEPT_CHARACTERS = 2 ** 21;

/** Bytes of pieces that are kept so: two hundred viewers ask for the same one at the same moment. */
const KEPT_PIECE_BYTES = 2 ** 21;

/** Target durations that a request waits for what is not there yet. */
const PATIENCE = 3;

/**
 * What viewers of an asset ask while it is written: playlists and pieces, some of which they ask for before they are there. A view of
 * the state is made once for each change of it, however many ask.
 */
export class LiveDesk {
	readonly #changes = new Changes();
	readonly #find: () => StoredAsset | undefined;
	readonly #store: AssetStore;
	#view: PlaybackState | undefined;
	readonly #crowd = new Crowd();
	readonly #texts = new Kept<string>(KEPT_CHARACTERS);
	/** Of segments that are not whole; a piece never changes. */
	readonly #pieces = new Kept<Uint8Array>(KEPT_PIECE_BYTES);

	/** `find` gives the asset as it is now, unless it is being deleted. */
	constructor(find: () => StoredAsset | undefined, store: AssetStore) {
		this.#find = find;
		this.#store = store;
	}

	/** Answers, unless so many wait here already that a viewer has to ask a relay. */
	async serve<Value>(asker: Asker, answer: () => Promise<Result<Value>>): Promise<Served<Value>> {
		return this.#crowd.serve(asker, answer);
	}

	/** The asset is not what it was. */
	announce(): void {
		this.#view = undefined;
		this.#texts.clear();
		this.#changes.announce();
	}

	/** What playlists are built from, now. */
	#state(): PlaybackState | undefined {
		const asset = this.#find();
		if (asset === undefined) return undefined;
		this.#view ??= playbackState(asset.settings, asset.state, asset.state.phase === "ready");
		return this.#view;
	}

	/** The master playlist, empty while nothing can be played yet, or the list of enhancements. */
	async index(name: IndexName): Promise<Result<string>> {
		const asset = this.#find();
		const state = this.#state();
		if (asset === undefined || state === undefined) return noSuch("such asset");
		const make = (): string => {
			if (name === "enhancements") return JSON.stringify(enhancementList(state));
			const beside = { extras: this.#store.listExtras() ?? [], details: asset.details };
			return masterPlaylist(state, surroundingsOf(state, beside)) ?? "";
		};
		return accept(this.#texts.get(`index ${name}`, make, ({ length }) => length));
	}

	/**
	 * A media playlist, when it has what is asked for. If that does not come, the playlist as it is: a player that gets errors while a
	 * camera is cut off gives up, one that finds nothing new asks again.
	 */
	async playlist(trackId: string, query: PlaylistQuery): Promise<Result<string>> {
		const { segment, partial } = query;
		const now = this.#track(trackId);
		if (now === undefined) return noSuch(`track ${trackId} in this asset`);
		if (segment !== undefined) {
			if (segment > now.track.segments.length + 1) {
				const hint = "Ask for the one after the last that the playlist has.";
				return refuse("invalid-request", `Segment ${segment} is far from coming.`, hint);
			}
			const isThere = () => {
				const found = this.#track(trackId);
				return found === undefined || found.state.complete || hasPartial(found.track, segment, partial);
			};
			await this.#changes.until(isThere, PATIENCE * targetSeconds(now.state) * 1000);
		}
		const found = this.#track(trackId);
		if (found === undefined) return noSuch(`track ${trackId} in this asset`);
		const { track, state } = found;
		if (track.segments.length === 0 && (track.open ?? []).length === 0) return nothingYet();
		const make = () => mediaPlaylist(state, track, { skip: query.skip });
		return accept(this.#texts.get(`${trackId} ${query.skip}`, make, ({ length }) => length));
	}

	/** A piece of a segment, when it is there. */
	async partial(trackId: string, segment: number, index: number): Promise<Result<PartialLocation>> {
		const isNext = (track: PlaybackTrack) =>
			(segment === track.segments.length && index <= (track.open ?? []).length) ||
			(segment === track.segments.length + 1 && index === 0);
		const now = this.#track(trackId);
		if (now === undefined) return noSuch(`track ${trackId} in this asset`);
		if (isNext(now.track)) {
			const isSettled = () => {
				const found = this.#track(trackId);
				return found === undefined || found.state.complete || hasPartial(found.track, segment, index);
			};
			await this.#changes.until(isSettled, PATIENCE * targetSeconds(now.state) * 1000);
		}
		const asset = this.#find();
		const track = asset?.state.tracks.find(({ id }) => id === trackId);
		const json = asset?.settings.request.tracks.find(({ id }) => id === trackId);
		if (asset === undefined || track === undefined || json === undefined) return noSuch("such asset");
		return locate(track, segment, index) ?? this.#openPartial(asset, track, json, segment, index);
	}

	#openPartial(asset: StoredAsset, track: TrackState, json: TrackJson, segment: number, index: number) {
		const make = (): Uint8Array | undefined => {
			const open = segment === track.segments.length ? openPartials(asset.state, track)[index] : undefined;
			const read = (slice: PartSlice) => this.#store.parts.read(track, slice);
			return open === undefined ? undefined : openPartialBytes(open, segment, index, json, read);
		};
		const bytes = this.#pieces.get(`${track.id}/${segment}.${index}`, make, ({ length }) => length);
		return bytes === undefined ? noSuch("such piece") : accept({ bytes });
	}

	#track(trackId: string): { readonly state: PlaybackState; readonly track: PlaybackTrack } | undefined {
		const state = this.#state();
		const track = state?.tracks.find(({ id }) => id === trackId);
		return state === undefined || track === undefined ? undefined : { state, track };
	}
}

/** Where a piece of a stored segment is, as long as that is known. */
const locate = (track: TrackState, segment: number, index: number): Result<PartialLocation> | undefined => {
	const pieces = track.segments.at(segment)?.partials;
	const piece = pieces?.[index];
	if (pieces === undefined || piece === undefined) return undefined;
	const offset = pieces.slice(0, index).reduce((sum, { bytes }) => sum + bytes, 0);
	return accept({ offset, length: piece.bytes });
};

const nothingYet = () =>
	refuse("not-found", "Nothing can be played yet.", "The upload has only begun: ask again in a second.", {
		retryAfter: 1,
	});
