import { CustomVideoElement } from "custom-media-element";
import { MediaTracksMixin, type VideoTrack } from "media-tracks";
import type { Enhancer, EnhancementFault, EnhancerWishes } from "../enhancer.ts";
import type { CapturedPicture } from "../pipeline/presenter.ts";
import {
	type BandwidthEstimate,
	estimatedBandwidth,
	NO_BANDWIDTH_ESTIMATE,
	observeTransfer,
	type Transfer,
} from "../policy/bandwidth.ts";
import type { BackendPreference, EnhancementMode, EnhancementReason, EnhancementState } from "../reasons.ts";
import type { PlayerStatistics } from "../statistics/statistics.ts";
import type { BaseFeed, BaseManifest, HlsModule } from "../stream/base-feed.ts";
import type { ListedEnhancement } from "../stream/enhancement-list.ts";
import { CaptionLayer } from "./caption-layer.ts";
import { addRenditions, renditionRows } from "./renditions.ts";
import { sourceKind } from "./source-kind.ts";
import { VIDEO_STYLE, VIDEO_TEMPLATE } from "./video-template.ts";

/** Detail of `enhancementchange`. */
export type EnhancementChange = {
	readonly state: EnhancementState;
	/** Undefined while the enhanced picture is shown. */
	readonly reason: EnhancementReason | undefined;
	/** Id of the enhancement in use, if any. */
	readonly enhancement: string | undefined;
};

/** Detail of `enhancementerror`. */
export type EnhancementError = EnhancementFault;

/** Everything that belongs to one source; thrown away as a whole. */
type Source = {
	readonly url: string;
	readonly abort: AbortController;
	readonly started: number;
	feed?: BaseFeed;
	module?: HlsModule;
	manifest?: BaseManifest;
	enhancements?: readonly ListedEnhancement[];
	enhancer?: Enhancer;
	track?: VideoTrack;
	reason?: EnhancementReason;
	fault?: EnhancementFault;
	firstPicture?: number;
	firstEnhanced?: number;
	bandwidth: BandwidthEstimate;
};

/** Where the runtime and the model are unless attributes say otherwise: beside the player's script. */
const RUNTIME_PATH = "/runtime/";
const MODEL_PATH = "/models/crescendo-1/";

/** Rate that is assumed where the playlist names none. */
const USUAL_FRAME_RATE = 30;

/** Seconds that `preload="metadata"` buffers before playback. */
const METADATA_BUFFER = 1;

const OWN_ATTRIBUTES = ["enhancement", "backend", "runtime-url", "model-url", "debug"] as const;

/**
 * `<crescendo-video>`: a media element whose `src` is a Crescendo stream (any HLS stream plays, files too). The base
 * plays as video always did; the enhancement is drawn over it when it is there. See docs/player.md.
 *
 * @fires enhancementchange what is shown, and why it is not more ({@link EnhancementChange})
 * @fires enhancementerror something about the enhancement went wrong; the base plays on ({@link EnhancementError})
 */
export class CrescendoVideoElement extends MediaTracksMixin(CustomVideoElement) {
	static override getTemplateHTML = (): string => VIDEO_TEMPLATE;

	static override get observedAttributes(): string[] {
		return [...super.observedAttributes, ...OWN_ATTRIBUTES];
	}

	#source: Source | undefined;
	#loadRequested = false;
	#loaded: Promise<void> | undefined;
	#error: MediaError | undefined;
	#captions: CaptionLayer | undefined;
	/** Where to go on when the element comes back into a document, in seconds. */
	#resumeAt: number | undefined;

