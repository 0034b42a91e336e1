import { CodecError } from "../../codec/errors.ts";
import { SoundBreaks } from "../audio/until-broken.ts";
import { asUploadError, UploadError } from "../errors.ts";
import { isLostDevice } from "../lost-device.ts";
import type { ResolvedOptions } from "../options.ts";
import type { UploadProgress } from "../progress.ts";
import { uploadKey } from "../resume/upload-key.ts";
import { withUploadLock } from "../resume/upload-lock.ts";
import { UploadJournal } from "../resume/upload-journal.ts";
import { canContinue } from "../resume/resume-point.ts";
import type { ResumePoint } from "../resume/resume-point.ts";
import type { UploadResult } from "../result.ts";
import type { Feed } from "../feed/feed.ts";
import { FrameSource } from "../feed/frame-source.ts";
import { FileSource } from "../source/file-source.ts";
import type { VideoSource } from "../source/video-source.ts";
import { effortFor } from "../stages/backend.ts";
import { Gate } from "../stages/gate.ts";
import { WaitClock } from "../stages/patience.ts";
import type { Backend } from "../stages/plan.ts";
import { foresee } from "../stages/prospect.ts";
import { Meter } from "../stages/meter.ts";
import { UploadClient } from "../transport/client.ts";
import { HttpClient } from "../transport/http.ts";
import { patientFetch } from "../transport/patient-fetch.ts";
import type { PatientFetch } from "../transport/patient-fetch.ts";
import { Attempt } from "./attempt.ts";
import type { SourceWarning } from "../source/source-warning.ts";
import type { SessionHost } from "./host.ts";
import { Job } from "./job.ts";
import type { Decided } from "./job.ts";

/** Milliseconds between two progress events. */
const PROGRESS_INTERVAL = 250;

/** Attempts for one upload: a device that is lost again and again will not come back. */
const ATTEMPTS = 4;

/**
 * One upload from opening the source to the last acknowledgement, on any thread. Usually one attempt; more where a device is
 * lost (coding goes on at the last checkpoint), or the edge has other bytes than a continued upload makes (it begins anew, before the
 * page is told of an asset: the address that a page knows never changes).
 */
export class UploadSession {
	readonly #source: Blob | string | Feed;
	readonly #options: ResolvedOptions;
	readonly #host: SessionHost;
	readonly #signal: AbortSignal;
	/** How long the person waits. */
	readonly #clock = new WaitClock();
	readonly #gate = new Gate(this.#clock);
	/** For the source, where it is an address, and for models. */
	readonly #fetch: PatientFetch;
	readonly #http: HttpClient;
	readonly #client: UploadClient;
	/** Warnings that the host knows: a source that is read again says them again. */
	readonly #warned = new Map<string, SourceWarning>();
	/** Where the sound broke, in whichever attempt. */
	readonly #breaks = new SoundBreaks();
	#edgeIsSilent = false;
	/** Requests to others than the edge that get no answer at the moment. */
	#unanswered = 0;
	/** Whether the page knows where the asset is. */
	#announced = false;
	#attempt: Attempt | undefined;
	/** Of the last attempt. */
	#backend: Backend | undefined;
	/** The asset of an upload that is about to be continued, before there is an attempt. */
	#assetId: string | undefined;

