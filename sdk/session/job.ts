import { baseCrfFor } from "../../codec/base/base-quality.ts";
import { EFFORTS } from "../../codec/enhancement/effort.ts";
import type { Effort } from "../../codec/enhancement/effort.ts";
import { EnhancementEncoder } from "../../codec/enhancement/encoder.ts";
import { BASE_LED_PATTERN, BIDIRECTIONAL_PATTERN } from "../../codec/enhancement/frame-pattern.ts";
import type { FramePattern } from "../../codec/enhancement/frame-pattern.ts";
import { WebGpuExecutor } from "../../codec/model/webgpu-executor.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import { geometryOf } from "../../codec/picture/geometry.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { BaseTrack } from "../../codec/track.ts";
import type { ResolvedOptions } from "../options.ts";
import type { EndedEnhancement } from "../resume/journal.ts";
import type { BackendReport } from "../progress.ts";
import { GpuPath } from "../source/gpu-path.ts";
import { LastingPath } from "../source/lasting-path.ts";
import { OpeningPath } from "../source/opening-path.ts";
import { MemoryPath } from "../source/picture-path.ts";
import type { PicturePath } from "../source/picture-path.ts";
import type { SourceWarning } from "../source/source-warning.ts";
import type { VideoSource } from "../source/video-source.ts";
import { effortFor } from "../stages/backend.ts";
import type { OpenedBackend } from "../stages/backend.ts";
import { webCodecsBase } from "../stages/base-codecs.ts";
import type { BaseCodecs } from "../stages/base-stage.ts";
import type { Pace, Wait } from "../stages/patience.ts";
import { choosePlan, speedSeen } from "../stages/plan.ts";
import type { Backend, GivenUp, Plan, Task } from "../stages/plan.ts";
import type { Prospect } from "../stages/prospect.ts";
import { assetTracks, enhancementTrack } from "./tracks.ts";
import type { AssetTracks } from "./tracks.ts";

/** Bytes that pictures may take: between decoder and base encoder, inside the base's encoder and decoder, before the enhancement. */
const READ_BYTES = 16 * 2 ** 20;
const IN_FLIGHT_BYTES = 64 * 2 ** 20;
const WAITING_BYTES = 64 * 2 ** 20;

/** Pairs that may wait for the enhancement however small they are: two groups of two seconds at 30 frames a second, so that the first can be watched before it begins. */
const MOST_WAITING = 128;

/** Seconds of a live source that may wait for the enhancement. */
const LIVE_SECONDS = 1;

/** How long a part of a live source lasts, microseconds: viewers get it as a piece of a segment (low-latency HLS). */
const LIVE_PART = 500_000;

/** A rate that is more than so many times the one that was planned, or less than one of so many parts, is worth telling. */
const NEWS = 1.2;

/** Quality of a base that stands alone. */
const BASE_ONLY_CRF = 23;

/** One coded layer: an encoder and its nominal quality. */
export type Layer = { readonly q: number; readonly encoder: EnhancementEncoder };

/** What an upload that is continued cannot change any more. */
export type Decided = {
	readonly width: number;
	readonly height: number;
	readonly enhanced: boolean;
	readonly effort: Effort;
	/** Set where nothing more is coded of the enhancement. */
	readonly ended: EndedEnhancement | undefined;
};

/** What is fixed once it is known what comes and what there is to compute on. */
export class Job {
	readonly source: VideoSource;
	readonly prospect: Prospect;
	readonly options: ResolvedOptions;
	readonly plan: Plan;
	readonly frameRate: number;
	/** Quality of each enhancement; empty where there is none. */
	readonly qualities: readonly number[];
	/** How long a person may wait for all of it. */
	readonly wait: Wait;
	/** How pictures come from the decoder to the encoders. */
	readonly path: PicturePath;
	/** Set where pictures come only once: then a lost GPU must not end the upload, which could not begin again. */
	readonly lasting: LastingPath | undefined;
	readonly #task: Task;
	readonly #continued: Decided | undefined;
	/** The enhancement is coded no further, or not at all though the base was made for one. */
	#ended: boolean;
	#effort: Effort;
	#report: BackendReport;
	/** What is to be told of times without enhancement. */
	#interruptions = "";

