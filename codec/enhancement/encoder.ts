import { writeSample } from "../bitstream/sample.ts";
import { LatentModels, LatentWriter } from "../entropy/latent-stream.ts";
import { CodecError } from "../errors.ts";
import { hashPicture } from "../hash/picture-hash.ts";
import type { Executor, Graph } from "../model/executor.ts";
import { graphOf, HYPER_PLANES, LATENT_PLANES, type Model } from "../model/model-file.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { MOTION_EFFORTS, MotionSearch } from "../motion/search.ts";
import { type MotionField, MotionModels, writeMotion } from "../motion/syntax.ts";
import { cropPicture } from "../picture/extend.ts";
import { FOLDED_PLANES, foldPicture } from "../picture/fold.ts";
import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import { bitsOfCells, changeLevels, copyingGains, withoutCopied } from "./copied-blocks.ts";
import type { DecodedPicture } from "./decoded-picture.ts";
import type { FrameSymbols } from "./frame-symbols.ts";
import { type Effort, EFFORTS } from "./effort.ts";
import { extendBase, extendSource, type FrameGeometry, type Grid } from "./geometry.ts";
import { type LatentModel, LatentPrior, output } from "./latent-prior.ts";
import { LARGEST_HYPER, throwIfAborted } from "./parser.ts";
import { adaptiveOffsets, qualityMap } from "./quality-map.ts";
import { dequantisePass, quantisePass } from "./quantiser.ts";
import { errorCosts, motionErrorPerBit } from "./rate-distortion.ts";
import { EnhancementReconstructor, type Prepared } from "./reconstruction.ts";

/** Parts of the work on one frame, in order. */
export type EncoderStage = "motion" | "prediction" | "analysis" | "latents" | "synthesis" | "hash";

export type EncoderOptions = {
	/** Loaded with `{ encoder: true }`. */
	readonly model: Model;
	readonly executor: Executor;
	/** Visible size of the source. */
	readonly width: number;
	readonly height: number;
	/** Frames that carry the hash of the decoded picture; on a GPU each reads the picture back. Default `intra`. */
	readonly pictureHash?: "every" | "intra" | "none";
	/** Choose symbols by rate and distortion instead of rounding. Default false: it costs the shipped weights 6 percent of rate. */
	readonly rateDistortion?: boolean;
	/**
	 * What the motion search looks in: the previous decoded picture (better; on a GPU it is read back) or the previous
	 * source picture. Default: `decoded` on a CPU, `source` on a GPU.
	 */
	readonly motionReference?: "decoded" | "source";
	/** How hard the encoder tries. Default `normal`. */
	readonly effort?: Effort;
	/**
	 * How much finer flat blocks are than busy ones: quality indices for each halving of a block's variance, 0 (all blocks alike) to 8.
	 * Costs PSNR, gains MS-SSIM and what people see. Default 4.
	 */
	readonly adaptiveQuality?: number;
	/** Called with the time that each stage of each frame took. */
	readonly onStage?: (stage: EncoderStage, milliseconds: number) => void;
};

export type EncodeChoice = {
	readonly type: "intra" | "inter";
	/** Quality index, 0..63; see `frameChoice`. */
	readonly q: number;
	/** Of the frame, in microseconds. */
	readonly duration: number;
	/**
	 * Bytes that motion and latents may take. A frame that takes more is coded again, coarser, until it fits or has quality 0;
	 * `symbols.q` is what it became. Default: no limit.
	 */
	readonly limit?: number | undefined;
};

export type EncodedFrame = {
	readonly sample: Sample;
	readonly symbols: FrameSymbols;
	/** What decoders will show. Dispose it. */
	readonly reconstruction: DecodedPicture;
};

/**
 * Source and base pictures to enhancement samples. The decoder's own reconstruction and prior run in its loop, so what
 * it predicts from is what every decoder has, to the bit. One frame at a time; after an error only an intra frame can
 * follow.
 */
