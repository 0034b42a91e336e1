import { EnhancementEncoder } from "../../codec/enhancement/encoder.ts";
import { frameChoice } from "../../codec/enhancement/frame-pattern.ts";
import { baseCrfFor } from "../../codec/base/base-quality.ts";
import { CodecError } from "../../codec/errors.ts";
import { downscalePicture } from "../../codec/picture/downscale.ts";
import { geometryOf } from "../../codec/picture/geometry.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { pictureToFrame } from "../../codec/base/video-frame.ts";
import type { BaseTrack, ColourSpace } from "../../codec/track.ts";
import { asUploadError, UploadError } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { BackendReport, UploadProgress } from "../progress.ts";
import type { UploadedAsset, UploadPreview, UploadResult } from "../result.ts";
import { FileSource } from "../source/file-source.ts";
import { groupIndex } from "../source/timing.ts";
import type { SourceWarning, TimedPicture, VideoSource } from "../source/video-source.ts";
import { AudioFeed } from "../stages/audio-feed.ts";
import { openBackend } from "../stages/backend.ts";
import type { OpenedBackend } from "../stages/backend.ts";
import { webCodecsBase } from "../stages/base-codecs.ts";
import { codeBase, intoGroups } from "../stages/base-stage.ts";
import type { CodedPair } from "../stages/base-stage.ts";
import { Gate } from "../stages/gate.ts";
import { Meter } from "../stages/meter.ts";
import { choosePlan } from "../stages/plan.ts";
import type { Plan } from "../stages/plan.ts";
import { runAhead } from "../stages/queue.ts";
import { scalerTo } from "../stages/scale.ts";
import type { UploadStep } from "../state.ts";
import { UploadClient } from "../transport/client.ts";
import { HttpClient } from "../transport/http.ts";
import { Shipper } from "./shipper.ts";
import { assetTracks, AUDIO_ID, BASE_ID, createRequest, enhancementId, enhancementTrack } from "./tracks.ts";

/** What a session tells and asks whoever runs it. */
export type SessionHost = {
	readonly freshToken: (assetId: string | undefined) => Promise<string>;
	readonly onStep: (step: UploadStep) => void;
	readonly onProgress: (progress: UploadProgress) => void;
	readonly onWarning: (warning: SourceWarning) => void;
	/** The asset exists at the edge. */
	readonly onAsset: (asset: UploadedAsset) => void;
	/** Whoever gets the frames closes them. */
	readonly onPreview: (preview: UploadPreview) => void;
	/** Its first seconds can be watched. */
	readonly onPlayable: (asset: UploadedAsset) => void;
};

/** Milliseconds between two progress events. */
const PROGRESS_INTERVAL = 250;

/** Pictures that wait for the enhancement may take so many bytes. */
const WAITING_BYTES = 96 * 2 ** 20;

/** Quality of a base that stands alone. */
const BASE_ONLY_CRF = 23;

/**
 * One upload from opening the source to the last acknowledgement. Runs on any thread; holds no more than a few groups of
 * pictures. Stages, each at its own pace, with bounded queues between them:
 *
 * ```
 * decode -> scale -> base encode -> base decode -> | queue | -> enhancement -> parts -> network
 *                         \-> parts (base, sound) ----------------------------------/
 * ```
 */
export class UploadSession {
	readonly #source: Blob | string;
	readonly #options: ResolvedOptions;
	readonly #host: SessionHost;
	/** Aborts with the caller's signal, and when any stage fails: so that the others stop too. */
	readonly #signal: AbortSignal;
	readonly #aborted: AbortSignal;
	readonly #stop = new AbortController();
	readonly #gate = new Gate();
	readonly #meter = new Meter();
	#shipper: Shipper | undefined;
	/** Resolved when the enhancement may begin: the first group's base is on its way, or no more of it can wait. */
	readonly #baseAhead = Promise.withResolvers<void>();

	constructor(source: Blob | string, options: ResolvedOptions, host: SessionHost, signal: AbortSignal) {
		this.#source = source;
		this.#options = options;
		this.#host = host;
		this.#aborted = signal;
		this.#signal = AbortSignal.any([signal, this.#stop.signal]);
	}

	pause(): void {
		this.#gate.close();
	}

