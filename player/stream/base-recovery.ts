import type Hls from "hls.js";
import type * as HlsNamespace from "hls.js";
import type { ErrorData } from "hls.js";

/** Media errors at one place that are tried to be recovered from. */
const MOST_RECOVERIES = 3;
/** Seconds between two tries to load what the network did not bring; the last goes on. */
const PAUSES = [1, 2, 4, 8, 16, 30] as const;
/** Seconds without network that are waited for once nothing is left to play. */
const PATIENCE = 180;

/** Why the base cannot play on: it did not come, or it cannot be decoded. */
export type BaseFailure = "network" | "media";

/** A stretch of the media timeline, in seconds. */
export type Stretch = { readonly start: number; readonly end: number };

/** The part of hls.js that is needed. */
export type RecoverableHls = Pick<Hls, "media" | "startLoad" | "recoverMediaError"> & {
	readonly config: Pick<Hls["config"], "maxBufferLength">;
};

/** What is asked of the base, and told. */
export type RecoveryHost = {
	/** Segments that are known, in order. */
	readonly segments: () => readonly Stretch[];
	/** Whether something is buffered beyond the playhead. */
	readonly isAhead: () => boolean;
	/** Nothing more is tried. */
	readonly fatal: (failure: BaseFailure, data: ErrorData) => void;
};

/**
 * What hls.js gives up, and a viewer should not have to: a network that is gone for a while, and a decoder that stumbles. What cannot
 * get better by itself is told at once.
 */
export class BaseRecovery {
	readonly #module: typeof HlsNamespace;
	readonly #hls: RecoverableHls;
	readonly #host: RecoveryHost;
	#recoveries = 0;
	/** Where the last media errors were, in seconds. */
	#trouble: Stretch | undefined;
	/** Tries since something last came, and since when there was nothing left to play. */
	#tries = 0;
	#starvedSince: number | undefined;
	#retry: ReturnType<typeof setTimeout> | undefined;
	readonly #abort = new AbortController();

	constructor(module: typeof HlsNamespace, hls: RecoverableHls, host: RecoveryHost) {
		this.#module = module;
		this.#hls = hls;
		this.#host = host;
		globalThis.addEventListener?.("online", this.#tryNow, { signal: this.#abort.signal });
	}

	/** A segment came: the network is there. */
	onTransfer(): void {
		this.#tries = 0;
		this.#starvedSince = undefined;
	}

	/** Something was buffered. */
	onBuffered(): void {
		this.#forgetTroubles();
	}

	/** An error that hls.js has no answer to. */
	onFatal(data: ErrorData): void {
		if (this.#isPassing(data)) this.#waitForNetwork(data);
		else if (this.#isDecoding(data) && this.#mayRecover(data)) this.#recover();
		else this.#host.fatal(data.type === this.#module.ErrorTypes.NETWORK_ERROR ? "network" : "media", data);
	}

	destroy(): void {
		this.#abort.abort();
		clearTimeout(this.#retry);
	}

	/** What begins to play at all is waited for: before that a viewer is better told. What a server refuses stays refused. */
	#isPassing({ type, details, response }: ErrorData): boolean {
		const { ErrorDetails, ErrorTypes } = this.#module;
		const status = response?.code ?? 0;
		const isRefused = status >= 400 && status < 500 && status !== 408 && status !== 429;
		if (type !== ErrorTypes.NETWORK_ERROR || isRefused || !this.#hls.media?.readyState) return false;
		const passing: readonly string[] = [
			...[ErrorDetails.FRAG_LOAD_ERROR, ErrorDetails.FRAG_LOAD_TIMEOUT],
			...[ErrorDetails.LEVEL_LOAD_ERROR, ErrorDetails.LEVEL_LOAD_TIMEOUT],
			...[ErrorDetails.AUDIO_TRACK_LOAD_ERROR, ErrorDetails.AUDIO_TRACK_LOAD_TIMEOUT],
		];
		return passing.includes(details);
	}

	#waitForNetwork(data: ErrorData): void {
		const now = performance.now() / 1000;
		this.#starvedSince = this.#host.isAhead() ? undefined : (this.#starvedSince ?? now);
		if (this.#starvedSince !== undefined && now - this.#starvedSince > PATIENCE) {
			this.#host.fatal("network", data);
			return;
		}
		// hls.js has stopped: where the viewer goes meanwhile it loads nothing by itself. A listener that is there already is not added again.
		const { signal } = this.#abort;
		for (const type of ["seeking", "play"]) this.#hls.media?.addEventListener(type, this.#tryNow, { signal });
		const pause = PAUSES[Math.min(this.#tries++, PAUSES.length - 1)] ?? 0;
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => this.#load(), pause * 1000);
	}

	/** There is more reason to try than there was: no pause is long any more. */
	readonly #tryNow = (): void => {
		if (this.#retry === undefined) return;
		this.#tries = 0;
		this.#load();
	};

	#load(): void {
		clearTimeout(this.#retry);
		this.#retry = undefined;
		this.#hls.startLoad();
	}

	/** Whether the error is one of buffers or decoder, which a new media source may not have. */
	#isDecoding({ details }: ErrorData): boolean {
		const { ErrorDetails } = this.#module;
		const decoding: readonly string[] = [
			...[ErrorDetails.BUFFER_APPEND_ERROR, ErrorDetails.BUFFER_APPENDING_ERROR],
			...[ErrorDetails.BUFFER_APPEND_NO_PROGRESS, ErrorDetails.BUFFER_STALLED_ERROR],
			ErrorDetails.MEDIA_SOURCE_REQUIRES_RESET,
		];
		return decoding.includes(details);
	}

	/** hls.js has stopped to load by the time it tells of what is fatal. */
	#recover(): void {
		const position = this.#position;
		this.#hls.recoverMediaError();
		this.#hls.startLoad(position);
	}

	/** The error is where its segment is, if that is known; else it is where the playhead is. */
	#mayRecover({ frag }: ErrorData): boolean {
		this.#forgetTroubles();
		const position = this.#position;
		const place = frag ?? this.#host.segments().find(({ start, end }) => start <= position && position < end);
		this.#trouble = {
			start: Math.min(this.#trouble?.start ?? Number.POSITIVE_INFINITY, place?.start ?? position),
			end: Math.max(this.#trouble?.end ?? 0, place?.end ?? position),
		};
		return this.#recoveries++ < MOST_RECOVERIES;
	}

	/**
	 * Errors are behind us once playback is beyond their place, or so far before it that nothing there is buffered from here: what lies shortly
	 * before it is buffered anew after each error, and says nothing.
	 */
	#forgetTroubles(): void {
		const { start, end } = this.#trouble ?? { start: 0, end: 0 };
		if (this.#position <= end && this.#position >= start - this.#hls.config.maxBufferLength) return;
		this.#recoveries = 0;
		this.#trouble = undefined;
	}

	/** Of the playhead, in seconds. */
	get #position(): number {
		return this.#hls.media?.currentTime ?? 0;
	}
}
