import { CustomVideoElement } from "custom-media-element";
import { MediaTracksMixin, type VideoTrack } from "media-tracks";
import type { EnhancerWishes } from "../enhancer-options.ts";
import type { CapturedPicture } from "../pipeline/capture.ts";
import type { BackendPreference, EnhancementMode, EnhancementReason, EnhancementState } from "../reasons.ts";
import type { PlayerStatistics } from "../statistics/statistics.ts";
import type { BaseManifest } from "../stream/base-feed.ts";
import type { ListedEnhancement } from "../stream/enhancement-list.ts";
import { CaptionLayer } from "./caption-layer.ts";
import type { EnhancementEvents } from "./enhancement-events.ts";
import { modelFolder } from "./model-folder.ts";
import { PlayerSource } from "./player-source.ts";
import { defineReflections, upgradeProperty } from "./reflect.ts";
import { addRenditions, renditionRows } from "./renditions.ts";
import { HLS_TYPE } from "./source-kind.ts";
import { statisticsOf } from "./statistics-of.ts";
import { readTrackModes, restoreTrackModes, type TrackModes } from "./track-modes.ts";
import { VIDEO_STYLE, VIDEO_TEMPLATE } from "./video-template.ts";

const OWN_ATTRIBUTES = ["enhancement", "backend", "model-url", "debug"] as const;

/**
 * `<crescendo-video>`: a media element whose `src` is a Crescendo stream (any HLS stream plays, files too). The base
 * plays as video always did; the enhancement is drawn over it when it is there. See docs/player.md.
 *
 * @fires enhancementchange what is shown, and why it is not more (`EnhancementChange`)
 * @fires enhancementerror something about the enhancement went wrong; the base plays on (`EnhancementError`)
 * @fires enhancementstatistics once a second while pictures are decoded: times of each stage and all the rest ({@link PlayerStatistics})
 */
export class CrescendoVideoElement extends MediaTracksMixin(CustomVideoElement) {
	static override getTemplateHTML = (): string => VIDEO_TEMPLATE;

	static override get observedAttributes(): string[] {
		return [...super.observedAttributes, ...OWN_ATTRIBUTES];
	}

	#source: PlayerSource | undefined;
	#track: VideoTrack | undefined;
	#loadRequested = false;
	#loaded: Promise<void> | undefined;
	#error: MediaError | undefined;
	#captions: CaptionLayer | undefined;
	#trackModes: TrackModes = new Map();
	/** Where to go on when the element comes back into a document, in seconds. */
	#resumeAt: number | undefined;
	#announcedSize: string | undefined;
	/** Rates as the page knows them: the chosen one and the default. */
	#ratesTold = "1 1";