export class EnhancementEncoder {
	readonly geometry: FrameGeometry;
	private readonly options: Required<Omit<EncoderOptions, "onStage">> & Pick<EncoderOptions, "onStage">;
	private readonly analysis: Graph;
	private readonly prior: LatentPrior;
	private readonly reconstructor: EnhancementReconstructor;
	private readonly motionSearch: MotionSearch;
	/** What decoders have learned of block motion since the last intra frame. */
	private motionModels = new MotionModels();
	/** And of latents. */
	private latentModels = new LatentModels();
	/** Gains of the analysis by quality index, `[64, 96]`. */
	private readonly gains: Float32Array;
	/** Quality offsets of the frame before. */
	private offsets: Int8Array | undefined;
	/** Luma of the coded size that motion points into. */
	private reference: Uint8Array | undefined;
	private busy = false;

	private constructor(
		options: EncoderOptions,
		analysis: Graph,
		prior: LatentPrior,
		reconstructor: EnhancementReconstructor,
	) {
		this.options = {
			pictureHash: "intra",
			rateDistortion: false,
			adaptiveQuality: 4,
			motionReference: options.executor.kind === "webgpu" ? "source" : "decoded",
			effort: "normal",
			...options,
		};
		this.geometry = reconstructor.geometry;
		this.analysis = analysis;
		this.prior = prior;
		this.reconstructor = reconstructor;
		const { codedWidth, codedHeight } = this.geometry;
		this.gains = Float32Array.from(options.model.tables.steps.flat(), (step) => 2048 / step);
		this.motionSearch = new MotionSearch(
			codedWidth,
			codedHeight,
			MOTION_EFFORTS[EFFORTS[this.options.effort].motion],
		);
	}

	/** @throws CodecError `invalid-option` where the model lacks the encoder's network; `invalid-picture`, `backend-failed` */
	static async create(options: EncoderOptions): Promise<EnhancementEncoder> {
		const { model, executor } = options;
		const file = graphOf(model, "analysis");
		const reconstructor = await EnhancementReconstructor.create(options);
		const { geometry } = reconstructor;
		const analysis = await executor.load(file, { width: geometry.codedWidth, height: geometry.codedHeight });
		return new EnhancementEncoder(
			options,
			analysis,
			await LatentPrior.create(model, executor, geometry),
			reconstructor,
		);
	}

	/**
	 * @param source visible size. @param base its decoded base picture
	 * @throws CodecError `missing-reference` for an inter frame without its predecessor; `invalid-picture`; `aborted`;
	 * `backend-failed`
	 */
	async encode(source: Picture, base: Picture, choice: EncodeChoice, signal?: AbortSignal): Promise<EncodedFrame> {
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
		this.reference = undefined;
	}

	async dispose(): Promise<void> {
		await this.analysis.dispose();
		await this.prior.dispose();
		await this.reconstructor.dispose();
	}

