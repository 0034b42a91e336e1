import { CodecError } from "../../codec/errors.ts";
import type { DecodableSegment } from "../policy/next-segment.ts";
import { type FetchObservation, type FetchPlan, planFetch, shouldYield } from "../policy/plan-fetch.ts";
import { type EnhancementReason, isPassing } from "../reasons.ts";
import type { BaseFeed, BaseSegment, BaseSegmentPlace } from "./base-feed.ts";
import { type EnhancementBytes, EnhancementFeed } from "./enhancement-feed.ts";
import type { ListedEnhancement } from "./enhancement-list.ts";
import { FetchError } from "./fetch-bytes.ts";
import type { PlaylistParser, PlaylistSegment } from "./media-playlist.ts";
import { ofSequence, placeAt, placesBetween } from "./places.ts";
import type { NetworkMeter } from "../policy/network-meter.ts";

/** A segment on its way through the player. */
type Piece = {
	state: "fetching" | "ready" | "damaged";
	readonly abort: AbortController;
	readonly enhancement: ListedEnhancement;
	/** Of an enhancement that is of no use any more here: once it is not the decoder's it is dropped. */
	stale: boolean;
	bytes?: EnhancementBytes;
	base?: BaseSegment;
	/** Given to the decoder since the last seek. */
	given: boolean;
	/** Where its pictures end, in seconds on the media timeline; undefined: not decoded to its end yet. */
	end?: number;
};

/** Bytes of both layers, as the decoder takes them. */
export type ReadySegment = {
	readonly sequence: number;
	readonly base: BaseSegment;
	readonly enhancement: EnhancementBytes;
};

/** A fetch that failed. */
export type FetchFault = {
	readonly code: EnhancementReason;
	readonly message: string;
	readonly hint: string | undefined;
	/** Trying again will not help, or has been tried often enough. */
	readonly fatal: boolean;
};

/** Who is told what was fetched, and what was not. */
export type EnhancementBufferListener = {
	/** Something arrived. */
	readonly progress: () => void;
	readonly fault: (fault: FetchFault) => void;
};

/** What the fetch plan observes and this object does not know by itself. */
export type BufferObservation = Omit<FetchObservation, "segments" | "have" | "bitrate" | "ahead"> & {
	/** Segments are wanted; else only what is under way goes on, as long as the base can spare it. */
	readonly wanted: boolean;
};

/** Seconds of enhancement to hold ahead of the playhead, and behind it, for seeking back and for short loops. */
const AHEAD = 30;
const BEHIND = 20;
/** Enhancement bytes held, give or take a segment. */
const MOST_BYTES = 32 * 2 ** 20;
/** Pauses between failures in a row, in milliseconds; after the last one the enhancement is given up. */
const PAUSES = [1000, 2000, 4000, 8000] as const;

/**
 * Segments of the enhancement and of the base that belongs to them: what is here, what is coming, what was given to the
 * decoder. One fetch at a time, at low priority, in the order of the plan.
 */
export class EnhancementBuffer {
	readonly #base: BaseFeed;
	readonly #parser: PlaylistParser;
	readonly #network: NetworkMeter;
	readonly #listener: EnhancementBufferListener;
	readonly #feeds = new Map<string, EnhancementFeed>();
	readonly #pieces = new Map<number, Piece>();
	readonly #abort = new AbortController();
	#feed: EnhancementFeed | undefined;
	#refreshing = false;
	#refreshedAt = Number.NEGATIVE_INFINITY;
	/** Fetches in a row that failed, of the playlist and of segments: where one of them succeeds, that says nothing of the other. */
	readonly #failures = { list: 0, segment: 0 };
	#fetchAfter = Number.NEGATIVE_INFINITY;
	/** Where the playhead was at the last look, in seconds. */
	#position = 0;
	#bytes = 0;

	constructor(base: BaseFeed, parser: PlaylistParser, network: NetworkMeter, listener: EnhancementBufferListener) {
		this.#base = base;
		this.#parser = parser;
		this.#network = network;
		this.#listener = listener;
	}