	override init(): void {
		super.init();
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(VIDEO_STYLE);
		if (this.shadowRoot) this.shadowRoot.adoptedStyleSheets = [sheet];
		this.videoRenditions.addEventListener("change", () => this.#onWishes());
	}

	override connectedCallback(): void {
		super.connectedCallback();
		const container = this.shadowRoot?.querySelector<HTMLElement>('[part="captions"]');
		if (container) this.#captions ??= new CaptionLayer(this.nativeEl, container);
		if (!this.#source && this.src) this.#requestLoad();
	}

	override disconnectedCallback(): void {
		super.disconnectedCallback();
		// An element that is moved comes back within the same task and plays on; a native one does the same.
		queueMicrotask(() => {
			if (this.isConnected) return;
			this.#captions?.destroy();
			this.#captions = undefined;
			this.#resumeAt = this.nativeEl?.currentTime || undefined;
			this.#unload();
		});
	}

	override attributeChangedCallback(name: string, before: string | null, after: string | null): void {
		// The native element must not see the address of a playlist; reading `nativeEl` makes the shadow tree.
		if (name === "src") {
			if (this.nativeEl && before !== after) {
				this.#resumeAt = undefined;
				this.#requestLoad();
			}
			return;
		}
		super.attributeChangedCallback(name, before, after);
		if (before === after) return;
		if (name === "enhancement" || name === "debug") this.#onWishes();
		if (name === "backend" || name === "runtime-url" || name === "model-url") this.#restartEnhancer();
		if (name === "preload") this.#onPreload();
	}

	/** Loads the source from its start, as `HTMLMediaElement.load` does. */
	override load(): void {
		this.#resumeAt = undefined;
		this.#requestLoad();
	}

	/** Plays as soon as there is something to play; `preload="none"` ends here. */
	override async play(): Promise<void> {
		if (!this.#source && this.src) this.#requestLoad(true);
		else this.#fillBuffer();
		await this.#loaded;
		await this.nativeEl.play();
	}

	/** The address as given; the `blob:` address of the native element means nothing to anybody. */
	override get currentSrc(): string {
		return this.#source?.url ?? "";
	}

	/** Why the source cannot be played; errors of the enhancement are not among these. */
	override get error(): MediaError | null {
		return this.#error ?? this.nativeEl?.error ?? null;
	}

	/** Size of the picture that is shown: the base's, or the enhancement's. */
	override get videoWidth(): number {
		return this.#source?.enhancer?.report().shown?.width ?? this.nativeEl?.videoWidth ?? 0;
	}

	override get videoHeight(): number {
		return this.#source?.enhancer?.report().shown?.height ?? this.nativeEl?.videoHeight ?? 0;
	}

	/** Always null: a stream object has no second layer. */
	override get srcObject(): MediaProvider | null {
		return null;
	}

	/** @throws DOMException `NotSupportedError`, unless the value is null */
	override set srcObject(value: MediaProvider | null) {
		if (value === null) return;
		throw new DOMException("<crescendo-video> plays addresses: set src.", "NotSupportedError");
	}

	/** `auto` (default), `off`, or `force` (overrules speed, bandwidth and data saver). */
	get enhancement(): EnhancementMode {
		const value = this.getAttribute("enhancement");
		return value === "off" || value === "force" ? value : "auto";
	}

	set enhancement(value: EnhancementMode) {
		this.setAttribute("enhancement", value);
	}

	/** `auto` (default: WebGPU, else WASM where the picture is small enough), `webgpu`, or `wasm`. */
	get backend(): BackendPreference {
		const value = this.getAttribute("backend");
		return value === "webgpu" || value === "wasm" ? value : "auto";
	}

	set backend(value: BackendPreference) {
		this.setAttribute("backend", value);
	}

	/** Keeps the samples of every picture, for `captureEnhanced`. Costs a read-back per frame on WebGPU. */
	get debug(): boolean {
		return this.hasAttribute("debug");
	}

	set debug(value: boolean) {
		this.toggleAttribute("debug", value);
	}

	get enhancementState(): EnhancementState {
		return this.#source?.enhancer?.report().state ?? (this.#source?.fault ? "failed" : "base");
	}

	/** Why the enhanced picture is not shown; undefined while it is. */
	get enhancementReason(): EnhancementReason | undefined {
		const source = this.#source;
		return source?.enhancer ? source.enhancer.report().reason : (source?.reason ?? "playback-not-begun");
	}

	/** Everything that the statistics overlay shows, as a value. */
	get statistics(): PlayerStatistics {
		const source = this.#source;
		const video = this.nativeEl;
		const report = source?.enhancer?.report();
		const base = { width: video?.videoWidth ?? 0, height: video?.videoHeight ?? 0 };
		const end = video && source?.feed?.bufferedEnd(video, video.currentTime);
		const used = report?.enhancement;
		return {
			state: this.enhancementState,
			reason: this.enhancementReason,
			error: report?.error ?? source?.fault?.message,
			backend: report?.ready?.description,
			passedOver: report?.ready?.passedOver ?? [],
			base,
			shown: report?.shown ?? base,
			enhancement: used && { id: used.id, q: used.q, bitrate: used.bandwidth },
			bandwidth: source && estimatedBandwidth(source.bandwidth),
			baseBuffer: end === undefined || !video ? 0 : end - video.currentTime,
			enhancementBuffer: report?.enhancementBuffer ?? 0,
			picturesReady: report?.picturesReady ?? 0,
			times: report?.times,
			decodeRate: report?.decodeRate,
			frameRate: source?.manifest?.frameRate || USUAL_FRAME_RATE,
			frames: report?.frames ?? { enhanced: 0, missed: 0, all: 0 },
			dropped: video?.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0,
			enhancementBytes: report?.bytes ?? 0,
			firstPicture: source?.firstPicture,
			firstEnhanced: source?.firstEnhanced,
			loadMilliseconds: report?.ready?.loadMilliseconds,
			selfTestMilliseconds: report?.ready?.selfTestMilliseconds,
		};
	}

	/**
	 * The enhanced picture that is shown: samples, their hash, and the canvas's pixels, with its timestamp. For tests and bug
	 * reports. On WebGPU the attribute `debug` must have been set before the picture was decoded.
	 *
	 * @returns undefined while the base is shown
	 */
	captureEnhanced(): Promise<CapturedPicture | undefined> {
		return this.#source?.enhancer?.capture() ?? Promise.resolve(undefined);
	}

	/** Several attributes set in one task make one load. */
	#requestLoad(play = false): void {
		if (this.#loadRequested) return;
		this.#loadRequested = true;
		this.#loaded = Promise.resolve().then(() => {
			this.#loadRequested = false;
			return this.#load(play);
		});
	}

	async #load(play: boolean): Promise<void> {
		this.#unload();
		const { src } = this;
		if (!src || !this.isConnected) return;
		if (this.preload === "none" && !play && !this.autoplay) return;
		const url = new URL(src, document.baseURI).href;
		const source: Source = {
			url,
			abort: new AbortController(),
			started: performance.now(),
			bandwidth: NO_BANDWIDTH_ESTIMATE,
		};
		this.#source = source;
		this.#watchPictures(source);
		if (sourceKind(url) === "file") {
			source.reason = "no-enhancement";
			this.nativeEl.src = url;
			return;
		}
		const [module, { BaseFeed }] = await Promise.all([import("hls.js"), import("../stream/base-feed.ts")]);
		if (source.abort.signal.aborted) return;
		if (!module.default.isSupported()) {
			// Safari on old iPhones: the system plays the base, nothing can be drawn over what it does not hand out.
			source.reason = "browser-incapable";
			this.nativeEl.src = url;
			return;
		}
		source.module = module;
		source.feed = new BaseFeed(
			module,
			{
				manifest: (manifest) => void this.#onManifest(source, manifest),
				progress: () => source.enhancer?.tick(),
				transfer: (transfer) => this.#onTransfer(source, transfer),
				fatal: (error) => this.#onFatal(error),
			},
			{ maxBufferLength: this.#isMetadataOnly(play) ? METADATA_BUFFER : 30 },
		);
		source.feed.load(this.nativeEl, url, this.#resumeAt);
	}

	/** Back to the state before a source: nothing of it stays. */
	#unload(): void {
		const source = this.#source;
		this.#source = undefined;
		this.#error = undefined;
		if (!source) return;
		source.abort.abort();
		source.enhancer?.destroy();
		source.feed?.destroy();
		if (source.track) this.removeVideoTrack(source.track);
		const video = this.nativeEl;
		if (video?.hasAttribute("src")) {
			video.removeAttribute("src");
			video.load();
		}
	}

	async #onManifest(source: Source, manifest: BaseManifest): Promise<void> {
		source.manifest = manifest;
		if (manifest.enhancementsUrl === undefined) {
			source.reason = "no-enhancement";
			this.#setRenditions(source, []);
			this.#announce(source);
			return;
		}
		const { signal } = source.abort;
		// The list is small, but the first picture comes first.
		await firstEvent(this.nativeEl, "loadeddata", HTMLMediaElement.HAVE_CURRENT_DATA, signal);
		if (signal.aborted) return;
		const { fetchEnhancementList } = await import("../stream/enhancement-list.ts");
		try {
			source.enhancements = await fetchEnhancementList(manifest.enhancementsUrl, { signal });
		} catch (cause) {
			if (signal.aborted) return;
			const network = cause instanceof Error && cause.name === "FetchError";
			const code = network ? "network" : "invalid-list";
			source.reason = code;
			source.fault = {
				code,
				message: cause instanceof Error ? cause.message : String(cause),
				hint: undefined,
				fatal: true,
			};
			this.#setRenditions(source, []);
			this.#announce(source);
			this.#dispatch("enhancementerror", source.fault);
			return;
		}
		this.#setRenditions(source, source.enhancements);
		if (source.enhancements.length === 0) source.reason = "no-enhancement";
		this.#announce(source);
		if (source.enhancements.length === 0) return;
		await firstPlay(this.nativeEl, signal);
		if (!signal.aborted) await this.#startEnhancer(source);
	}