	resume(): void {
		this.#gate.open();
	}

	/** @throws {UploadError} */
	async run(): Promise<UploadResult> {
		const ticker = setInterval(() => this.#report(), PROGRESS_INTERVAL);
		try {
			return await this.#run();
		} catch (error) {
			if (this.#aborted.aborted) {
				throw new UploadError("aborted", "The upload was aborted.", { cause: this.#aborted.reason });
			}
			throw fromCodec(error);
		} finally {
			clearInterval(ticker);
			this.#report();
		}
	}

	async #run(): Promise<UploadResult> {
		const options = this.#options;
		const signal = this.#signal;
		const source = await FileSource.open(this.#source, { audio: options.audio, signal });
		let opened: OpenedBackend | undefined;
		try {
			opened = await openBackend(options, signal);
			const job = new Job(source, opened, options);
			this.#meter.backend = job.report;
			this.#meter.secondsTotal = source.info.duration;
			this.#meter.framesTotal =
				source.info.duration === undefined ? undefined : Math.round(source.info.duration * job.frameRate);
			this.#report();
			await this.#code(job);
			return await this.#finish(job);
		} finally {
			source.close();
			await opened?.executor?.dispose();
		}
	}

	/** Codes every frame and hands everything to the shipper. */
	async #code(job: Job): Promise<void> {
		const signal = this.#signal;
		const encoders = await job.openEncoders();
		const audio = job.source.audio === undefined ? undefined : new AudioFeed(job.source.audio.samples(signal));
		const pairs = runAhead(this.#shipBase(job, audio), job.queueLength);
		const warned = { count: 0 };
		try {
			this.#meter.start();
			let group: number | undefined;
			let place = 0;
			for (;;) {
				await this.#gate.passed(signal);
				const next = await this.#meter.waiting("base", pairs.next());
				this.#tellWarnings(job.source, warned);
				if (next.done === true) {
					break;
				}
				const pair = next.value;
				if (group === undefined) {
					// A processor that computes networks leaves the base little time: what can be watched at once goes first.
					await this.#meter.waiting("base", this.#baseAhead.promise);
				}
				if (group !== undefined && pair.first) {
					await this.#cutEnhancements(job, group);
				}
				// Where the base can be entered, so can the enhancement: a segment may begin at any sync sample.
				place = pair.sample.sync ? 0 : place + 1;
				group = pair.group;
				for (const { q, encoder } of encoders) {
					const choice = frameChoice(place, q, { interval: ENDLESS, intraOffset: 5, interOffsets: [0] });
					const coding = encoder.encode(
						pair.picture,
						pair.base,
						{ ...choice, duration: pair.duration },
						signal,
					);
					const { sample, reconstruction } = await this.#meter.waiting("enhancement", coding);
					try {
						if (this.#options.preview && pair.first && encoder === encoders[0]?.encoder) {
							this.#preview(pair, await reconstruction.toPicture(), job.source.info.colour);
						}
					} finally {
						reconstruction.dispose();
					}
					this.#ship().add(enhancementId(q), sample);
				}
				this.#meter.encoded(pair.duration);
			}
			if (group !== undefined) {
				await this.#cutEnhancements(job, group);
			}
		} catch (error) {
			this.#stop.abort(error);
			throw error;
		} finally {
			await pairs.return();
			await audio?.close();
			for (const { encoder } of encoders) {
				await encoder.dispose();
			}
		}
	}

	#preview(pair: CodedPair, enhanced: Picture, colour: ColourSpace): void {
		const { timestamp } = pair.picture;
		this.#host.onPreview({
			timestamp,
			base: pictureToFrame(pair.base, pair.duration, colour),
			enhanced: pictureToFrame(enhanced, pair.duration, colour),
		});
	}

