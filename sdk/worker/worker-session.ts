import { deserializeError, UploadError } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Feed } from "../feed/feed.ts";
import type { UploadResult } from "../result.ts";
import { ABORT_PATIENCE } from "../session/host.ts";
import type { SessionHost } from "../session/host.ts";
import type { PageMessage, WorkerMessage, WorkerSource } from "./messages.ts";

/** A session that runs in a worker; the same surface as `UploadSession`. */
export class WorkerSession {
	readonly #source: Blob | string | Feed;
	readonly #options: ResolvedOptions;
	readonly #host: SessionHost;
	readonly #signal: AbortSignal;
	readonly #makeWorker: () => Worker;
	#worker: Worker | undefined;
	/** Whether its script listens. */
	#ready = false;
	#paused = false;

	constructor(
		source: Blob | string | Feed,
		options: ResolvedOptions,
		host: SessionHost,
		signal: AbortSignal,
		makeWorker: () => Worker,
	) {
		this.#source = source;
		this.#options = options;
		this.#host = host;
		this.#signal = signal;
		this.#makeWorker = makeWorker;
	}

	pause(): void {
		this.#paused = true;
		this.#post({ type: "pause" });
	}

	resume(): void {
		this.#paused = false;
		this.#post({ type: "resume" });
	}

	/** @throws {UploadError} what ended the session; `worker-failed` where the worker does not start or dies. */
	run(): Promise<UploadResult> {
		return new Promise<UploadResult>((resolve, reject) => {
			let patience: ReturnType<typeof setTimeout> | undefined;
			const aborted = () => end(() => reject(new UploadError("aborted", "The upload was aborted.")));
			const abort = () => {
				this.#feed?.end();
				if (!this.#ready) {
					aborted();
					return;
				}
				this.#post({ type: "abort" });
				patience = setTimeout(aborted, ABORT_PATIENCE);
			};
			const end = (settle: () => void) => {
				clearTimeout(patience);
				this.#signal.removeEventListener("abort", abort);
				this.#worker?.terminate();
				this.#worker = undefined;
				this.#feed?.end();
				settle();
			};
			// A worker that dies says so by `error` or `messageerror`, never by a message: without these, `run` would wait forever.
			const died = (detail: string) =>
				end(() =>
					reject(
						new UploadError("worker-failed", `The upload worker failed: ${detail}`, {
							hint: "Check that the page may start module workers from where the SDK is served, or set options.worker.",
						}),
					),
				);
			try {
				const worker = this.#makeWorker();
				this.#worker = worker;
				worker.addEventListener("error", (event) => died(event.message || "its script could not be loaded."));
				worker.addEventListener("messageerror", () => died("a message could not be read."));
				worker.addEventListener("message", (event: MessageEvent<WorkerMessage>) => {
					const message = event.data;
					if (message.type === "done") {
						end(() => resolve(message.result));
					} else if (message.type === "failed") {
						end(() => reject(deserializeError(message.error)));
					} else {
						this.#receive(message);
					}
				});
			} catch (error) {
				died(error instanceof Error ? error.message : String(error));
				return;
			}
			this.#signal.addEventListener("abort", abort, { once: true });
		});
	}

	#receive(message: Exclude<WorkerMessage, { type: "done" | "failed" }>): void {
		switch (message.type) {
			case "ready":
				this.#ready = true;
				this.#post({ type: "begin", source: describe(this.#source), options: this.#options });
				if (this.#paused) {
					this.#post({ type: "pause" });
				}
				break;
			case "step":
				this.#host.onStep(message.step);
				break;
			case "progress":
				this.#host.onProgress(message.progress);
				break;
			case "warning":
				this.#host.onWarning(message.warning);
				break;
			case "asset":
				this.#host.onAsset(message.asset);
				break;
			case "preview":
				this.#host.onPreview(message.preview);
				break;
			case "playable":
				this.#host.onPlayable(message.asset);
				break;
			case "token":
				void this.#provideToken(message.id, message.assetId);
				break;
			case "next-frame":
				void this.#provideFrame(message.id);
				break;
			case "next-sound":
				void this.#provideSound(message.id);
				break;
			case "hold-feed":
				this.#feed?.pause();
				break;
			case "release-feed":
				this.#feed?.resume();
				break;
			case "end-feed":
				this.#feed?.end();
				break;
		}
	}

	async #provideToken(id: number, assetId: string | undefined): Promise<void> {
		try {
			this.#post({ type: "token", id, token: await this.#host.freshToken(assetId) });
		} catch (error) {
			this.#post({ type: "no-token", id, message: error instanceof Error ? error.message : String(error) });
		}
	}

	get #feed(): Feed | undefined {
		return this.#source instanceof Blob || typeof this.#source === "string" ? undefined : this.#source;
	}

	async #provideFrame(id: number): Promise<void> {
		try {
			const fed = await this.#feed?.nextFrame();
			const missed = this.#feed?.missed ?? 0;
			if (this.#worker === undefined) {
				fed?.frame.close();
				return;
			}
			this.#post({ type: "fed-frame", id, fed, missed }, fed === undefined ? [] : [fed.frame]);
		} catch (error) {
			this.#post({ type: "feed-failed", id, message: error instanceof Error ? error.message : String(error) });
		}
	}

	async #provideSound(id: number): Promise<void> {
		const fed = await this.#feed?.nextSound();
		if (this.#worker === undefined) {
			fed?.data.close();
			return;
		}
		this.#post({ type: "fed-sound", id, fed }, fed === undefined ? [] : [fed.data]);
	}

	#post(message: PageMessage, transfer: Transferable[] = []): void {
		this.#worker?.postMessage(message, transfer);
	}
}

/** What the worker must know of a source. */
const describe = (source: Blob | string | Feed): WorkerSource =>
	source instanceof Blob || typeof source === "string" ? source : { feed: source.info };
