import type { Enhancer } from "../enhancer.ts";
import type { Reporter } from "../reports/reporter.ts";
import type { EnhancementFault, EnhancerReport, EnhancerWishes } from "../enhancer-options.ts";
import type { BackendPreference, EnhancementReason, EnhancementState } from "../reasons.ts";
import { BASE_AHEAD } from "../policy/base-ahead.ts";
import { NetworkMeter } from "../policy/network-meter.ts";
import { BaseFeed, type BaseManifest } from "../stream/base-feed.ts";
import type { HlsModule } from "../stream/steady-hls.ts";
import type { BaseFailure } from "../stream/base-recovery.ts";
import { fetchEnhancementList, type ListedEnhancement } from "../stream/enhancement-list.ts";
import { HeadStart } from "../stream/head-start.ts";
import { firstEvent, firstPlay, mediaError } from "./media-events.ts";
import { viewBoxOf } from "./picture-area.ts";
import { sourceKind } from "./source-kind.ts";

/** The element, as its source sees it. */
export type SourceHost = {
	readonly video: HTMLVideoElement;
	readonly canvas: HTMLCanvasElement;
	/** Asked whenever a decoder is about to be started. */
	readonly settings: () => {
		readonly backend: BackendPreference;
		/** A folder, absolute. */
		readonly modelUrl: string;
	};
	readonly wishes: () => EnhancerWishes;
	/** Whether reports of the playback may be sent to the edge. */
	readonly reports: () => boolean;
	/** What the stream says of itself is known. */
	readonly described: () => void;
	/** Base and enhancements are known. */
	readonly listed: (manifest: BaseManifest, enhancements: readonly ListedEnhancement[]) => void;
	/** State, reason or size of the picture may have changed. */
	readonly changed: () => void;
	/** Pictures are being decoded: once a second. */
	readonly statistics: () => void;
	readonly fault: (fault: EnhancementFault) => void;
	/** The base cannot be played, or not any more. */
	readonly fatal: (error: MediaError) => void;
};

/** Rate that is assumed where the playlist names none. */
const USUAL_FRAME_RATE = 30;

/** Seconds of base that are buffered before it is asked to play. */
const METADATA_BUFFER = 1;

/** Everything that belongs to one `src`; made for it, and thrown away as a whole. */
export class PlayerSource {
	/** Absolute address. */
	readonly url: string;
	readonly #host: SourceHost;
	readonly #abort = new AbortController();
	readonly #started = performance.now();
	readonly #network = new NetworkMeter();
	#feed: BaseFeed | undefined;
	#hls: HlsModule | undefined;
	#manifest: BaseManifest | undefined;
	#enhancements: readonly ListedEnhancement[] = [];
	#enhancer: Enhancer | undefined;
	#reporter: Reporter | undefined;
	#reason: EnhancementReason = "playback-not-begun";
	#fault: EnhancementFault | undefined;
	/** Milliseconds since the start at which playing was asked for. */
	#asked: number | undefined;
	#firstPicture: number | undefined;
	#firstEnhanced: number | undefined;
	readonly #failed = Promise.withResolvers<MediaError>();
	/** Resolves once the video has begun to play; listened for from the start, for a page may pause before the stream is known. */
	readonly #began: Promise<void>;

	constructor(url: string, host: SourceHost) {
		this.url = url;
		this.#host = host;
		const { video } = host;
		const { signal } = this.#abort;
		const first = () => (this.#firstPicture ??= performance.now() - this.#started);
		if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) video.requestVideoFrameCallback(first);
		else video.addEventListener("loadeddata", first, { signal, once: true });
		this.#began = firstPlay(video, signal);
		if (!video.paused) this.#asked = 0;
		video.addEventListener(
			"play",
			() => {
				this.#asked ??= performance.now() - this.#started;
				this.fillBuffer();
			},
			{ signal },
		);
	}

	get state(): EnhancementState {
		return this.#enhancer?.report().state ?? (this.#fault ? "failed" : "base");
	}

	/** Undefined while the enhanced picture is shown. */
	get reason(): EnhancementReason | undefined {
		return this.#enhancer ? this.#enhancer.report().reason : this.#reason;
	}

	/** Resolves when the base cannot be played, or not any more; never rejected. */
	get failed(): Promise<MediaError> {
		return this.#failed.promise;
	}

	/** What is wrong with the enhancement from the start, if anything. */
	get fault(): EnhancementFault | undefined {
		return this.#fault;
	}

	get enhancer(): Enhancer | undefined {
		return this.#enhancer;
	}

	/** The enhancer's report; undefined before playback has begun. */
	get report(): EnhancerReport | undefined {
		return this.#enhancer?.report();
	}

	get manifest(): BaseManifest | undefined {
		return this.#manifest;
	}