	async #cutEnhancements(job: Job, group: number): Promise<void> {
		for (const q of job.qualities) {
			await this.#ship().cut(enhancementId(q), group);
		}
	}

	/** Codes the base and sends it, with the sound of the same time, as soon as a group is whole. */
	async *#shipBase(job: Job, audio: AudioFeed | undefined): AsyncGenerator<CodedPair, void, undefined> {
		const pictures = this.#pictures(job);
		const onTrack = (track: BaseTrack) => this.#createAsset(job, track);
		let group: number | undefined;
		let groups = 0;
		let pairs = 0;
		let end = 0;
		try {
			for await (const pair of codeBase(pictures, job.downscale, job.base(this.#signal), onTrack, this.#signal)) {
				if (pair.first) {
					if (group !== undefined) {
						await this.#cutBase(group, audio, pair.picture.timestamp);
					}
					group = pair.group;
					groups += 1;
				}
				this.#ship().add(BASE_ID, pair.sample);
				if (pair.first && groups === 2) {
					await this.#announce(pair.group, audio);
				}
				end = pair.picture.timestamp + pair.duration;
				pairs += 1;
				if (groups >= 2 || pairs >= job.queueLength) {
					this.#baseAhead.resolve();
				}
				yield pair;
			}
			if (group !== undefined) {
				await this.#cutBase(group, audio, end);
			}
		} finally {
			this.#baseAhead.resolve();
		}
	}

	async #cutBase(group: number, audio: AudioFeed | undefined, end: number): Promise<void> {
		await this.#ship().cut(BASE_ID, group);
		for await (const sample of audio?.until(end) ?? []) {
			this.#ship().add(AUDIO_ID, sample);
		}
		if (audio !== undefined) {
			await this.#ship().cut(AUDIO_ID, group);
		}
	}

	/**
	 * The edge closes a segment when it sees what comes after it: the first frame of the second group goes ahead alone, so that
	 * the first group can be watched at once.
	 */
	async #announce(group: number, audio: AudioFeed | undefined): Promise<void> {
		const shipper = this.#ship();
		await shipper.cut(BASE_ID, group);
		const sound = await audio?.next();
		if (sound !== undefined) {
			shipper.add(AUDIO_ID, sound);
			await shipper.cut(AUDIO_ID, group);
		}
		void shipper.sent().then(() => this.#host.onPlayable(shipper.asset));
	}

	/** Source pictures, scaled, in groups; stands still while the upload is paused. */
	#pictures(job: Job) {
		const scale = scalerTo(job.plan.width, job.plan.height);
		const read = job.source.pictures(0, this.#signal);
		const gate = this.#gate;
		const meter = this.#meter;
		const signal = this.#signal;
		async function* scaled(): AsyncGenerator<TimedPicture, void, undefined> {
			try {
				for (;;) {
					await gate.passed(signal);
					const next = await meter.waiting("decode", read.next());
					if (next.done === true) {
						return;
					}
					meter.decoded();
					yield { picture: scale(next.value.picture), duration: next.value.duration };
				}
			} finally {
				await read.return();
			}
		}
		const length = Math.round(this.#options.gopSeconds * 1_000_000);
		return intoGroups(runAhead(scaled(), READ_AHEAD), (timestamp) => groupIndex(timestamp, length, length));
	}

	async #createAsset(job: Job, base: BaseTrack): Promise<void> {
		const { audio } = job.source;
		const model = job.opened.model;
		const enhancements =
			model === undefined ? [] : job.qualities.map((q) => enhancementTrack(job.plan, q, model.id, base));
		const tracks = assetTracks(base, enhancements, audio?.track);
		const size = enhancements.length > 0 ? job.plan : base;
		const request = createRequest(
			tracks,
			{ width: size.width, height: size.height },
			job.frameRate,
			this.#options.title,
		);
		for (const [id, track] of tracks) {
			const { kind, codec } = track;
			const dimensions = track.kind === "audio" ? {} : { width: track.width, height: track.height };
			const quality = track.kind === "enhancement" ? { q: track.q } : {};
			this.#meter.addLayer({ track: id, kind, codec, ...dimensions, ...quality });
		}
		const last = job.qualities.at(-1);
		const leading = last === undefined || enhancements.length === 0 ? BASE_ID : enhancementId(last);
		const http = new HttpClient(
			() => this.#host.freshToken(this.#shipper?.asset.id),
			(silent) => (this.#meter.silent = silent),
		);
		const client = new UploadClient(http, this.#options.endpoint);
		const context = { meter: this.#meter, gate: this.#gate, signal: this.#signal };
		this.#shipper = await Shipper.create(request, client, context, leading);
		this.#host.onStep("prepared");
		this.#host.onAsset(this.#shipper.asset);
	}

	async #finish(job: Job): Promise<UploadResult> {
		this.#host.onStep("coded");
		this.#meter.ended();
		const shipper = this.#ship();
		await shipper.complete();
		this.#host.onPlayable(shipper.asset);
		const { layers, framesEncoded, secondsEncoded } = this.#meter.snapshot(0);
		return {
			asset: shipper.asset,
			backend: job.report,
			layers,
			warnings: job.source.warnings,
			duration: secondsEncoded,
			frames: framesEncoded,
		};
	}

	#ship(): Shipper {
		if (this.#shipper === undefined) {
			throw new UploadError("source-damaged", "The video has no pictures.", { hint: "Choose another file." });
		}
		return this.#shipper;
	}

	#report(): void {
		this.#host.onProgress(this.#meter.snapshot(this.#shipper?.pendingBytes ?? 0));
	}

	#tellWarnings(source: VideoSource, told: { count: number }): void {
		for (const warning of source.warnings.slice(told.count)) {
			this.#host.onWarning(warning);
		}
		told.count = source.warnings.length;
	}
}

