import { baseCrfFor } from "../../codec/base/base-quality.ts";
import { EFFORTS } from "../../codec/enhancement/effort.ts";
import type { Effort } from "../../codec/enhancement/effort.ts";
import { EnhancementEncoder } from "../../codec/enhancement/encoder.ts";
import { WebGpuExecutor } from "../../codec/model/ort-webgpu-executor.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import { geometryOf } from "../../codec/picture/geometry.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { BaseTrack } from "../../codec/track.ts";
import type { ResolvedOptions } from "../options.ts";
import type { BackendReport } from "../progress.ts";
import { GpuPath } from "../source/gpu-path.ts";
import { MemoryPath } from "../source/picture-path.ts";
import type { PicturePath } from "../source/picture-path.ts";
import type { VideoSource } from "../source/video-source.ts";
import { effortFor } from "../stages/backend.ts";
import type { OpenedBackend } from "../stages/backend.ts";
import { webCodecsBase } from "../stages/base-codecs.ts";
import type { BaseCodecs } from "../stages/base-stage.ts";
import { choosePlan, isFarOff } from "../stages/plan.ts";
import type { Backend, Plan, Task } from "../stages/plan.ts";
import type { Prospect } from "../stages/prospect.ts";
import { assetTracks, enhancementTrack } from "./tracks.ts";
import type { AssetTracks } from "./tracks.ts";

/** Bytes that pictures may take: between decoder and base encoder, inside the base's encoder and decoder, before the enhancement. */
const READ_BYTES = 16 * 2 ** 20;
const IN_FLIGHT_BYTES = 64 * 2 ** 20;
const WAITING_BYTES = 64 * 2 ** 20;

/** Seconds of a live source that may wait for the enhancement. */
const LIVE_SECONDS = 1;

/** How long a part of a live source lasts, microseconds: viewers get it as a piece of a segment (low-latency HLS). */
const LIVE_PART = 500_000;

/** Quality of a base that stands alone. */
const BASE_ONLY_CRF = 23;

/** One coded layer: an encoder and its nominal quality. */
export type Layer = { readonly q: number; readonly encoder: EnhancementEncoder };

/** The size of an upload that is continued: it cannot change any more. */
export type Decided = { readonly width: number; readonly height: number; readonly enhanced: boolean };

/** The machine is not what the plan was made for: the upload begins anew, planned with what was measured. */
export class FarOffPlan extends Error {
	readonly backend: Backend;

	constructor(backend: Backend) {
		super("The estimate of this machine's speed was far off.");
		this.backend = backend;
	}
}

/** What is fixed once it is known what comes and what there is to compute on. */
export class Job {
	readonly source: VideoSource;
	readonly prospect: Prospect;
	readonly options: ResolvedOptions;
	readonly plan: Plan;
	readonly frameRate: number;
	/** Quality of each enhancement; empty where there is none. */
	readonly qualities: readonly number[];
	/** How hard the enhancement's encoder tries. */
	readonly effort: Effort;
	/** How pictures come from the decoder to the encoders. */
	readonly path: PicturePath;
	readonly #task: Task;
	readonly #decided: Decided | undefined;
	#report: BackendReport;

	constructor(source: VideoSource, prospect: Prospect, options: ResolvedOptions, decided?: Decided) {
		this.source = source;
		this.prospect = prospect;
		this.options = options;
		this.#decided = decided;
		const { info } = source;
		this.frameRate = info.frameRate ?? 25;
		this.effort = effortFor(info.live);
		this.#task = {
			width: info.width,
			height: info.height,
			duration: info.duration,
			live: info.live,
			frameRate: this.frameRate,
			maxSize: options.maxSize,
			patience: options.patience,
			layers: options.enhancements.length,
			insisted: options.backend !== "auto",
		};
		const chosen = choosePlan(this.#task, prospect.backend);
		const plan = decided === undefined ? chosen : { ...chosen, ...decided };
		const even = (side: number) => side + (side & 1);
		// A base that stands alone is coded as it is, and 4:2:0 coders want even sides.
		this.plan = plan.enhanced ? plan : { ...plan, width: even(plan.width), height: even(plan.height) };
		this.qualities = plan.enhanced ? options.enhancements : [];
		const executor = prospect.opened?.executor;
		this.path = plan.enhanced && executor instanceof WebGpuExecutor ? new GpuPath(executor) : new MemoryPath();
		this.#report = this.#describe(plan, prospect.backend, executor?.description);
	}

