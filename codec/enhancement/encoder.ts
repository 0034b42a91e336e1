import type { FrameType } from "../bitstream/frame-header.ts";
import { writeSample } from "../bitstream/sample.ts";
import { LatentModels } from "../entropy/latent-stream.ts";
import { RansEncoder } from "../entropy/rans.ts";
import { CodecError } from "../errors.ts";
import { hashPicture } from "../hash/picture-hash.ts";
import type { DeviceTensor, Executor } from "../model/executor.ts";
import type { Model } from "../model/model-file.ts";
import { WebGpuExecutor } from "../model/webgpu-executor.ts";
import { MotionHistory, putBidirectionalMotion } from "../motion/bidirectional.ts";
import type { DirectionMap } from "../motion/direction-map.ts";
import { MOTION_EFFORTS } from "../motion/search.ts";
import { type MotionField, putMotion } from "../motion/syntax.ts";
import type { SourcePicture } from "../picture/gpu-picture.ts";
import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import { scoped } from "../scope.ts";
import { bitsOfErrors } from "./copied-blocks.ts";
import { CpuFrameAnalysis } from "./cpu-frame-analysis.ts";
import type { DecodedPicture } from "./decoded-picture.ts";
import { type Effort, EFFORTS } from "./effort.ts";
import type { FrameAnalysis } from "./frame-analysis.ts";
import type { FrameSymbols } from "./frame-symbols.ts";
import { extendBase, type FrameGeometry } from "./geometry.ts";
import { GpuFrameAnalysis } from "./gpu-frame-analysis.ts";
import { LatentPrior } from "./latent-prior.ts";
import { type CodedLatents, LatentStage } from "./latent-stage.ts";
import { throwIfAborted } from "./parser.ts";
import { adaptiveOffsets, qualityMap } from "./quality-map.ts";
import { GROWTH } from "./rate-control.ts";
import { motionErrorPerBit } from "./rate-distortion.ts";
import { type ChooseDirections, EnhancementReconstructor } from "./reconstruction.ts";

/** Parts of the work on one frame, in order. */
export type EncoderStage = "motion" | "prediction" | "analysis" | "latents" | "synthesis" | "hash";

/** Options of {@link EnhancementEncoder.create}. */
export type EncoderOptions = {
	/** Loaded with `{ encoder: true }`. */
	readonly model: Model;
	readonly executor: Executor;
	/** Visible size of the source. */
	readonly width: number;
	readonly height: number;
	/** Frames that carry the hash of the decoded picture; on a GPU each reads the picture back. Default `intra`. */
	readonly pictureHash?: "every" | "intra" | "none";
	/** How hard the encoder tries. Default `normal`. */
	readonly effort?: Effort;
	/**
	 * How much finer flat blocks are than busy ones: quality indices for each halving of a block's variance, 0 (all blocks alike) to 8.
	 * Costs PSNR, gains MS-SSIM and what people see. Default {@link DEFAULT_ADAPTIVE_QUALITY}.
	 */
	readonly adaptiveQuality?: number;
	/** Called with the time that each stage of each frame took: several times for one that is gone through again, see `limit`. */
	readonly onStage?: (stage: EncoderStage, milliseconds: number) => void;
};

/** What a frame is to become. */
export type EncodeChoice = {
	/** A bidirectional frame comes after the inter frame that follows it in time, see `codingUnits`. */
	readonly type: FrameType;
	/** Quality index, 0..63; see `frameChoice`. */
	readonly q: number;
	/** Of the frame, in microseconds. */
	readonly duration: number;
	/**
	 * Bytes that motion and latents, the payload, may take. A frame that takes more is coded again, coarser, until it fits or has quality 0;
	 * `symbols.q` is what it became. Default: no limit.
	 */
	readonly limit?: number | undefined;
	/**
	 * How much later pictures inherit from each 32x32 block, of `lookAhead`: log2 of a factor, `[H/32, W/32]`. Blocks that stay are then
	 * coded finer than those that vanish. Default: nothing is known.
	 */
	readonly inheritance?: Float32Array | undefined;
};

/** A frame that was coded. */
export type EncodedFrame = {
	/** For a track or a file. */
	readonly sample: Sample;
	/** What a parser makes of it. */
	readonly symbols: FrameSymbols;
	/** What decoders will show. Dispose it. */
	readonly reconstruction: DecodedPicture;
};

/** Quality indices for each halving of a block's variance, where nothing else is asked for. */
export const DEFAULT_ADAPTIVE_QUALITY = 2.5;

