import type Hls from "hls.js";
import type { Fragment, HlsConfig, LevelDetails, LevelUpdatedData, ManifestParsedData } from "hls.js";
import { CodecError } from "../../codec/errors.ts";
import { ENHANCEMENTS_DATA_ID } from "../../protocol/enhancements.ts";
import { POSTER_DATA_ID, STORYBOARD_DATA_ID } from "../../protocol/session-data.ts";
import { type BaseFailure, BaseRecovery } from "./base-recovery.ts";
import { ByteCache } from "./byte-cache.ts";
import { earlyLoader } from "./early-loader.ts";
import { type ByteLocation, fetchBytes } from "./fetch-bytes.ts";
import type { HeadStart } from "./head-start.ts";
import { LiveCatchUp } from "./live-catch-up.ts";
import { locationOf } from "./media-playlist.ts";
import { type HlsModule, steadyHls } from "./steady-hls.ts";

/** What the multivariant playlist said. */
export type BaseManifest = {
	/** Absolute address of the list of enhancements, if the stream has one. */
	readonly enhancementsUrl: string | undefined;
	/** Size and rate of the base; zeros where the playlist does not say. */
	readonly width: number;
	readonly height: number;
	readonly frameRate: number;
	/** Bits a second of base and audio together. */
	readonly bitrate: number;
	readonly codec: string;
	/** What the video is called; undefined: the playlist does not say. */
	readonly title: string | undefined;
	/** Absolute addresses of a picture of the video and of the small pictures of its time range; undefined: the stream has none. */
	readonly posterUrl: string | undefined;
	readonly storyboardUrl: string | undefined;
};

/** `DATA-ID` of the session data that holds a stream's title; Apple's players read it too. */
const TITLE_DATA_ID = "com.apple.hls.title";

/** One base segment as the decoder needs it. */
export type BaseSegment = {
	readonly init: Uint8Array<ArrayBuffer>;
	readonly media: Uint8Array<ArrayBuffer>;
	/** Where hls.js put the segment's first picture on the media timeline, in seconds. */
	readonly mediaStart: number;
};

/** Where a base segment is on the media timeline, in seconds. */
export type BaseSegmentPlace = { readonly sequence: number; readonly start: number; readonly duration: number };

/** Who is told what the base does. */
export type BaseFeedListener = {
	readonly manifest: (manifest: BaseManifest) => void;
	/** Playlist or buffer moved on: segments became known, or got their exact place. */
	readonly progress: () => void;
	/** A segment was loaded: bytes, and milliseconds of `performance.now` from its first byte to its last. */
	readonly transfer: (bytes: number, start: number, end: number) => void;
	/** The base itself cannot play on. */
	readonly fatal: (failure: BaseFailure, error: Error) => void;
};

/** Base bytes kept for the enhancement's decoder: minutes of a stream of 100 kbit/s. */
const CACHE_BYTES = 6 * 2 ** 20;
/** No base segment is longer. */
const SEGMENT_BYTES = 32 * 2 ** 20;

/**
 * The base: hls.js plays it in the `<video>` element as it would any stream; beside that, this object remembers the
 * bytes of its video segments, because the enhancement's decoder needs the same pictures.
 */
export class BaseFeed {
	readonly hls: Hls;
	readonly #module: HlsModule;
	readonly #listener: BaseFeedListener;
	readonly #cache = new ByteCache<string>(CACHE_BYTES);
	#catchUp: LiveCatchUp | undefined;
	#details: LevelDetails | undefined;
	#segments: readonly BaseSegmentPlace[] = [];
	readonly #recovery: BaseRecovery;