	/** What is computed on, and what was given up; follows the measurement where that comes after the plan. */
	get report(): BackendReport {
		return this.#report;
	}

	#describe(plan: Plan, backend: Backend, description: string | undefined): BackendReport {
		const { enhanced, predictedFps, notice } = plan;
		const { width: sourceWidth, height: sourceHeight } = this.source.info;
		const there = backend.kind === "wasm" ? "WASM" : backend.kind;
		return {
			kind: enhanced ? backend.kind : "none",
			description: enhanced ? (description ?? there) : "no enhancement",
			...{ width: this.plan.width, height: this.plan.height, sourceWidth, sourceHeight, predictedFps, notice },
		};
	}

	/** The full picture to what the base encoder takes. */
	get downscale(): (picture: SourcePicture) => Promise<Picture> {
		return this.plan.enhanced ? (picture) => this.path.downscale(picture) : (picture) => this.path.planes(picture);
	}

	/** Pictures that may wait for the base encoder. */
	get readAhead(): number {
		return this.#fitting(READ_BYTES, 1, 4);
	}

	/** Pictures that may be inside the base's encoder and decoder; H.264 of a base as large as this holds fewer back. */
	get inFlight(): number {
		return this.#fitting(IN_FLIGHT_BYTES, 10, 24);
	}

	/** Pairs that may wait for the enhancement: enough to send the base ahead, within bounds of memory. */
	get queueLength(): number {
		// What waits of a live source is its delay.
		const most = this.source.info.live ? Math.ceil((this.plan.pace ?? this.frameRate) * LIVE_SECONDS) : 240;
		return this.#fitting(WAITING_BYTES, Math.min(4, most), most);
	}

	/** Pairs whose successors the enhancement wants to know before it codes them, of those that wait. */
	get lookAhead(): number {
		if (!this.plan.enhanced) return 0;
		return Math.min(EFFORTS[this.effort].lookAhead, Math.floor(this.queueLength / 2));
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
	 * An encoder for each enhancement. Dispose them.
	 * @throws {FarOffPlan} where the plan was made by an estimate, and what is measured now makes another one.
	 */
	async openLayers(): Promise<readonly Layer[]> {
		if (!this.plan.enhanced) {
			return [];
		}
		const opened = await this.prospect.open();
		if (this.prospect.opened === undefined) {
			this.#measured(opened);
		}
		const { executor, model } = opened;
		if (executor === undefined || model === undefined) {
			return [];
		}
		const { width, height } = this.plan;
		const { effort } = this;
		const layers: Layer[] = [];
		for (const q of this.qualities) {
			layers.push({ q, encoder: await EnhancementEncoder.create({ model, executor, width, height, effort }) });
		}
		return layers;
	}

	/** What an upload is that has begun by an estimate of the machine, now that it is measured. */
	#measured({ backend, executor }: OpenedBackend): void {
		const measured = choosePlan(this.#task, backend);
		// What is continued has its size, but its base would stand alone without an enhancement.
		if (backend.kind === "none" || (this.#decided === undefined && isFarOff(this.plan, measured))) {
			throw new FarOffPlan(backend);
		}
		this.#report = this.#describe(choosePlan(this.#task, backend, this.plan), backend, executor?.description);
	}

	/** Everything that the asset is made of, once the base is described. */
	tracks(base: BaseTrack): AssetTracks {
		const { modelId } = this.prospect;
		const enhancements =
			modelId === undefined ? [] : this.qualities.map((q) => enhancementTrack(this.plan, q, modelId, base));
		return assetTracks(base, enhancements, this.source.audio?.track);
	}
}