	constructor(source: VideoSource, prospect: Prospect, options: ResolvedOptions, decided?: Decided) {
		this.source = source;
		this.prospect = prospect;
		this.options = options;
		this.#continued = decided;
		const { info } = source;
		this.frameRate = info.frameRate ?? 25;
		const insisted = options.backend !== "auto";
		this.#task = {
			width: info.width,
			height: info.height,
			duration: info.duration,
			live: info.live,
			frameRate: this.frameRate,
			maxSize: options.maxSize,
			patience: options.patience,
			layers: options.enhancements.length,
			insisted,
		};
		const patience = insisted ? Number.POSITIVE_INFINITY : options.patience;
		this.wait = { duration: info.duration, live: info.live, patience };
		const chosen = choosePlan(this.#task, prospect.backend, decided);
		const plan = decided === undefined ? chosen : { ...chosen, ...sizeOf(decided), enhanced: decided.enhanced };
		const even = (side: number) => side + (side & 1);
		// A base that stands alone is coded as it is, and 4:2:0 coders want even sides.
		this.plan = plan.enhanced ? plan : { ...plan, width: even(plan.width), height: even(plan.height) };
		this.qualities = plan.enhanced ? options.enhancements : [];
		this.lasting = plan.enhanced && info.fingerprint === undefined ? new LastingPath(plan) : undefined;
		this.path = this.lasting ?? (plan.enhanced ? new OpeningPath() : new MemoryPath());
		this.#effort = plan.effort;
		this.#ended = plan.enhanced && (decided?.ended !== undefined || prospect.coding === undefined);
		this.#report = this.#describe(this.plan, prospect.backend, prospect.opened?.executor?.description);
		this.#keepEffort();
		this.#useGpu(prospect.opened);
	}

	/** What is computed on, and what was given up; follows the measurement, and what becomes of the enhancement. */
	get report(): BackendReport {
		return this.#report;
	}

	/** How hard the enhancement's encoder tries. */
	get effort(): Effort {
		return this.#effort;
	}

	/**
	 * What becomes of each frame. None of a live source is bidirectional: it is coded with the effort `live` or `realtime`, and a part of it may end
	 * anywhere in a group.
	 */
	get pattern(): FramePattern {
		return EFFORTS[this.#effort].bidirectional ? BIDIRECTIONAL_PATTERN : BASE_LED_PATTERN;
	}

	/** Whether no more of the enhancement is coded. */
	get ended(): boolean {
		return this.#ended;
	}

	/** What is continued goes on with the effort that it had. */
	#keepEffort(): void {
		const { effort } = this.#continued ?? {};
		if (effort === "realtime" && this.#effort !== effort) {
			this.lowerEffort();
		}
		this.#effort = effort ?? this.#effort;
	}

	/** The encoders that are opened from now on try less hard. */
	lowerEffort(): void {
		this.#effort = "realtime";
		const { givenUp, notice = "" } = this.#report;
		const slower = "To be done in time, the rest of the enhancement is computed with less effort.";
		const all = givenUp.includes("effort") ? givenUp : [...givenUp, "effort" as const];
		this.#report = { ...this.#report, effort: "realtime", givenUp: all, notice: `${notice} ${slower}`.trim() };
	}