const DEFAULTS = {
	pictureHash: "intra",
	adaptiveQuality: DEFAULT_ADAPTIVE_QUALITY,
	effort: "normal",
} as const satisfies Partial<EncoderOptions>;
/** The vectors of a bidirectional frame serve twice, and its errors but once: they are worth so many times the bits (measured: 1 loses 1 percent). */
const BIDIRECTIONAL_THRIFT = 3;
/** With every choice made. */
type Settled = Required<Omit<EncoderOptions, "onStage">> & Pick<EncoderOptions, "onStage">;

/**
 * Source and base pictures to enhancement samples. The decoder's own reconstruction and prior run in its loop, so what
 * it predicts from is what every decoder has, to the bit. One frame at a time; after an error only an intra frame can
 * follow.
 */
export class EnhancementEncoder {
	readonly geometry: FrameGeometry;
	private readonly options: Settled;
	private readonly frames: FrameAnalysis;
	private readonly prior: LatentPrior;
	private readonly reconstructor: EnhancementReconstructor;
	private readonly latents: LatentStage;
	/** What decoders have learned of block motion since the last intra frame. */
	private motionHistory = new MotionHistory();
	/** And of latents. */
	private latentModels = new LatentModels();
	/** Quality offsets of the frame before. */
	private offsets: Int8Array | undefined;
	private busy = false;

	private constructor(
		options: Settled,
		frames: FrameAnalysis,
		prior: LatentPrior,
		reconstructor: EnhancementReconstructor,
		latents: LatentStage,
	) {
		this.options = options;
		this.geometry = reconstructor.geometry;
		this.frames = frames;
		this.prior = prior;
		this.reconstructor = reconstructor;
		this.latents = latents;
	}

	/** @throws CodecError `invalid-option` where the model lacks the encoder's network; `invalid-picture`, `backend-failed` */
	static create(options: EncoderOptions): Promise<EnhancementEncoder> {
		return scoped(async (_, result) => {
			const settled = { ...DEFAULTS, ...options };
			const { model, executor, effort } = settled;
			const reconstructor = result(await EnhancementReconstructor.create(settled));
			const { geometry } = reconstructor;
			const frames = result(frameAnalysis(executor, geometry, effort));
			const prior = result(await LatentPrior.create(model, executor, geometry));
			const latents = await LatentStage.create(settled, frames, prior, reconstructor);
			return new EnhancementEncoder(settled, frames, prior, reconstructor, latents);
		});
	}

	/**
	 * @param source visible size; on the GPU of the executor, or planes. It stays the caller's. @param base its decoded base picture
	 * @throws CodecError `missing-reference` for an inter frame without its predecessor; `invalid-picture`; `aborted`;
	 * `backend-failed`
	 */
	async encode(
		source: SourcePicture,
		base: Picture,
		choice: EncodeChoice,
		signal?: AbortSignal,
	): Promise<EncodedFrame> {
		if (this.busy) throw new CodecError("invalid-option", "An encoder takes one frame at a time: await the last.");
		this.busy = true;
		try {
			return await this.encodeFrame(source, base, choice, signal);
		} catch (error) {
			this.reset();
			throw error;
		} finally {
			this.busy = false;
		}
	}

	/** Forgets the past: only an intra frame can follow. */
	reset(): void {
		this.prior.forget();
		this.reconstructor.forget();
		this.frames.forget();
	}

	async dispose(): Promise<void> {
		this.frames.dispose();
		await this.latents.dispose();
		await this.prior.dispose();
		await this.reconstructor.dispose();
	}