	private async encodeFrame(
		source: Picture,
		base: Picture,
		choice: EncodeChoice,
		signal: AbortSignal | undefined,
	): Promise<EncodedFrame> {
		throwIfAborted(signal);
		const { type, duration, limit = Number.POSITIVE_INFINITY } = choice;
		let { q } = choice;
		const timed = this.stopwatch();
		const extended = extendSource(source, this.geometry);
		const extendedBase = extendBase(base, this.geometry);
		if (type === "intra") {
			this.motionModels = new MotionModels();
			this.latentModels = new LatentModels();
			this.offsets = undefined;
		}
		const { grid32 } = this.geometry;
		const offsets = adaptiveOffsets(extended.y, grid32, this.options.adaptiveQuality, this.offsets);
		this.offsets = offsets;
		const field = type === "intra" ? undefined : this.search(extended.y, q);
		const motion = field?.toBlockMotion();
		const motionBytes = field === undefined ? new Uint8Array(0) : writeMotion(field, this.motionModels);
		timed("motion");

		const cues = this.prior.cues(extendedBase, motion);
		const prepared = await this.reconstructor.prepare(motion, extendedBase);
		timed("prediction");
		const folded = foldPicture(extended, -128);
		let coded: CodedLatents;
		try {
			throwIfAborted(signal);
			for (;;) {
				const models = this.latentModels.copy();
				const quality = qualityMap(q, offsets);
				const real = await this.analyse(folded, prepared, quality);
				timed("analysis");
				coded = await this.codeLatents({ source: folded, real, cues, prepared, type, q, offsets, quality });
				timed("latents");
				throwIfAborted(signal);
				const bytes = coded.bytes.length + motionBytes.length;
				if (bytes <= limit || q === 0) break;
				this.latentModels = models;
				q = coarser(q, bytes / Math.max(limit, 1));
			}
			this.prior.remember(coded.latents, extendedBase);
		} catch (error) {
			this.reconstructor.discard(prepared);
			throw error;
		}

		const { latents, copied } = coded;
		const quality = qualityMap(q, offsets);
		const frame = { q, quality, latents, copied, timestamp: source.timestamp, duration };
		const decoded = await this.reconstructor.finish(prepared, { ...frame, pictureHash: undefined });
		timed("synthesis");
		const { pictureHash, motionReference } = this.options;
		const hashed = pictureHash === "every" || (pictureHash === "intra" && type === "intra");
		const codedPicture = hashed || motionReference === "decoded" ? await decoded.toCodedPicture() : undefined;
		this.reference = codedPicture !== undefined && motionReference === "decoded" ? codedPicture.y : extended.y;
		const { width, height } = this.geometry;
		const hash = hashed && codedPicture ? hashPicture(cropPicture(codedPicture, width, height)) : undefined;
		const hashes = { baseHash: type === "intra" ? hashPicture(base) : undefined, pictureHash: hash };
		timed("hash");

		const data = writeSample({ type, q, ...hashes, motion: motionBytes, latents: coded.bytes });
		const payload = motionBytes.length + coded.bytes.length;
		return {
			sample: { data, timestamp: source.timestamp, duration, sync: type === "intra" },
			symbols: {
				type,
				motion,
				...frame,
				...hashes,
				bytes: { header: data.length - payload, motion: motionBytes.length, latents: coded.bytes.length },
			},
			reconstruction: decoded,
		};
	}

	private search(luma: Uint8Array, q: number): MotionField {
		if (this.reference === undefined) {
			throw new CodecError("missing-reference", "The first frame must be an intra frame.");
		}
		const { reference, motionModels } = this;
		const lambda = motionErrorPerBit(q);
		return this.motionSearch.search({ current: luma, reference, models: motionModels, lambda });
	}

	/** The analysis network: latents in quantiser steps and hyper latents, both real. */
	private async analyse(source: Float32Array, prepared: Prepared, quality: Uint8Array): Promise<RealLatents> {
		const { executor } = this.options;
		const { grid8, grid32 } = this.geometry;
		const { width, height } = this.geometry.grid4;
		const gains = { table: this.gains, map: quality, columns: grid32.width };
		const folded = executor.upload(source, [1, FOLDED_PLANES, height, width]);
		const gain = executor.spreadRows(gains, [1, LATENT_PLANES, grid8.height, grid8.width]);
		const { prediction, enlarged, context } = prepared;
		const outputs = await this.analysis.run({ source: folded, prediction, enlarged, context, gain });
		folded.dispose();
		gain.dispose();
		const [latents, hyper] = [output(outputs, "latents"), output(outputs, "hyper")];
		const [realLatents, realHyper] = await Promise.all([executor.download(latents), executor.download(hyper)]);
		latents.dispose();
		hyper.dispose();
		return { latents: realLatents, hyper: realHyper };
	}

	/** Rounds, chooses the blocks to copy, and codes; the models of latents move on to this frame. */
	private async codeLatents(frame: RealFrame): Promise<CodedLatents> {
		const { real, cues, type, offsets, quality } = frame;
		const { grid8, grid16, grid32 } = this.geometry;
		const hyper = new Int16Array(HYPER_PLANES * grid32.cells);
		for (let i = 0; i < hyper.length; i++) {
			hyper[i] = Math.min(Math.max(Math.round(real.hyper[i] as number), -LARGEST_HYPER), LARGEST_HYPER);
		}
		const law = await this.prior.first({ quality, hyper, cues, type });
		let coded = await this.quantise(frame, law);
		const writer = new LatentWriter(this.latentModels);
		writer.quality(offsets, grid32);
		let copied: CopiedMap | undefined;
		if (type === "inter") {
			const levels = changeLevels(cues, this.geometry);
			const flags = EFFORTS[this.options.effort].copies
				? await this.chooseCopied(frame, coded, levels)
				: new Uint8Array(grid16.cells);
			copied = { columns: grid16.width, rows: grid16.height, flags };
			if (flags.includes(1)) coded = await this.quantise(frame, withoutCopied(law, flags, grid8), flags);
			// Nothing looks at the hyper latents of a frame without latents.
			if (flags.every((flag) => flag === 1)) hyper.fill(0);
			writer.copied(flags, levels, grid16);
		}
		writer.hyper(hyper, { channels: HYPER_PLANES, ...grid32 });
		for (const pass of [0, 1] as const) {
			writer.pass(coded.symbols, coded.scales[pass], { channels: LATENT_PLANES, ...grid8 }, pass);
		}
		return { latents: coded.latents, copied, bytes: writer.finish() };
	}