	override init(): void {
		super.init();
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(VIDEO_STYLE);
		if (this.shadowRoot) this.shadowRoot.adoptedStyleSheets = [sheet];
		this.videoRenditions.addEventListener("change", () => this.#source?.onWishes());
		// Set on the element before it was defined, they hide the accessors; custom-media-element frees those of `<video>`.
		for (const property of ["enhancement", "backend", "debug", "reports"] as const) upgradeProperty(this, property);
	}

	override connectedCallback(): void {
		super.connectedCallback();
		restoreTrackModes(this.textTracks, this.#trackModes);
		const container = this.shadowRoot?.querySelector<HTMLElement>('[part="captions"]');
		if (container) this.#captions ??= new CaptionLayer(this.nativeEl, container);
		if (!this.#source && this.getAttribute("src")) this.#requestLoad();
	}

	override disconnectedCallback(): void {
		// custom-media-element throws its `<track>`s away here, and makes others when the element comes back.
		this.#trackModes = readTrackModes(this.textTracks);
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
			// The same address again loads anew, as HTML has it: so pages try again after an error.
			if (this.nativeEl) this.load();
			return;
		}
		super.attributeChangedCallback(name, before, after);
		if (before === after) return;
		if (name === "poster") this.#drawPoster();
		if (name === "enhancement" || name === "debug") this.#source?.onWishes();
		if (name === "backend" || name === "model-url") this.#source?.restart();
		if (name === "preload") this.#onPreload();
	}

	/** Loads the source from its start, as `HTMLMediaElement.load` does. */
	override load(): void {
		this.#resumeAt = undefined;
		// HTML, section 4.8.11.5: loading goes back to the default rate, and does so at once.
		this.#setRate(this.nativeEl?.defaultPlaybackRate);
		this.#unload();
		this.#requestLoad();
	}

	/**
	 * Plays as soon as there is something to play; `preload="none"` ends here.
	 *
	 * @throws DOMException `NotSupportedError` where the source cannot be played, `NotAllowedError` where the browser wants a
	 * gesture first, `AbortError` where `pause()`, another source or the element's leaving its document came before playback
	 */
	override async play(): Promise<void> {
		if (this.#error) throw new DOMException(this.#error.message, "NotSupportedError");
		if (this.#source) this.#source.fillBuffer();
		else if (!this.#loadRequested && this.getAttribute("src")) this.#requestLoad();
		const loaded = this.#loaded;
		// At once, though there may be nothing to play yet: it counts as the gesture's, and `paused` tells the truth from here on.
		const begun = this.nativeEl.play();
		const played = begun.catch((error: unknown) => {
			// Giving the video its source interrupts what was begun before, in some browsers; it was begun again there.
			const isInterrupted = error instanceof DOMException && error.name === "AbortError" && !this.paused;
			if (!isInterrupted || loaded !== this.#loaded) throw error;
			return this.nativeEl.play();
		});
		const error = await Promise.race([played, this.#failureOf(loaded)]);
		if (!error) return;
		// The native promise stays open, or is rejected when the source goes; neither is news.
		played.catch(() => undefined);
		throw new DOMException(error.message, "NotSupportedError");
	}

	/** `maybe` for HLS as well, which many browsers do not play by themselves. */
	override canPlayType(type: string): CanPlayTypeResult {
		return HLS_TYPE.test(type) ? "maybe" : (this.nativeEl?.canPlayType(type) ?? "");
	}

	/** The rate that was chosen; the one at which a viewer of a live stream catches up is not among what the page is told. */
	override get playbackRate(): number {
		return this.#source?.playbackRate ?? this.nativeEl?.playbackRate ?? 1;
	}

	/** @throws DOMException `NotSupportedError` for a rate that the browser does not have */
	override set playbackRate(rate: number) {
		this.#setRate(rate);
	}

	override handleEvent(event: Event): void {
		if (event.type === "ratechange" && !this.#isRateNews()) return;
		if (event.type === "error" && this.#source?.isFed) return;
		super.handleEvent(event);
	}

	/** Whether the page has anything to learn from a `ratechange`: where a stream is caught up with, only if a rate of its own is another. */
	#isRateNews(): boolean {
		const rates = `${this.playbackRate} ${this.defaultPlaybackRate}`;
		const same = rates === this.#ratesTold;
		this.#ratesTold = rates;
		return !(same && this.#source?.catchesUp);
	}

	/** Chromium's list of controls to leave out; undefined in other browsers. */
	get controlsList(): DOMTokenList | undefined {
		return Reflect.get(this.nativeEl, "controlsList") as DOMTokenList | undefined;
	}

	/** The address as given; the `blob:` address of the native element means nothing to anybody. */
	override get currentSrc(): string {
		return this.#source?.url ?? "";
	}

	/** Why the source cannot be played; errors of the enhancement are not among these. */
	override get error(): MediaError | null {
		return this.#error ?? (this.#source?.isFed ? null : (this.nativeEl?.error ?? null));
	}

	/** Size of the picture that is shown: the base's, or the enhancement's. */
	override get videoWidth(): number {
		return this.#source?.report?.shown?.width ?? this.nativeEl?.videoWidth ?? 0;
	}

	override get videoHeight(): number {
		return this.#source?.report?.shown?.height ?? this.nativeEl?.videoHeight ?? 0;
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

	/** Whether the edge is told how playback goes; `no-reports` is the attribute that says no. */
	get reports(): boolean {
		return !this.hasAttribute("no-reports");
	}

	set reports(value: boolean) {
		this.toggleAttribute("no-reports", !value);
	}

	get enhancementState(): EnhancementState {
		return this.#source?.state ?? "base";
	}

	/** Why the enhanced picture is not shown; undefined while it is. */
	get enhancementReason(): EnhancementReason | undefined {
		return this.#source ? this.#source.reason : "playback-not-begun";
	}

	/** What the stream says it is called; undefined where it does not say, and before it is known. */
	get streamTitle(): string | undefined {
		return this.#source?.manifest?.title;
	}

	/** Address of the picture that the stream has for before playback: shown unless the attribute `poster` says otherwise. */
	get streamPoster(): string | undefined {
		return this.#source?.manifest?.posterUrl;
	}

	/** Address of the stream's small pictures for a time range, a WebVTT file; undefined where it has none. */
	get streamStoryboard(): string | undefined {
		return this.#source?.manifest?.storyboardUrl;
	}

	/** Everything that the statistics overlay shows, as a value. */
	get statistics(): PlayerStatistics {
		return statisticsOf(this.#source, this.nativeEl);
	}

	/**
	 * The enhanced picture of the frame at the playhead: samples, their hash, and the canvas's pixels, with its timestamp. For
	 * tests and bug reports. On WebGPU the attribute `debug` must have been set before the picture was decoded.
	 *
	 * @returns undefined while the base is shown, and until a seek has come to its picture
	 */
	captureEnhanced(): Promise<CapturedPicture | undefined> {
		return this.#source?.enhancer?.capture() ?? Promise.resolve(undefined);
	}

	/** Not through the property: one that was set before the element was defined still hides it. */
	#setRate(rate: number | undefined): void {
		if (rate === undefined) return;
		if (this.#source) this.#source.playbackRate = rate;
		else if (this.nativeEl) this.nativeEl.playbackRate = rate;
	}

	/** Several attributes set in one task make one load; `play()` in the same task belongs to it. */
	#requestLoad(): void {
		if (this.#loadRequested) return;
		this.#loadRequested = true;
		this.#loaded = Promise.resolve().then(() => {
			this.#loadRequested = false;
			return this.#load();
		});
	}

	/** Resolves when what was loaded cannot be played; never where it is not there any more. */
	async #failureOf(loaded: Promise<void> | undefined): Promise<MediaError> {
		await loaded;
		const source = loaded === this.#loaded ? this.#source : undefined;
		return source ? source.failed : new Promise(() => undefined);
	}

	async #load(): Promise<void> {
		const src = this.getAttribute("src") && this.src;
		const canvas = this.shadowRoot?.querySelector("canvas");
		// Outside a document nothing is loaded, and who waits for playback is told so.
		if (!this.isConnected && !this.paused) this.nativeEl.pause();
		if (!src || !this.isConnected || !canvas) return;
		if (this.preload === "none" && this.paused && !this.autoplay) return;
		const source = new PlayerSource(src, {
			video: this.nativeEl,
			canvas,
			settings: () => ({
				backend: this.backend,
				modelUrl: modelFolder(this),
			}),
			wishes: () => this.#wishes(),
			reports: () => this.reports && !("globalPrivacyControl" in navigator && navigator.globalPrivacyControl),
			described: () => this.#drawPoster(),
			listed: (manifest, enhancements) => this.#onListed(manifest, enhancements),
			changed: () => this.#announce(source),
			statistics: () => this.#dispatch("enhancementstatistics", this.statistics),
			fault: (fault) => this.#dispatch("enhancementerror", fault),
			fatal: (error) => {
				this.#error = error;
				this.dispatchEvent(new CustomEvent("error"));
			},
		});
		this.#source = source;
		const metadataOnly = this.preload === "metadata" && !this.autoplay;
		await source.open({ metadataOnly, at: this.#resumeAt });
	}

	/** Back to the state before a source: nothing of it stays. */
	#unload(): void {
		const source = this.#source;
		this.#source = undefined;
		this.#error = undefined;
		source?.destroy();
		// A `play()` under way was meant for what is left here.
		if ((source || this.#loadRequested) && !this.paused) this.nativeEl.pause();
		if (this.#track) this.removeVideoTrack(this.#track);
		this.#track = undefined;
		this.#drawPoster();
		if (source) this.#announceState();
	}

	/**
	 * The poster is the page's, else the stream's. Where playback begins at once nobody would see the stream's, and it would take the
	 * network from the first picture.
	 */
	#drawPoster(): void {
		const video = this.nativeEl;
		if (!video || this.hasAttribute("poster")) return;
		const { streamPoster } = this;
		if (streamPoster === undefined) video.removeAttribute("poster");
		else if (video.paused && !this.autoplay) video.poster = streamPoster;
	}

	#onListed(manifest: BaseManifest, enhancements: readonly ListedEnhancement[]): void {
		const track = this.addVideoTrack("main");
		track.selected = true;
		this.#track = track;
		addRenditions(track, renditionRows(manifest, enhancements), manifest.frameRate);
	}

	#wishes(): EnhancerWishes {
		const { selectedIndex } = this.videoRenditions;
		const chosen = [...this.videoRenditions][selectedIndex]?.id;
		return { mode: this.enhancement, choice: chosen, keepPictures: this.debug };
	}

	/** Says what is shown, and that the size may have changed. */
	#announce(source: PlayerSource): void {
		if (source !== this.#source) return;
		const size = `${this.videoWidth}x${this.videoHeight}`;
		if (this.#announcedSize !== undefined && size !== this.#announcedSize)
			this.dispatchEvent(new CustomEvent("resize"));
		this.#announcedSize = size;
		this.#announceState();
	}

	#announceState(): void {
		this.#dispatch("enhancementchange", {
			state: this.enhancementState,
			reason: this.enhancementReason,
			enhancement: this.#source?.report?.enhancement?.id,
		});
	}

	#dispatch<Type extends keyof EnhancementEvents>(type: Type, detail: EnhancementEvents[Type]): void {
		this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
	}

	#onPreload(): void {
		if (!this.#source && this.getAttribute("src")) this.#requestLoad();
		else if (this.preload === "auto") this.#source?.fillBuffer();
	}
}

defineReflections(CrescendoVideoElement.prototype);