	private async encodeFrame(
		source: SourcePicture,
		base: Picture,
		choice: EncodeChoice,
		signal: AbortSignal | undefined,
	): Promise<EncodedFrame> {
		throwIfAborted(signal);
		const { type, duration, limit = Number.POSITIVE_INFINITY } = choice;
		let { q } = choice;
		const timed = this.stopwatch();
		const { frames } = this;
		frames.take(source);
		const extendedBase = extendBase(base, this.geometry);
		if (type === "intra") {
			this.motionHistory = new MotionHistory();
			this.latentModels = new LatentModels();
			this.offsets = undefined;
		}
		const { inheritance } = choice;
		if (inheritance !== undefined && inheritance.length !== this.geometry.grid32.cells) {
			const { cells } = this.geometry.grid32;
			throw new CodecError("invalid-option", `Inheritance has ${inheritance.length} values for ${cells} blocks.`);
		}
		const offsets = adaptiveOffsets(await frames.detail(), this.options.adaptiveQuality, this.offsets, inheritance);
		this.offsets = offsets;
		this.prior.check(type, extendedBase);
		const field = type === "intra" ? undefined : await this.searchMotion(type, q);
		timed("motion");

		const motion = field?.toBlockMotion();
		const directions = type === "bidirectional" ? this.directionChoice(qualityMap(q, offsets)) : undefined;
		const prepared = await this.reconstructor.prepare(motion && { motion, directions }, extendedBase);
		let coded: CodedLatents;
		const payload = new RansEncoder();
		let hasMotion = false;
		try {
			if (field !== undefined) hasMotion = this.putMotion(payload, field, prepared.directions);
			const cues = this.prior.cues(extendedBase, motion, prepared.directions);
			timed("prediction");
			throwIfAborted(signal);
			for (;;) {
				const models = this.latentModels.copy();
				const quality = qualityMap(q, offsets);
				const real = await this.latents.analyse(prepared, quality);
				timed("analysis");
				const frame = { real, cues, prepared, type, q, offsets, quality };
				coded = await this.latents.code(frame, this.latentModels, payload);
				timed("latents");
				throwIfAborted(signal);
				const bytes = coded.payload.length;
				if (bytes <= limit || q === 0) break;
				this.latentModels = models;
				q = coarser(q, bytes / Math.max(limit, 1));
			}
			this.prior.remember(extendedBase, type);
		} catch (error) {
			this.reconstructor.discard(prepared);
			throw error;
		}

		const { latents, copied, hasLatents } = coded;
		const quality = qualityMap(q, offsets);
		const frame = { q, quality, latents, copied, timestamp: source.timestamp, duration };
		return scoped(async (_, result) => {
			const decoded = result(await this.reconstructor.finish(prepared, { ...frame, pictureHash: undefined }));
			timed("synthesis");
			if (type !== "bidirectional") await frames.remember(decoded);
			const { pictureHash } = this.options;
			const hashed = pictureHash === "every" || (pictureHash === "intra" && type === "intra");
			const hash = hashed ? hashPicture(await decoded.toPicture()) : undefined;
			const hashes = { baseHash: type === "intra" ? hashPicture(base) : undefined, pictureHash: hash };
			timed("hash");

			const data = writeSample({ type, q, hasMotion, hasLatents, ...hashes, payload: coded.payload });
			return {
				sample: { data, timestamp: source.timestamp, duration, sync: type === "intra" },
				symbols: { type, motion, directions: prepared.directions, ...frame, ...hashes },
				reconstruction: decoded,
			};
		});
	}

	/** Block motion into the frame before; of a bidirectional frame, into the one after it. */
	private searchMotion(type: "inter" | "bidirectional", q: number): Promise<MotionField> {
		const lambda = motionErrorPerBit(q);
		if (type === "inter") return this.frames.motion(this.motionHistory.inter, lambda);
		return this.frames.motion(this.motionHistory.bidirectional(), BIDIRECTIONAL_THRIFT * lambda);
	}

	private putMotion(encoder: RansEncoder, field: MotionField, directions: DirectionMap | undefined): boolean {
		if (directions === undefined) return putMotion(encoder, field, this.motionHistory.inter);
		return putBidirectionalMotion(encoder, { field, directions }, this.motionHistory);
	}

	/** Chooses the references of each block by the errors of their predictions. */
	private directionChoice(quality: Uint8Array): ChooseDirections {
		return async ({ both, future, past }) => {
			const { grid16 } = this.geometry;
			const gains = async (alone: DeviceTensor) => {
				const added = await this.frames.addedErrors(both, alone, 128);
				return bitsOfErrors(added, quality, grid16).map((bits) => -bits);
			};
			const directions = this.motionHistory.directions.choose([await gains(future), await gains(past)], grid16);
			return { columns: grid16.width, rows: grid16.height, directions };
		};
	}

	/** Reports the time since the last report. */
	private stopwatch(): (stage: EncoderStage) => void {
		const { onStage } = this.options;
		if (onStage === undefined) return () => undefined;
		let last = performance.now();
		return (stage) => {
			const now = performance.now();
			onStage(stage, now - last);
			last = now;
		};
	}
}

/** Samples are looked at where the networks run. */
function frameAnalysis(executor: Executor, geometry: FrameGeometry, effort: Effort): FrameAnalysis {
	const motion = MOTION_EFFORTS[EFFORTS[effort].motion];
	return executor instanceof WebGpuExecutor
		? new GpuFrameAnalysis(executor, geometry, motion)
		: new CpuFrameAnalysis(executor, geometry, motion);
}

/** A lower quality for a frame that took `excess` times what it may: an index is worth 3 to 4 percent of the bits. */
function coarser(q: number, excess: number): number {
	return Math.max(q - Math.max(Math.ceil(Math.log(excess) / GROWTH), 1), 0);
}