	constructor(source: Blob | string | Feed, options: ResolvedOptions, host: SessionHost, signal: AbortSignal) {
		this.#source = source;
		this.#options = options;
		this.#host = {
			...host,
			onWarning: (warning) => {
				const key = `${warning.code} ${warning.message}`;
				if (!this.#warned.has(key)) {
					this.#warned.set(key, warning);
					host.onWarning(warning);
				}
			},
			onAsset: (asset) => {
				this.#announced = true;
				host.onAsset(asset);
			},
		};
		this.#signal = signal;
		this.#fetch = patientFetch({
			signal,
			excuse: (work) => this.#clock.excuse(work),
			onSilence: (silent) => {
				this.#unanswered += silent ? 1 : -1;
			},
		});
		this.#http = new HttpClient(
			() => host.freshToken(this.#attempt?.assetId ?? this.#assetId),
			(silent) => {
				this.#edgeIsSilent = silent;
			},
		);
		this.#client = new UploadClient(this.#http, options.endpoint);
	}

	pause(): void {
		this.#gate.close();
		this.#feed?.pause();
	}

	resume(): void {
		this.#feed?.resume();
		this.#gate.open();
	}

	/** @throws {UploadError} */
	async run(): Promise<UploadResult> {
		const ticker = setInterval(() => this.#tick(), PROGRESS_INTERVAL);
		try {
			const result = await this.#run();
			return { ...result, warnings: [...this.#warned.values()] };
		} catch (error) {
			if (this.#signal.aborted) {
				throw new UploadError("aborted", "The upload was aborted.", { cause: this.#signal.reason });
			}
			throw fromCodec(error);
		} finally {
			clearInterval(ticker);
			this.#report();
		}
	}

	async #run(): Promise<UploadResult> {
		const source = await this.#open();
		try {
			const { fingerprint } = source.info;
			if (fingerprint === undefined) {
				return await this.#attempts(source, undefined);
			}
			const key = await uploadKey(fingerprint, this.#options);
			if (!this.#options.resume) {
				return await this.#attempts(source, UploadJournal.inMemory(key));
			}
			return await withUploadLock(key, this.#signal, async (alone) => {
				const journal = alone
					? await UploadJournal.open(key, (error) => this.#tellStorage(error))
					: UploadJournal.inMemory(key);
				// At once: whoever waits for the end of what is under way may lose patience.
				const forget = () => void journal.forget();
				this.#signal.addEventListener("abort", forget);
				try {
					return await this.#attempts(source, journal);
				} finally {
					this.#signal.removeEventListener("abort", forget);
					journal.close();
				}
			});
		} finally {
			source.close();
		}
	}

	async #open(): Promise<VideoSource> {
		const { audio } = this.#options;
		const options = { audio, signal: this.#signal, fetch: this.#fetch, breaks: this.#breaks };
		const source = this.#source;
		return source instanceof Blob || typeof source === "string"
			? FileSource.open(source, options)
			: FrameSource.open(source, options);
	}

	get #feed(): Feed | undefined {
		return this.#source instanceof Blob || typeof this.#source === "string" ? undefined : this.#source;
	}

	async #attempts(first: VideoSource, journal: UploadJournal | undefined): Promise<UploadResult> {
		let source = first;
		try {
			for (let attempt = 1; ; attempt++) {
				const resume = await this.#resumePoint(journal);
				try {
					return await this.#once(source, journal, resume);
				} catch (error) {
					if (this.#signal.aborted) {
						await journal?.forget();
						throw error;
					}
					const lost = isLostDevice(error) && journal !== undefined;
					const differs = error instanceof UploadError && error.code === "conflict" && resume !== undefined;
					if (differs) {
						await journal?.forget();
					}
					if ((!lost && (!differs || this.#announced)) || attempt >= ATTEMPTS) {
						throw error;
					}
				}
				// A source can be read once: its sound has gone by.
				const again = await this.#open();
				source.close();
				source = again;
			}
		} finally {
			source.close();
		}
	}

	async #resumePoint(journal: UploadJournal | undefined): Promise<ResumePoint | undefined> {
		const record = await journal?.record();
		if (journal === undefined || record === undefined) {
			return undefined;
		}
		this.#assetId = record.assetId;
		return this.#clock.excuse(journal.resumePoint(record, this.#client, this.#signal));
	}

	async #once(
		source: VideoSource,
		journal: UploadJournal | undefined,
		found: ResumePoint | undefined,
	): Promise<UploadResult> {
		const { live } = source.info;
		const wanted = { options: this.#options, effort: effortFor(live), fetch: this.#fetch };
		const prospect = await foresee(wanted, live, this.#backend, this.#signal);
		try {
			const resume = found !== undefined && canContinue(found.record, prospect.coding) ? found : undefined;
			if (resume === undefined && this.#announced) {
				throw new UploadError("conflict", "The edge does not have this upload any more as it was left.", {
					hint: "Choose the same file again: it is uploaded anew.",
				});
			}
			if (resume === undefined && this.#assetId !== undefined) {
				this.#forgetAsset();
			}
			const job = new Job(source, prospect, this.#options, resume && decidedIn(resume));
			for (const warning of job.warnings) {
				this.#host.onWarning(warning);
			}
			this.#attempt = new Attempt(job, {
				host: this.#host,
				client: this.#client,
				gate: this.#gate,
				signal: this.#signal,
				journal,
				clock: this.#clock,
				resume,
			});
			this.#report();
			return await this.#attempt.run();
		} finally {
			// What was only estimated is not known.
			this.#backend = prospect.opened?.backend;
			await prospect.close();
		}
	}

	/** Another asset will be made, which needs a token of its own. */
	#forgetAsset(): void {
		this.#assetId = undefined;
		this.#attempt = undefined;
		this.#http.forgetToken();
	}

	#tick(): void {
		// Looked at all the time, it notices when the machine slept.
		void this.#clock.spent;
		this.#report();
	}

	#report(): void {
		this.#host.onProgress(this.#progress());
	}

	#progress(): UploadProgress {
		const waitingForNetwork = this.#edgeIsSilent || this.#unanswered > 0;
		return { ...(this.#attempt?.progress() ?? new Meter().snapshot(0)), waitingForNetwork };
	}

	#tellStorage(error: unknown): void {
		const detail = error instanceof Error ? error.message : String(error);
		this.#host.onWarning({
			code: "not-resumable",
			message: `If this page is closed, the upload must begin anew: the browser gives no storage (${detail}).`,
		});
	}
}

const decidedIn = ({ record: { plan, checkpoint } }: ResumePoint): Decided => ({
	...plan,
	effort: checkpoint.effort,
	ended: checkpoint.ended,
});

/** Errors of the codec in the SDK's words. */
const fromCodec = (error: unknown): UploadError => {
	if (error instanceof DOMException) {
		// Nobody aborted: an `AbortError` here is a device that went away.
		return new UploadError("encoder-failed", `The video could not be encoded. ${error.message}`, { cause: error });
	}
	if (error instanceof CodecError) {
		const code = error.code === "backend-unavailable" ? "encoder-unavailable" : "encoder-failed";
		return new UploadError(code, error.message, { hint: error.hint, cause: error });
	}
	return asUploadError(error, "encoder-failed", "The video could not be encoded.");
};