	/** Symbols and latents of both passes. @param first law of the first pass. @param copied blocks that have neither */
	private async quantise({ real, q }: RealFrame, first: LatentModel, copied?: Uint8Array): Promise<Quantised> {
		const { model, rateDistortion } = this.options;
		const { grid8 } = this.geometry;
		const costs = rateDistortion ? errorCosts(model.tables, q) : undefined;
		const symbols = new Int16Array(LATENT_PLANES * grid8.cells);
		const latents = new Int16Array(symbols.length);
		const code = (law: LatentModel, pass: 0 | 1) => {
			quantisePass(real.latents, law, costs, symbols, grid8, pass);
			dequantisePass(symbols, law.mean, latents, grid8, pass);
		};
		code(first, 0);
		let second = await this.prior.second(latents);
		if (copied !== undefined) second = withoutCopied(second, copied, grid8);
		code(second, 1);
		return { symbols, latents, scales: [first.scale, second.scale] };
	}

	/** Flags of the blocks that the picture before serves better than their latents do. */
	private async chooseCopied(frame: RealFrame, attempt: Quantised, levels: Uint8Array): Promise<Uint8Array> {
		const { source, prepared, quality } = frame;
		const { grid8, grid16 } = this.geometry;
		if (prepared.moved === undefined)
			throw new CodecError("invalid-option", "Only an inter frame has copied blocks.");
		const [coded, copied] = await Promise.all([
			this.reconstructor.attempt(prepared, quality, attempt.latents),
			this.options.executor.download(prepared.moved.picture),
		]);
		const scale = mergePasses(attempt.scales, grid8);
		const bits = bitsOfCells(attempt.symbols, scale, grid8.cells);
		const gains = copyingGains(bits, { source, coded, copied }, quality, this.geometry);
		return this.latentModels.copied.choose(gains, levels, grid16);
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

/** A lower quality for a frame that took `excess` times what it may: an index is worth 3 to 4 percent of the bits. */
function coarser(q: number, excess: number): number {
	return Math.max(q - Math.max(Math.ceil(Math.log(excess) / 0.033), 1), 0);
}

/** The scale indices of both passes: each position has that of its own. */
function mergePasses([first, second]: Quantised["scales"], { width, height }: Grid): Uint8Array {
	const scale = second.slice();
	for (let c = 0, row = 0; c < LATENT_PLANES; c++) {
		for (let y = 0; y < height; y++, row += width) {
			for (let x = (c + y) & 1; x < width; x += 2) scale[row + x] = first[row + x] as number;
		}
	}
	return scale;
}

type RealLatents = { readonly latents: Float32Array; readonly hyper: Float32Array };
/** A frame between analysis and coding. */
type RealFrame = {
	/** Folded, `s - 128`. */
	readonly source: Float32Array;
	readonly real: RealLatents;
	readonly cues: Float32Array;
	readonly prepared: Prepared;
	readonly type: "intra" | "inter";
	/** Of the frame, and of its blocks. */
	readonly q: number;
	readonly offsets: Int8Array;
	readonly quality: Uint8Array;
};
type Quantised = {
	readonly symbols: Int16Array;
	readonly latents: Int16Array;
	/** Of the first pass and of the second; each holds at its own positions. */
	readonly scales: readonly [Uint8Array, Uint8Array];
};
type CodedLatents = {
	readonly latents: Int16Array;
	readonly copied: CopiedMap | undefined;
	readonly bytes: Uint8Array;
};