/** Groups decide where intra frames are, not a count of frames. */
const ENDLESS = 1 << 30;

/** Decoded pictures that wait for the base encoder. */
const READ_AHEAD = 4;

/** What is fixed once source and backend are known. */
class Job {
	readonly source: VideoSource;
	readonly opened: OpenedBackend;
	readonly plan: Plan;
	readonly frameRate: number;
	/** Quality of each enhancement; empty where there is none. */
	readonly qualities: readonly number[];
	readonly report: BackendReport;

	constructor(source: VideoSource, opened: OpenedBackend, options: ResolvedOptions) {
		this.source = source;
		this.opened = opened;
		const { info } = source;
		this.frameRate = info.frameRate ?? 25;
		const plan = choosePlan(
			{
				width: info.width,
				height: info.height,
				duration: info.duration,
				frameRate: this.frameRate,
				maxSize: options.maxSize,
				patience: options.patience,
				layers: options.enhancements.length,
				insisted: options.backend !== "auto",
			},
			opened.backend,
		);
		const even = (side: number) => side + (side & 1);
		// A base that stands alone is coded as it is, and 4:2:0 coders want even sides.
		this.plan = plan.enhanced ? plan : { ...plan, width: even(plan.width), height: even(plan.height) };
		this.qualities = plan.enhanced ? options.enhancements : [];
		this.report = {
			kind: plan.enhanced ? opened.backend.kind : "none",
			description:
				plan.enhanced && opened.executor !== undefined ? opened.executor.description : "no enhancement",
			width: this.plan.width,
			height: this.plan.height,
			sourceWidth: info.width,
			sourceHeight: info.height,
			predictedFps: plan.predictedFps,
			notice: plan.notice,
		};
	}

	/** The full picture to what the base encoder takes. */
	get downscale(): (picture: Picture) => Picture {
		return this.plan.enhanced ? downscalePicture : (picture) => picture;
	}

	/** Pairs that may wait for the enhancement: enough to send the base ahead, within bounds of memory. */
	get queueLength(): number {
		const bytes = this.plan.width * this.plan.height * 1.6;
		return Math.min(240, Math.max(8, Math.floor(WAITING_BYTES / bytes)));
	}

	base(signal: AbortSignal) {
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

	async openEncoders(): Promise<readonly { readonly q: number; readonly encoder: EnhancementEncoder }[]> {
		const { executor, model } = this.opened;
		if (executor === undefined || model === undefined) {
			return [];
		}
		const encoders: { q: number; encoder: EnhancementEncoder }[] = [];
		for (const q of this.qualities) {
			const { width, height } = this.plan;
			encoders.push({ q, encoder: await EnhancementEncoder.create({ model, executor, width, height }) });
		}
		return encoders;
	}
}

/** Errors of the codec in the SDK's words. */
const fromCodec = (error: unknown): UploadError => {
	if (error instanceof CodecError) {
		const code = error.code === "backend-unavailable" ? "encoder-unavailable" : "encoder-failed";
		return new UploadError(code, error.message, { hint: error.hint, cause: error });
	}
	return asUploadError(error, "encoder-failed", "The video could not be encoded.");
};