	/** Nominal frames a second. */
	get frameRate(): number {
		return this.#manifest?.frameRate || USUAL_FRAME_RATE;
	}

	/** The rate that the viewer chose: a live stream with low latency is played faster for a while where they have fallen behind. */
	get playbackRate(): number {
		return this.#feed?.catchUp?.isOn ? 1 : this.#host.video.playbackRate;
	}

	set playbackRate(rate: number) {
		this.#feed?.catchUp?.stop();
		this.#host.video.playbackRate = rate;
	}

	/** Whether the rate of the `<video>` may have changed without the page's doing: it is caught up with a live stream. */
	get catchesUp(): boolean {
		return this.#feed?.catchUp?.wasOn ?? false;
	}

	/** Whether the base is hls.js's: its own errors are told, not those of the `<video>`, which it may recover from. */
	get isFed(): boolean {
		return this.#feed !== undefined;
	}

	/** Bits a second; undefined: not known. */
	get bandwidth(): number | undefined {
		return this.#network.bandwidth;
	}

	/** Milliseconds from the start to the first picture, and to the first enhanced one. */
	get firstPictures(): { readonly base: number | undefined; readonly enhanced: number | undefined } {
		return { base: this.#firstPicture, enhanced: this.#firstEnhanced };
	}

	/** Seconds of base from the playhead on. */
	get baseBuffer(): number {
		const { video } = this.#host;
		const end = this.#feed?.bufferedEnd(video, video.currentTime);
		return end === undefined ? 0 : end - video.currentTime;
	}

	/**
	 * Starts loading.
	 *
	 * @param options.metadataOnly until playing is asked for
	 * @param options.at seconds to begin at; undefined: where the stream says
	 */
	async open(options: { readonly metadataOnly: boolean; readonly at: number | undefined }): Promise<void> {
		const { video } = this.#host;
		if (sourceKind(this.url) === "file") {
			this.#reason = "no-enhancement";
			this.#attach(() => (video.src = this.url));
			return;
		}
		// Safari on old iPhones: the system plays the base, nothing can be drawn over what it does not hand out.
		const bySystem = (): void => {
			this.#reason = "browser-incapable";
			this.#attach(() => (video.src = this.url));
		};
		if (!("MediaSource" in globalThis || "ManagedMediaSource" in globalThis)) {
			bySystem();
			return;
		}
		// The way to the first picture is long: playlists and first segment are asked for while hls.js is still on its way.
		const headStart = new HeadStart(this.url, options.at === undefined, this.#abort.signal);
		let module: HlsModule;
		try {
			module = await import("hls.js");
		} catch (cause) {
			headStart.end();
			if (!this.#abort.signal.aborted)
				this.#fail(`The script that plays the video was not loaded: ${wordsOf(cause)}`);
			return;
		}
		if (this.#abort.signal.aborted) return;
		if (!module.default.isSupported()) {
			headStart.end();
			bySystem();
			return;
		}
		// What was asked for ahead and is not wanted by then will not be wanted any more.
		void this.#began.then(() => headStart.end());
		this.#hls = module;
		this.#feed = new BaseFeed(
			module,
			{
				manifest: (manifest) => void this.#onManifest(manifest),
				progress: () => this.#enhancer?.tick(),
				transfer: (bytes, start, end) => this.#network.add(bytes, start, end),
				fatal: (failure, error) => this.#fail(error.message, failure),
			},
			headStart,
			{ maxBufferLength: options.metadataOnly && video.paused ? METADATA_BUFFER : BASE_AHEAD },
		);
		const feed = this.#feed;
		this.#attach(() => feed.load(video, this.url, options.at));
	}

	/** The base cannot be played, or not any more. */
	#fail(message: string, why: BaseFailure = "network"): void {
		const nothing = this.#host.video.readyState === HTMLMediaElement.HAVE_NOTHING;
		const failure = mediaError(why === "media" ? 3 : nothing ? 4 : 2, message);
		this.#reporter?.fail();
		this.#host.fatal(failure);
		this.#failed.resolve(failure);
	}

	/** Gives the video its source. What the page set since it asked for the source must not be lost by that. */
	#attach(act: () => void): void {
		const { video } = this.#host;
		const { paused, playbackRate } = video;
		act();
		video.playbackRate = playbackRate;
		// Begun before there was a source. Whoever asked for it hears how it goes.
		if (!paused) video.play().catch(() => undefined);
	}

	/** Playback was asked for: from here on the buffer is filled as usual. */
	fillBuffer(): void {
		if (this.#feed) this.#feed.ahead = BASE_AHEAD;
	}

	/** Viewer or page want something else. */
	onWishes(): void {
		if (this.#enhancer) this.#enhancer.wishes = this.#host.wishes();
	}

	/** The settings changed: the decoder is made anew, where there is one. */
	restart(): void {
		if (!this.#enhancer) return;
		this.#enhancer.destroy();
		this.#enhancer = undefined;
		void this.#startEnhancer();
	}

	/** Back to the state before: nothing of the source stays. */
	destroy(): void {
		this.#abort.abort();
		this.#reporter?.destroy();
		this.#enhancer?.destroy();
		this.#feed?.destroy();
		const { video } = this.#host;
		this.#setViewBox("");
		if (!video.hasAttribute("src")) return;
		video.removeAttribute("src");
		video.load();
	}

	async #onManifest(manifest: BaseManifest): Promise<void> {
		this.#manifest = manifest;
		this.#host.described();
		const { signal } = this.#abort;
		try {
			if (manifest.enhancementsUrl !== undefined) {
				this.#enhancements = await fetchEnhancementList(manifest.enhancementsUrl, { signal });
			}
		} catch (cause) {
			if (signal.aborted) return;
			const code = cause instanceof Error && cause.name === "FetchError" ? "network" : "invalid-list";
			this.#fault = fatalFault(code, wordsOf(cause));
			this.#reason = code;
		}
		if (signal.aborted) return;
		const [cheapest] = this.#enhancements;
		if (!cheapest && !this.#fault) this.#reason = "no-enhancement";
		this.#host.listed(manifest, this.#enhancements);
		this.#host.changed();
		if (this.#fault) this.#host.fault(this.#fault);
		if (!cheapest) return;
		this.#setViewBox(viewBoxOf(cheapest, manifest));
		await firstEvent(this.#host.video, "loadedmetadata", HTMLMediaElement.HAVE_METADATA, signal);
		// Measured at the picture itself, where the playlist does not tell.
		const { videoWidth, videoHeight } = this.#host.video;
		this.#setViewBox(viewBoxOf(cheapest, { width: videoWidth, height: videoHeight }));
		await this.#began;
		if (!signal.aborted) await Promise.all([this.#startEnhancer(), this.#startReporter()]);
	}

	async #startReporter(): Promise<void> {
		// Content blockers know it by its name: reports may be missing, playback must not be the worse for it.
		const reports = await import("../reports/reporter.ts").catch(() => undefined);
		if (!reports || this.#abort.signal.aborted) return;
		const { Reporter } = reports;
		this.#reporter = new Reporter({
			video: this.#host.video,
			masterUrl: this.url,
			startup: () =>
				this.#asked === undefined || this.#firstPicture === undefined
					? undefined
					: Math.max(0, this.#firstPicture - this.#asked),
			state: () => this.state,
			reason: () => this.reason,
			allowed: this.#host.reports,
		});
	}

	/** Never rejected: where the enhancement cannot be begun, that is its fault, and the base plays on. */
	async #startEnhancer(): Promise<void> {
		try {
			await this.#makeEnhancer();
		} catch (cause) {
			if (this.#abort.signal.aborted) return;
			this.#reason = "backend-unavailable";
			this.#fault = fatalFault(this.#reason, `The enhancement could not be begun: ${wordsOf(cause)}`);
			this.#host.changed();
			this.#host.fault(this.#fault);
		}
	}

	async #makeEnhancer(): Promise<void> {
		const [cheapest, ...others] = this.#enhancements;
		const feed = this.#feed;
		if (!feed || !this.#hls || !this.#manifest || !cheapest) return;
		if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) {
			this.#reason = "browser-incapable";
			this.#host.changed();
			return;
		}
		// Decision, fetching, presenting: nothing of it is loaded before playback has begun.
		const { Enhancer } = await import("../enhancer.ts");
		if (this.#abort.signal.aborted || this.#enhancer) return;
		const { video, canvas } = this.#host;
		this.#enhancer = new Enhancer({
			...this.#host.settings(),
			video,
			canvas,
			feed,
			parser: this.#hls.M3U8Parser,
			enhancements: [cheapest, ...others],
			frameRate: this.frameRate,
			baseBitrate: this.#manifest.bitrate,
			wishes: this.#host.wishes(),
			network: this.#network,
			onChange: () => {
				this.#reporter?.update();
				if (this.state === "active") this.#firstEnhanced ??= performance.now() - this.#started;
				this.#host.changed();
			},
			onStatistics: () => this.#host.statistics(),
			onFault: (fault) => this.#host.fault(fault),
		});
		this.#host.changed();
	}

	/** The same for video and canvas: both cover the same samples. */
	#setViewBox(value: string): void {
		for (const { style } of [this.#host.video, this.#host.canvas]) style.setProperty("object-view-box", value);
	}
}

function fatalFault(code: EnhancementFault["code"], message: string): EnhancementFault {
	return { code, message, hint: undefined, fatal: true };
}

/** What an error says, as the end of a sentence. */
function wordsOf(cause: unknown): string {
	const words = cause instanceof Error ? cause.message : String(cause);
	return words.endsWith(".") ? words : `${words}.`;
}