	async #startEnhancer(source: Source): Promise<void> {
		const { feed, module, manifest, enhancements, abort } = source;
		const canvas = this.shadowRoot?.querySelector("canvas");
		if (!feed || !module || !manifest || !enhancements || !canvas) return;
		if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) {
			source.reason = "browser-incapable";
			this.#announce(source);
			return;
		}
		// Decision, fetching, presenting: nothing of it is loaded before playback has begun.
		const { Enhancer } = await import("../enhancer.ts");
		if (abort.signal.aborted || source.enhancer) return;
		const scriptUrl = import.meta.url;
		const address = (attribute: string, path: string) => {
			const given = this.getAttribute(attribute);
			const href = given === null ? new URL(path, scriptUrl).href : new URL(given, document.baseURI).href;
			return href.endsWith("/") ? href : `${href}/`;
		};
		source.enhancer = new Enhancer({
			video: this.nativeEl,
			canvas,
			feed,
			parser: module.M3U8Parser,
			enhancements,
			frameRate: manifest.frameRate || USUAL_FRAME_RATE,
			baseBitrate: manifest.bitrate,
			backend: this.backend,
			runtimeUrl: address("runtime-url", RUNTIME_PATH),
			modelUrl: address("model-url", MODEL_PATH),
			wishes: this.#wishes(),
			bandwidth: () => estimatedBandwidth(source.bandwidth),
			observeTransfer: (transfer) => this.#onTransfer(source, transfer),
			onChange: () => {
				if (source.enhancer?.report().state === "active")
					source.firstEnhanced ??= performance.now() - source.started;
				this.#announce(source);
			},
			onFault: (fault) => this.#dispatch("enhancementerror", fault),
		});
		this.#announce(source);
	}

	#restartEnhancer(): void {
		const source = this.#source;
		if (!source?.enhancer) return;
		source.enhancer.destroy();
		delete source.enhancer;
		void this.#startEnhancer(source);
	}

	#setRenditions(source: Source, enhancements: readonly ListedEnhancement[]): void {
		const { manifest } = source;
		if (!manifest) return;
		const track = this.addVideoTrack("main");
		track.selected = true;
		source.track = track;
		addRenditions(track, renditionRows(manifest, enhancements), manifest.frameRate);
	}

	#wishes(): EnhancerWishes {
		const { selectedIndex } = this.videoRenditions;
		const chosen = [...this.videoRenditions][selectedIndex]?.id;
		return { mode: this.enhancement, choice: chosen, keepPictures: this.debug };
	}

	#onWishes(): void {
		const enhancer = this.#source?.enhancer;
		if (enhancer) enhancer.wishes = this.#wishes();
	}

	#onTransfer(source: Source, transfer: Transfer): void {
		source.bandwidth = observeTransfer(source.bandwidth, transfer);
	}

	#onFatal(error: Error): void {
		const code = this.nativeEl.readyState === HTMLMediaElement.HAVE_NOTHING ? 4 : 2;
		this.#error = mediaError(code, error.message);
		this.dispatchEvent(new CustomEvent("error"));
	}

	/** Says what is shown, and that the size may have changed. */
	#announce(source: Source): void {
		if (source !== this.#source) return;
		const detail: EnhancementChange = {
			state: this.enhancementState,
			reason: this.enhancementReason,
			enhancement: source.enhancer?.report().enhancement?.id,
		};
		const size = `${this.videoWidth}x${this.videoHeight}`;
		if (this.#announcedSize !== undefined && size !== this.#announcedSize)
			this.dispatchEvent(new CustomEvent("resize"));
		this.#announcedSize = size;
		this.#dispatch("enhancementchange", detail);
	}
	#announcedSize: string | undefined;

	#dispatch(type: "enhancementchange" | "enhancementerror", detail: EnhancementChange | EnhancementError): void {
		this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
	}

	#watchPictures(source: Source): void {
		const { signal } = source.abort;
		const first = () => (source.firstPicture ??= performance.now() - source.started);
		if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) this.nativeEl.requestVideoFrameCallback(first);
		else this.nativeEl.addEventListener("loadeddata", first, { signal, once: true });
		this.nativeEl.addEventListener("play", () => this.#fillBuffer(), { signal });
	}

	#isMetadataOnly(play: boolean): boolean {
		return this.preload === "metadata" && !play && !this.autoplay && this.nativeEl.paused;
	}

	/** Playback was asked for, or `preload` changed: from here on the buffer is filled as usual. */
	#fillBuffer(): void {
		const hls = this.#source?.feed?.hls;
		if (hls) hls.config.maxBufferLength = 30;
	}

	#onPreload(): void {
		if (!this.#source && this.src) this.#requestLoad();
		else if (this.preload === "auto") this.#fillBuffer();
	}
}

/** Resolves at the event, at once where `readyState` is there already, or when the signal is aborted. */
function firstEvent(video: HTMLMediaElement, type: string, readyState: number, signal: AbortSignal): Promise<void> {
	if (video.readyState >= readyState || signal.aborted) return Promise.resolve();
	return new Promise((resolve) => {
		video.addEventListener(type, () => resolve(), { once: true, signal });
		signal.addEventListener("abort", () => resolve(), { once: true });
	});
}

/** Resolves when the video has begun to play. */
function firstPlay(video: HTMLMediaElement, signal: AbortSignal): Promise<void> {
	if (video.played.length > 0) return Promise.resolve();
	return new Promise((resolve) => {
		video.addEventListener("playing", () => resolve(), { once: true, signal });
		signal.addEventListener("abort", () => resolve(), { once: true });
	});
}

/** `MediaError` has no constructor; what reads it reads `code` and `message`. */
function mediaError(code: number, message: string): MediaError {
	const constants = {
		MEDIA_ERR_ABORTED: 1,
		MEDIA_ERR_NETWORK: 2,
		MEDIA_ERR_DECODE: 3,
		MEDIA_ERR_SRC_NOT_SUPPORTED: 4,
	} as const;
	return { code, message, ...constants };
}