	/** @param headStart what was asked for while hls.js was on its way */
	constructor(module: HlsModule, listener: BaseFeedListener, headStart: HeadStart, config: Partial<HlsConfig> = {}) {
		this.#module = module;
		this.#listener = listener;
		const loader = earlyLoader(module.default.DefaultConfig.loader, headStart);
		this.hls = new (steadyHls(module))({
			backBufferLength: 30,
			// hls.js buffers the longer of a duration and a size, and of a base its 60 MB are ten minutes: by duration alone.
			maxBufferSize: 0,
			// The first segment is at hand before the media source is open: without it hls.js looks for it at its next tick, 100 ms on.
			startFragPrefetch: true,
			loader,
			...config,
		});
		const { Events } = module;
		this.#recovery = new BaseRecovery(module, this.hls, {
			segments: () => this.#details?.fragments ?? [],
			isAhead: () => this.#isAhead,
			fatal: (failure, { details, error }) =>
				listener.fatal(
					failure,
					new CodecError("backend-failed", `The video cannot be played: ${details}.`, { cause: error }),
				),
		});
		this.hls.on(Events.MANIFEST_PARSED, (_, data) => this.#onManifest(data));
		this.hls.on(Events.LEVEL_UPDATED, (_, data: LevelUpdatedData) => this.#onDetails(data.details));
		this.hls.on(Events.LEVEL_PTS_UPDATED, (_, { frag, details }) => {
			// An audio rendition fires this too, with its own playlist.
			if (frag.type === "main") this.#onDetails(details);
		});
		this.hls.on(Events.FRAG_LOADED, (_, { frag, part, payload }) => {
			this.#onTransfer(frag);
			// hls.js hands the buffer on to its transmuxer, maybe to a worker: what is kept must be a copy.
			if (frag.type === "main" && part === null && frag.sn !== "initSegment") {
				this.#cache.set(keyOf(locationOf(frag, frag.url)), new Uint8Array(payload.slice(0)));
			}
		});
		this.hls.on(Events.FRAG_BUFFERED, () => {
			this.#recovery.onBuffered();
			listener.progress();
		});
		this.hls.on(Events.ERROR, (_, data) => {
			if (data.fatal) this.#recovery.onFatal(data);
		});
	}

	/** Starts. @param startPosition seconds; -1: where the playlist says */
	load(video: HTMLMediaElement, url: string, startPosition = -1): void {
		this.#catchUp = new LiveCatchUp(this.hls, this.#module.Events.LEVEL_UPDATED, video);
		this.hls.config.startPosition = startPosition;
		this.hls.attachMedia(video);
		this.hls.loadSource(url);
	}

	/** There once something is loaded. */
	get catchUp(): LiveCatchUp | undefined {
		return this.#catchUp;
	}

	/** The video segments of the base level that is playing, in order. Empty until its playlist is here. */
	get segments(): readonly BaseSegmentPlace[] {
		return this.#segments;
	}

	/** Seconds of base to load ahead of the playhead. */
	set ahead(seconds: number) {
		this.hls.config.maxBufferLength = seconds;
	}

	/** True once no more segments will come. */
	get complete(): boolean {
		return this.#details !== undefined && !this.#details.live;
	}

	/**
	 * Bytes and place of a segment: from memory where hls.js has just loaded it, else again, which the browser's cache answers.
	 *
	 * @returns undefined where the segment is not in the playlist, or hls.js has not placed it on the timeline yet
	 * @throws FetchError, CodecError `invalid-file`
	 */
	async segment(sequence: number, signal?: AbortSignal): Promise<BaseSegment | undefined> {
		const fragment = this.#details?.fragments.find(({ sn }) => sn === sequence);
		const mediaStart = fragment && placeOf(fragment);
		if (!fragment?.initSegment || mediaStart === undefined) return undefined;
		const initFragment = fragment.initSegment;
		const [init, media] = await Promise.all([
			initFragment.data ?? this.#bytes(locationOf(initFragment, initFragment.url), signal),
			this.#bytes(locationOf(fragment, fragment.url), signal),
		]);
		return { init, media, mediaStart };
	}

	/** Seconds up to which the base is buffered from `position` on; undefined where `position` is not buffered. */
	bufferedEnd(video: Pick<HTMLMediaElement, "buffered">, position: number): number | undefined {
		const { buffered } = video;
		for (let i = 0; i < buffered.length; i++) {
			// hls.js jumps over gaps of this size, so they count as buffered.
			if (buffered.start(i) - 0.1 <= position && position < buffered.end(i) + 0.05) return buffered.end(i);
		}
		return undefined;
	}

	/** Frees everything; the `<video>` is empty afterwards. */
	destroy(): void {
		this.#details = undefined;
		this.#segments = [];
		this.#cache.clear();
		this.#recovery.destroy();
		this.hls.destroy();
	}

	async #bytes(location: ByteLocation, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
		const key = keyOf(location);
		const cached = this.#cache.get(key);
		if (cached) return cached;
		const bytes = await fetchBytes(location, { signal, limit: SEGMENT_BYTES, immutable: true });
		this.#cache.set(key, bytes);
		return bytes;
	}

	#onManifest(data: ManifestParsedData): void {
		// hls.js leaves session data as written; addresses are relative to the multivariant playlist.
		const addressOf = (dataId: string): string | undefined => {
			const uri = data.sessionData?.[dataId]?.["URI"];
			return uri === undefined ? undefined : URL.parse(uri, absolute(this.hls.url))?.href;
		};
		const level = data.levels[data.firstLevel];
		this.#listener.manifest({
			enhancementsUrl: addressOf(ENHANCEMENTS_DATA_ID),
			width: level?.width ?? 0,
			height: level?.height ?? 0,
			frameRate: level?.frameRate ?? 0,
			bitrate: level?.bitrate ?? 0,
			codec: level?.videoCodec ?? "",
			title: data.sessionData?.[TITLE_DATA_ID]?.["VALUE"],
			posterUrl: addressOf(POSTER_DATA_ID),
			storyboardUrl: addressOf(STORYBOARD_DATA_ID),
		});
	}

	#onDetails(details: LevelDetails): void {
		this.#details = details;
		// Once for each change, not whenever somebody asks: for every frame somebody does.
		this.#segments = details.fragments.flatMap(({ sn, start, duration }) =>
			typeof sn === "number" ? [{ sequence: sn, start, duration }] : [],
		);
		this.#listener.progress();
	}

	#onTransfer(fragment: Fragment): void {
		const { loaded, loading } = fragment.stats;
		this.#recovery.onTransfer();
		this.#listener.transfer(loaded, loading.first, loading.end);
	}

	/** Whether there is something left to play. */
	get #isAhead(): boolean {
		const { media } = this.hls;
		const end = media && this.bufferedEnd(media, media.currentTime);
		// What is less than this is played by the time that more could be here.
		return Boolean(media && end && end - media.currentTime > 0.5);
	}
}

/** The exact start of the first picture once hls.js has parsed the segment; undefined before. */
function placeOf(fragment: Fragment): number | undefined {
	const { video, audiovideo } = fragment.elementaryStreams;
	return video?.startPTS ?? audiovideo?.startPTS ?? fragment.startPTS;
}

function keyOf({ url, range }: ByteLocation): string {
	return range ? `${url}#${range[0]}-${range[1]}` : url;
}

function absolute(url: string | null): string {
	return new URL(url ?? "", globalThis.location?.href).href;
}