	/** Bytes of enhancement segments fetched in all. */
	get bytes(): number {
		return this.#bytes;
	}

	/**
	 * Takes segments from this enhancement from now on; what was given to the decoder stays given.
	 *
	 * @param anew what is here of other enhancements is of no use any more; else it is shown, and only what follows is of this one
	 */
	use(enhancement: ListedEnhancement, anew: boolean): void {
		let feed = this.#feeds.get(enhancement.id);
		if (!feed) {
			feed = new EnhancementFeed(enhancement, this.#parser, this.#network);
			this.#feeds.set(enhancement.id, feed);
		}
		this.#feed = feed;
		this.#refreshedAt = Number.NEGATIVE_INFINITY;
		if (!anew) return;
		for (const piece of this.#pieces.values()) piece.stale = piece.enhancement.id !== enhancement.id;
	}

	/** Whether something is here, or coming, of another enhancement than this one. */
	hasOthers(id: string): boolean {
		return [...this.#pieces.values()].some(({ enhancement }) => enhancement.id !== id);
	}

	/** The enhancement whose segment is here for this moment (seconds); undefined: there is none yet. */
	enhancementAt(position: number): ListedEnhancement | undefined {
		const place = placeAt(this.#base.segments, position);
		const piece = place && this.#pieces.get(place.sequence);
		return piece?.state === "ready" ? piece.enhancement : undefined;
	}

	/** Segments near a moment (seconds) that base and enhancement both have, with what the decoder may have of them. */
	segmentsNear(position: number): readonly DecodableSegment[] {
		return this.#near(position).map((place) => {
			const piece = this.#pieces.get(place.sequence);
			const spent = piece?.given === true || piece?.state === "damaged";
			return { ...place, ready: piece?.state === "ready", coming: piece?.state === "fetching", spent };
		});
	}

	/** The last segment there will ever be was given to the decoder. */
	get lastGiven(): boolean {
		if (!this.#base.complete) return false;
		const last = this.#base.segments.findLast(({ sequence }) => this.#isListed(sequence));
		return last !== undefined && this.isGiven(last.sequence);
	}

	/** At least one segment was given to the decoder since the last seek. */
	get someGiven(): boolean {
		return [...this.#pieces.values()].some(({ given }) => given);
	}

	isGiven(sequence: number): boolean {
		return this.#pieces.get(sequence)?.given === true;
	}

	/** Whether a picture of this moment (seconds) is the decoder's to make: its segment was given, and has not turned out to end before. */
	isGivenAt(position: number): boolean {
		const place = placeAt(this.#base.segments, position);
		if (!place || !this.isGiven(place.sequence)) return false;
		const { end } = this.#pieces.get(place.sequence) ?? {};
		return end === undefined || position < end;
	}

	/**
	 * Whether the stream has no enhancement at this moment (seconds), and will have none: whoever encoded it ended it before the
	 * base, between two segments or within one, or left a gap.
	 */
	lacks(position: number): boolean {
		const playlist = this.#feed?.playlist;
		const place = placeAt(this.#base.segments, position);
		if (!playlist || !place) return false;
		const { sequence } = place;
		if (!this.#isListed(sequence)) {
			return playlist.complete || sequence < playlist.end;
		}
		const { end } = this.#pieces.get(sequence) ?? {};
		return end !== undefined && position >= end;
	}

	/** Seconds of enhancement from `position` on without a gap. */
	secondsAhead(position: number): number {
		let end = position;
		for (const { sequence, start, duration } of placesBetween(
			this.#base.segments,
			position,
			position + 2 * AHEAD,
		)) {
			if (start > end + 0.1 || this.#pieces.get(sequence)?.state !== "ready") break;
			end = start + duration;
		}
		return end - position;
	}

	/** Does what is due: reads the playlist, drops what is far, starts the next fetch. Returns why none is due, if so. */
	work(observation: BufferObservation, now: number): Extract<FetchPlan, { fetch: undefined }>["reason"] | undefined {
		const feed = this.#feed;
		if (!feed || now < this.#fetchAfter) return undefined;
		this.#keepPlaylist(feed, now);
		if (observation.position < this.#position) this.#onJumpBack(feed);
		this.#position = observation.position;
		const held = this.#forget(observation.position);
		const { playlist } = feed;
		if (!playlist) return undefined;
		const observed: FetchObservation = {
			...observation,
			segments: this.#near(observation.position).map(({ sequence: index, start, duration }) => {
				return { index, start, duration, bytes: undefined };
			}),
			have: (sequence) => this.#pieces.has(sequence),
			bitrate: feed.enhancement.bandwidth,
			ahead: AHEAD,
		};
		const fetching = [...this.#pieces].find(([, { state }]) => state === "fetching");
		if (fetching) {
			if (!shouldYield(observed)) return undefined;
			const [sequence, piece] = fetching;
			piece.abort.abort();
			this.#pieces.delete(sequence);
			return "base-first";
		}
		if (!observation.wanted) return "full";
		const plan = planFetch(observed);
		if (plan.fetch === undefined) return plan.reason;
		if (!this.#hasRoom(plan.fetch, held)) return "full";
		const segment = ofSequence(playlist.segments, plan.fetch);
		if (segment) void this.#fetch(feed, segment);
		return undefined;
	}

	/** Hands a ready segment to the decoder; undefined where it is not ready. */
	give(sequence: number): ReadySegment | undefined {
		const piece = this.#pieces.get(sequence);
		if (!piece?.bytes || !piece.base) return undefined;
		piece.given = true;
		return { sequence, base: piece.base, enhancement: piece.bytes };
	}

	/** The decoder starts afresh, or goes on with `kept` only: everything else may be given again. */
	takeBack(kept: ReadonlySet<number> = new Set()): void {
		for (const [sequence, piece] of this.#pieces) piece.given &&= kept.has(sequence);
	}

	/** Seconds up to which these segments reach; undefined where there are none. */
	endOf(sequences: readonly number[]): number | undefined {
		const ends = sequences.flatMap((sequence) => {
			const place = ofSequence(this.#base.segments, sequence);
			return place ? [place.start + place.duration] : [];
		});
		return ends.length === 0 ? undefined : Math.max(...ends);
	}

	/** All pictures of a segment were decoded; they end at `end`, in seconds on the media timeline. */
	markDecoded(sequence: number, end: number): void {
		const piece = this.#pieces.get(sequence);
		if (piece) piece.end = end;
	}

	/** A segment that cannot be decoded is not given again. */
	markDamaged(sequence: number): void {
		const piece = this.#pieces.get(sequence);
		if (!piece) return;
		piece.state = "damaged";
		delete piece.bytes;
		delete piece.base;
	}

	/** Stops every fetch and forgets everything. */
	destroy(): void {
		this.#abort.abort(new CodecError("aborted", "The player was closed."));
		for (const piece of this.#pieces.values()) piece.abort.abort();
		this.#pieces.clear();
	}

	/** Segments around a moment (seconds) that the enhancement has, or of which something is here. */
	#near(position: number): readonly BaseSegmentPlace[] {
		const places = placesBetween(this.#base.segments, position - BEHIND, position + 2 * AHEAD);
		return places.filter(({ sequence }) => this.#pieces.has(sequence) || this.#isListed(sequence));
	}

	/** Whether the enhancement in use has this segment. */
	#isListed(sequence: number): boolean {
		return ofSequence(this.#feed?.playlist?.segments ?? [], sequence) !== undefined;
	}

	/** Reads the playlist when it is due: at first, and while it grows. */
	#keepPlaylist(feed: EnhancementFeed, now: number): void {
		if (this.#refreshing || feed.playlist?.complete) return;
		if (now < this.#refreshedAt + 1000 * (feed.playlist?.targetDuration ?? 0)) return;
		this.#refreshing = true;
		this.#refreshedAt = now;
		feed.refresh(this.#abort.signal).then(
			() => {
				this.#refreshing = false;
				this.#failures.list = 0;
				this.#listener.progress();
			},
			(error: unknown) => {
				this.#refreshing = false;
				this.#onFailed("list", error);
			},
		);
	}

	async #fetch(feed: EnhancementFeed, segment: PlaylistSegment): Promise<void> {
		const { sequence } = segment;
		const abort = new AbortController();
		const piece: Piece = {
			state: "fetching",
			abort,
			enhancement: feed.enhancement,
			stale: false,
			given: false,
		};
		this.#pieces.set(sequence, piece);
		try {
			const bytes = await feed.segment(segment, abort.signal);
			this.#bytes += bytes.media.length;
			const base = await this.#base.segment(sequence, abort.signal);
			if (this.#pieces.get(sequence) !== piece) return;
			if (base) {
				Object.assign(piece, { state: "ready", bytes, base });
			} else {
				// hls.js has not placed it yet: asked again later, the enhancement's bytes come from the browser's cache.
				this.#pieces.delete(sequence);
			}
			this.#failures.segment = 0;
			this.#listener.progress();
		} catch (error) {
			if (this.#pieces.get(sequence) === piece) this.#pieces.delete(sequence);
			if (!abort.signal.aborted) this.#onFailed("segment", error);
		}
	}

	#onFailed(what: "list" | "segment", error: unknown): void {
		if (this.#abort.signal.aborted) return;
		const pause = PAUSES[this.#failures[what]++];
		this.#fetchAfter = performance.now() + (pause ?? 0);
		const code = error instanceof CodecError ? error.code : "network";
		const message = error instanceof Error ? error.message : String(error);
		const gone = error instanceof FetchError && error.status === 404;
		const hint = gone ? "The stream may have been deleted." : undefined;
		this.#listener.fault({ code, message, hint, fatal: pause === undefined || !isPassing(code) });
	}

	/** What was passed comes anew where it is of a poorer enhancement than the one in use: a loop would show it for ever. */
	#onJumpBack({ enhancement }: EnhancementFeed): void {
		const passed = placesBetween(this.#base.segments, 0, this.#position);
		for (const { sequence } of passed) {
			const piece = this.#pieces.get(sequence);
			if (piece && piece.enhancement.bandwidth < enhancement.bandwidth) piece.stale = true;
		}
	}

	/**
	 * Whether there is room for this segment. It is made for one that is due before others that are here, where the playhead has jumped
	 * back: the furthest go, and are fetched again when it is their turn.
	 *
	 * @param held bytes that are here
	 */
	#hasRoom(sequence: number, held: number): boolean {
		let bytes = held;
		for (const [later, piece] of [...this.#pieces].toSorted(([a], [b]) => b - a)) {
			if (bytes < MOST_BYTES || later < sequence) break;
			if (piece.given || !piece.bytes) continue;
			bytes -= piece.bytes.media.length;
			this.#pieces.delete(later);
		}
		return bytes < MOST_BYTES;
	}

	/**
	 * Drops pieces that are far from the playhead, that another enhancement takes the place of, and, where there are too many, those
	 * behind the playhead.
	 *
	 * @returns bytes that are left
	 */
	#forget(position: number): number {
		let bytes = 0;
		for (const piece of this.#pieces.values()) bytes += piece.bytes?.media.length ?? 0;
		for (const [sequence, piece] of [...this.#pieces].toSorted(([a], [b]) => a - b)) {
			const place = ofSequence(this.#base.segments, sequence);
			const end = place ? place.start + place.duration : 0;
			const near = place && end >= position - BEHIND && place.start <= position + 2 * AHEAD;
			const tooMany = bytes > MOST_BYTES && end <= position;
			if (near && !(piece.stale && !piece.given) && !tooMany) continue;
			bytes -= piece.bytes?.media.length ?? 0;
			piece.abort.abort();
			this.#pieces.delete(sequence);
		}
		return bytes;
	}
}
