import { asUploadError, UploadError } from "./errors.ts";
import type { Feed } from "./feed/feed.ts";
import { checkSource, resolveOptions } from "./options.ts";
import type { ResolvedOptions, UploadOptions, UploadSource } from "./options.ts";
import type { UploadProgress } from "./progress.ts";
import type { UploadedAsset, UploadPreview, UploadResult } from "./result.ts";
import { LocalSession } from "./session/local-session.ts";
import type { SessionHost } from "./session/host.ts";
import type { SourceWarning } from "./source/source-warning.ts";
import { nextState } from "./state.ts";
import type { UploadState, UploadStep } from "./state.ts";
import { typedEventTarget } from "./typed-events.ts";
import { defaultWorker } from "./worker/default-worker.ts";
import { startWorker } from "./worker/start-worker.ts";
import { WorkerSession } from "./worker/worker-session.ts";

/** What an `Upload` dispatches; every event is a `CustomEvent` with this `detail`. */
export type UploadEventMap = {
	/** The state changed. */
	statechange: CustomEvent<{ readonly state: UploadState; readonly previous: UploadState }>;
	/** A few times a second, and once at the end. */
	progress: CustomEvent<UploadProgress>;
	/** Something worth telling that does not stop the upload. */
	warning: CustomEvent<SourceWarning>;
	/** The asset exists at the edge. Once: its address never changes. */
	asset: CustomEvent<UploadedAsset>;
	/** The first seconds can be watched. */
	playable: CustomEvent<UploadedAsset>;
	/** With `options.preview`: once per group of pictures. The frames are closed after the event. */
	preview: CustomEvent<UploadPreview>;
	/** `done` rejects with the same error. */
	error: CustomEvent<UploadError>;
	/** `done` resolves with the same result. */
	done: CustomEvent<UploadResult>;
};

type Session = { run(): Promise<UploadResult>; pause(): void; resume(): void };

/**
 * A video on its way: it begins by itself in the next task, so that listeners can be added first.
 * @fires statechange progress warning asset preview playable error done
 */
export class Upload extends typedEventTarget<UploadEventMap>() {
	/** Resolves when the asset is complete; rejects with an `UploadError`. Need not be listened to. */
	readonly done: Promise<UploadResult>;
	readonly #abort = new AbortController();
	readonly #session: Session;
	readonly #feed: Feed | undefined;
	#state: UploadState = "idle";
	#progress: UploadProgress | undefined;
	#asset: UploadedAsset | undefined;
	#playable = false;

	/** Use `createUpload`. */
	constructor(source: Blob | string | Feed, resolved: ResolvedOptions, options: UploadOptions) {
		super();
		const { token } = options;
		this.#feed = source instanceof Blob || typeof source === "string" ? undefined : source;
		const host: SessionHost = {
			freshToken: async (assetId) => (typeof token === "function" ? token({ assetId }) : token),
			onStep: (step) => this.#step(step),
			onProgress: (progress) => {
				this.#progress = progress;
				this.#emit("progress", progress);
			},
			onWarning: (warning) => this.#emit("warning", warning),
			onAsset: (asset) => {
				// Another attempt at the same asset is no news.
				if (this.#asset === undefined) {
					this.#asset = asset;
					this.#emit("asset", asset);
				}
			},
			onPreview: (preview) => {
				this.#emit("preview", preview);
				preview.base.close();
				preview.enhanced.close();
			},
			onPlayable: (asset) => {
				if (!this.#playable) {
					this.#playable = true;
					this.#emit("playable", asset);
				}
			},
		};
		const { signal } = this.#abort;
		this.#session = worksHere(options.worker)
			? new LocalSession(source, resolved, host, signal)
			: new WorkerSession(source, resolved, host, signal, workerMaker(options.worker));
		const giveUp = () => this.abort();
		options.signal?.addEventListener("abort", giveUp, { once: true });
		this.done = this.#run().finally(() => options.signal?.removeEventListener("abort", giveUp));
		this.done.catch(() => undefined); // told by the `error` event as well
		if (options.signal?.aborted === true) {
			this.abort();
		}
	}

	get state(): UploadState {
		return this.#state;
	}

	/** The latest snapshot, if there was one. */
	get progress(): UploadProgress | undefined {
		return this.#progress;
	}

	/** Where the asset is, once it exists. */
	get asset(): UploadedAsset | undefined {
		return this.#asset;
	}

	/** Stops coding and sending after what is under way. Does nothing where there is nothing to pause. */
	pause(): void {
		if (this.#step("pause")) {
			this.#session.pause();
		}
	}

	/** Goes on after `pause()`. */
	resume(): void {
		if (this.#step("resume")) {
			this.#session.resume();
		}
	}

	/**
	 * Ends a source that has no end of its own (a camera, a screen, an iterable): the upload completes with what there is. A paused
	 * upload goes on for that. Does nothing for files.
	 */
	finish(): void {
		this.#feed?.end();
		if (this.#feed !== undefined) {
			this.resume();
		}
	}

	/** Ends the upload; `done` rejects with `aborted`. What the edge has stays there until it expires. */
	abort(): void {
		if (this.#step("abort")) {
			this.#abort.abort(new UploadError("aborted", "The upload was aborted."));
		}
	}

	async #run(): Promise<UploadResult> {
		await new Promise<void>((resolve) => setTimeout(resolve, 0));
		try {
			this.#abort.signal.throwIfAborted();
			this.#step("begin");
			const result = await this.#session.run();
			this.#abort.signal.throwIfAborted();
			this.#step("completed");
			this.#emit("done", result);
			return result;
		} catch (cause) {
			const error = asUploadError(cause, "worker-failed", "The upload stopped.");
			this.#step("fail");
			this.#emit("error", error);
			throw error;
		}
	}

	/** @returns whether the step meant anything in this state. */
	#step(step: UploadStep): boolean {
		const previous = this.#state;
		const state = nextState(previous, step);
		if (state === undefined) {
			return false;
		}
		this.#state = state;
		if (state !== previous) {
			this.#emit("statechange", { state, previous });
		}
		return true;
	}

	#emit<Name extends keyof UploadEventMap>(name: Name, detail: UploadEventMap[Name]["detail"]): void {
		this.dispatchEvent(new CustomEvent(name, { detail }));
	}
}

const workerMaker = (worker: UploadOptions["worker"]) => (): Worker =>
	worker instanceof URL ? startWorker(worker) : defaultWorker();

/** Inside a worker the work is done right there, unless another is asked for. */
const worksHere = (worker: UploadOptions["worker"]): boolean =>
	worker === "none" || (!(worker instanceof URL) && globalThis.document === undefined);

/**
 * Uploads a video: codes it into a small base and an enhancement right here and sends both while coding goes on.
 *
 * @param source a File or Blob, the address of a video that this page may read, a MediaStream, or an iterable of VideoFrame.
 * @throws {UploadError} `invalid-option`, at once; everything later is told by `done` and the `error` event.
 * @example
 * const upload = createUpload(file, { endpoint: "https://video.example.com", token });
 * upload.addEventListener("progress", ({ detail }) => console.log(detail.framesEncoded, detail.fps));
 * const { asset } = await upload.done;
 * location.href = asset.watchUrl;
 */
export const createUpload = (source: UploadSource, options: UploadOptions): Upload => {
	const base = globalThis.location?.href;
	const checked = checkSource(source, base);
	return new Upload(checked, resolveOptions(options, checked, base), options);
};