	/** No more of the enhancement is coded: what there is of it stays. @returns what to tell. */
	end({ at, why, code }: EndedEnhancement): SourceWarning {
		this.#ended = true;
		const seconds = at / 1e6;
		const { width, height } = this.plan;
		const { baseWidth, baseHeight } = geometryOf(width, height);
		const rest = `only the base, at ${baseWidth}x${baseHeight}, is uploaded`;
		const begun = seconds > 0;
		const message = begun
			? `The enhancement ends after ${seconds.toFixed(1)} s of the video, from there on ${rest}: ${why}`
			: `There is no enhancement, ${rest}: ${why}`;
		const given: GivenUp = begun ? "rest-of-enhancement" : "enhancement";
		const { givenUp, kind, description, effort } = this.#report;
		this.#report = {
			...this.#report,
			...(begun
				? { kind, description, effort }
				: { kind: "none", description: "no enhancement", effort: undefined }),
			givenUp: [...givenUp, given],
			notice: `${this.#interruptions} ${message}`.trim(),
		};
		return { code: begun ? "enhancement-ended" : code, message };
	}

	/** What there is to tell of the plan itself, beside the report. */
	get warnings(): readonly SourceWarning[] {
		const { enhanced, notice } = this.plan;
		if (enhanced || notice === undefined) {
			return [];
		}
		const { kind } = this.prospect.backend;
		return [{ code: kind === "none" ? "enhancement-unavailable" : "enhancement-too-slow", message: notice }];
	}

	#describe(plan: Plan, backend: Backend, description: string | undefined): BackendReport {
		const { enhanced, effort, givenUp, predictedFps, notice } = plan;
		const { width: sourceWidth, height: sourceHeight } = this.source.info;
		const there = backend.kind === "wasm" ? "WASM" : backend.kind === "webgpu" ? "WebGPU" : backend.kind;
		return {
			kind: enhanced ? backend.kind : "none",
			description: enhanced ? (description ?? there) : "no enhancement",
			...{ width: this.plan.width, height: this.plan.height, sourceWidth, sourceHeight, predictedFps },
			...{ effort: enhanced ? effort : undefined, givenUp },
			notice: `${this.#interruptions} ${notice ?? ""}`.trim() || undefined,
		};
	}

	/** From now on pictures go over the GPU that encodes. */
	#useGpu(opened: OpenedBackend | undefined): void {
		const { path } = this;
		const canOpen = path instanceof OpeningPath || path instanceof LastingPath;
		if (canOpen && opened?.executor instanceof WebGpuExecutor) {
			path.open(new GpuPath(opened.executor));
		}
	}

	/** The full picture to what the base encoder takes. */
	get downscale(): (picture: SourcePicture) => Promise<Picture> {
		return this.plan.enhanced ? (picture) => this.path.downscale(picture) : (picture) => this.path.planes(picture);
	}

	/** Pictures that may wait for the base encoder. */
	get readAhead(): number {
		return this.source.info.live ? 1 : this.#fitting(READ_BYTES, 1, 4);
	}

	/** Pictures that may be inside the base's encoder and decoder; H.264 of a base as large as this holds fewer back. */
	get inFlight(): number {
		return this.#fitting(IN_FLIGHT_BYTES, 10, 24);
	}

	/** Pairs that may wait for the enhancement: enough to send the base ahead, within bounds of memory. */
	get queueLength(): number {
		// What waits of a live source is its delay.
		const most = this.source.info.live
			? Math.ceil((this.plan.pace ?? this.frameRate) * LIVE_SECONDS)
			: MOST_WAITING;
		return this.#fitting(WAITING_BYTES, Math.min(4, most), most);
	}

	/**
	 * Pairs whose successors the enhancement wants to know before it codes them, of those that wait: by what the source asks for, whatever
	 * effort it becomes, so that an upload that is continued knows the same.
	 */
	get lookAhead(): number {
		if (!this.plan.enhanced) return 0;
		return Math.min(EFFORTS[effortFor(this.source.info.live)].lookAhead, Math.floor(this.queueLength / 2));
	}

	/** Of the pairs that may wait, those that nothing behind them is asked of yet: the last one may wait while the pair behind it is coded. */
	get runAhead(): number {
		return this.queueLength - this.lookAhead - (this.lookAhead > 0 ? 1 : 0);
	}

	/** Microseconds after which a part is sent though its group goes on; undefined where a part is a whole group. */
	get longestPart(): number | undefined {
		return this.source.info.live ? LIVE_PART : undefined;
	}

	/** How many pictures fit into so many bytes, within bounds. */
	#fitting(bytes: number, least: number, most: number): number {
		const picture = this.plan.width * this.plan.height * 1.6;
		return Math.min(most, Math.max(least, Math.floor(bytes / picture)));
	}

	/** Codecs of the base, made for each group of pictures. */
	base(signal: AbortSignal): BaseCodecs {
		const size = this.plan.enhanced ? geometryOf(this.plan.width, this.plan.height) : undefined;
		const mean = this.qualities.reduce((sum, q) => sum + q, 0) / Math.max(1, this.qualities.length);
		return webCodecsBase({
			width: size?.baseWidth ?? this.plan.width,
			height: size?.baseHeight ?? this.plan.height,
			frameRate: { numerator: Math.round(this.frameRate * 1000), denominator: 1000 },
			colour: this.source.info.colour,
			crf: this.plan.enhanced ? baseCrfFor(mean) : BASE_ONLY_CRF,
			signal,
		});
	}

	/**
	 * Loads the networks, where they are not there yet, and measures: how hard the encoder tries follows that.
	 * @returns why there is nothing to compute on after all, or undefined. @throws {UploadError} like `openBackend`
	 */
	async open(): Promise<string | undefined> {
		const { opened: before } = this.prospect;
		const opened = await this.prospect.open();
		if (opened.executor === undefined) {
			return opened.backend.reason;
		}
		if (before === undefined) {
			const plan = choosePlan(this.#task, opened.backend, this.plan);
			this.#effort = plan.effort;
			this.#report = this.#describe(plan, opened.backend, opened.executor.description);
			this.#keepEffort();
			this.#useGpu(opened);
		}
		return undefined;
	}

	/**
	 * Opens what there is to compute on once more, where it was lost: the size stays, and what is live must keep up with it.
	 * @returns why no more of the enhancement can be coded, or undefined. @throws {UploadError} like `Prospect.reopen`
	 */
	async reopen(signal: AbortSignal): Promise<string | undefined> {
		const opened = await this.prospect.reopen(signal);
		signal.throwIfAborted();
		if (opened.executor === undefined) {
			return opened.backend.reason;
		}
		if (opened.model.id !== this.prospect.coding?.modelId) {
			// A track is decoded by one model: its id is declared once.
			return "the model that it was begun with has been replaced meanwhile.";
		}
		const plan = choosePlan(this.#task, opened.backend, this.plan);
		if (!plan.enhanced) {
			return `${opened.executor.description} does not keep up.`;
		}
		this.#effort = plan.effort;
		this.#report = this.#describe(plan, opened.backend, opened.executor.description);
		this.source.pace = plan.pace;
		this.#useGpu(opened);
		return undefined;
	}

	/** Notes that some of the video has no enhancement, though more comes. @returns what to tell. */
	interrupt(from: number, to: number, why: string): SourceWarning {
		const message = `From ${from.toFixed(1)} s to ${to.toFixed(1)} s of the video only the base is uploaded: ${why}`;
		this.#interruptions = `${this.#interruptions} ${message}`.trim();
		this.#report = { ...this.#report, notice: `${message} ${this.#report.notice ?? ""}`.trim() };
		return { code: "enhancement-interrupted", message };
	}

	/**
	 * What is live is taken at the rate at which it is really coded: measured at the start, beside whatever the machine did then, that was
	 * counted on too low or too high.
	 */
	keepPace({ frames, took }: Pace): void {
		const { opened } = this.prospect;
		if (!this.source.info.live || this.#ended || opened?.executor === undefined) {
			return;
		}
		const speed = speedSeen(frames / took, this.plan, this.#task.layers);
		// Whether it is too slow for anything is for `judge` to say.
		const plan = choosePlan({ ...this.#task, insisted: true }, { ...opened.backend, speed }, this.plan);
		const { pace = this.frameRate } = this.source;
		const change = (plan.pace ?? this.frameRate) / pace;
		if (change > NEWS || change < 1 / NEWS) {
			this.source.pace = plan.pace;
			this.#report = this.#describe(plan, opened.backend, opened.executor.description);
		}
	}

	/** An encoder for each enhancement, once they can be opened; none where it has ended. Dispose them. */
	async openLayers(): Promise<readonly Layer[]> {
		if (this.#ended) {
			return [];
		}
		const { executor, model } = await this.prospect.open();
		if (executor === undefined || model === undefined) {
			return [];
		}
		const { width, height } = this.plan;
		const { effort } = this;
		const layers: Layer[] = [];
		try {
			for (const q of this.qualities) {
				const encoder = await EnhancementEncoder.create({ model, executor, width, height, effort });
				layers.push({ q, encoder });
			}
		} catch (error) {
			for (const { encoder } of layers) {
				await encoder.dispose();
			}
			throw error;
		}
		return layers;
	}

	/** Everything that the asset is made of, once the base is described. */
	tracks(base: BaseTrack): AssetTracks {
		const { coding } = this.prospect;
		const enhancements =
			coding === undefined ? [] : this.qualities.map((q) => enhancementTrack(this.plan, q, coding.modelId, base));
		return assetTracks(base, enhancements, this.source.audio?.track);
	}
}

const sizeOf = ({ width, height }: Decided) => ({ width, height });
