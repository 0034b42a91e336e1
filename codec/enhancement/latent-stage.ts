import type { FrameType } from "../bitstream/frame-header.ts";
import { LatentWriter, type LatentModels } from "../entropy/latent-stream.ts";
import type { RansEncoder } from "../entropy/rans.ts";
import { CodecError } from "../errors.ts";
import type { Executor, Graph } from "../model/executor.ts";
import { graphOf, HYPER_PLANES, LATENT_PLANES, type Model } from "../model/model-file.ts";
import { runGraph } from "../model/run-graph.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { scoped } from "../scope.ts";
import { bitsOfCells, changeLevels, copyingGains, withoutCopied } from "./copied-blocks.ts";
import { type Effort, EFFORTS } from "./effort.ts";
import type { FrameAnalysis } from "./frame-analysis.ts";
import type { FrameGeometry, Grid } from "./geometry.ts";
import type { LatentModel, LatentPrior } from "./latent-prior.ts";
import { LARGEST_HYPER } from "./parser.ts";
import { dequantisePass, quantisePass } from "./quantiser.ts";
import { errorCosts } from "./rate-distortion.ts";
import type { EnhancementReconstructor, Prepared } from "./reconstruction.ts";

/** What {@link LatentStage} needs of an encoder's options. */
export type LatentStageOptions = {
	readonly model: Model;
	readonly executor: Executor;
	readonly effort: Effort;
};

/** What the analysis network makes of a frame: latents in quantiser steps, and hyper latents. */
export type RealLatents = { readonly latents: Float32Array; readonly hyper: Float32Array };

/** A frame between analysis and coding. */
export type RealFrame = {
	readonly real: RealLatents;
	readonly cues: Float32Array;
	readonly prepared: Prepared;
	readonly type: FrameType;
	/** Of the frame, and of its blocks. */
	readonly q: number;
	readonly offsets: Int8Array;
	readonly quality: Uint8Array;
};

/** A frame's latents as decoders will have them, and the payload that says so. */
export type CodedLatents = {
	/** Of both passes, dequantised, `[96, h8, w8]`. */
	readonly latents: Int16Array;
	/** Undefined in an intra frame. */
	readonly copied: CopiedMap | undefined;
	/** rANS bytes of motion and latents. */
	readonly payload: Uint8Array;
	/** Whether latents are in it. */
	readonly hasLatents: boolean;
};

type Quantised = {
	readonly symbols: Int16Array;
	readonly latents: Int16Array;
	/** Of the first pass and of the second; each holds at its own positions. */
	readonly scales: readonly [Uint8Array, Uint8Array];
};

/** The encoder's work on latents, from the analysis network to their bytes. */
export class LatentStage {
	private readonly options: LatentStageOptions;
	private readonly geometry: FrameGeometry;
	private readonly analysis: Graph;
	private readonly frames: FrameAnalysis;
	private readonly prior: LatentPrior;
	private readonly reconstructor: EnhancementReconstructor;
	/** Gains of the analysis by quality index, `[64, 96]`. */
	private readonly gains: Float32Array;

	private constructor(
		options: LatentStageOptions,
		analysis: Graph,
		frames: FrameAnalysis,
		prior: LatentPrior,
		reconstructor: EnhancementReconstructor,
	) {
		this.options = options;
		this.geometry = reconstructor.geometry;
		this.analysis = analysis;
		this.frames = frames;
		this.prior = prior;
		this.reconstructor = reconstructor;
		this.gains = Float32Array.from(options.model.tables.steps.flat(), (step) => 2048 / step);
	}

	/** @throws CodecError `invalid-option` where the model lacks the encoder's network; `backend-failed` */
	static async create(
		options: LatentStageOptions,
		frames: FrameAnalysis,
		prior: LatentPrior,
		reconstructor: EnhancementReconstructor,
	): Promise<LatentStage> {
		const { model, executor } = options;
		const { codedWidth: width, codedHeight: height } = reconstructor.geometry;
		const analysis = await executor.load(graphOf(model, "analysis"), { width, height });
		return new LatentStage(options, analysis, frames, prior, reconstructor);
	}

	/** The analysis network: latents in quantiser steps and hyper latents, both real. */
	analyse({ prediction, enlarged, context }: Prepared, quality: Uint8Array): Promise<RealLatents> {
		return scoped(async (temporary) => {
			const { executor } = this.options;
			const { grid8, grid32 } = this.geometry;
			const gains = { table: this.gains, map: quality, columns: grid32.width };
			const gain = temporary(executor.spreadRows(gains, [1, LATENT_PLANES, grid8.height, grid8.width]));
			const inputs = { source: this.frames.folded, prediction, enlarged, context, gain };
			const outputs = await runGraph(this.analysis, inputs, ["latents", "hyper"]);
			const tensors = [temporary(outputs.latents), temporary(outputs.hyper)] as const;
			const [latents, hyper] = await Promise.all([executor.download(tensors[0]), executor.download(tensors[1])]);
			return { latents, hyper };
		});
	}

	/**
	 * Chooses symbols and the blocks to copy, and codes.
	 *
	 * @param models of latents; they move on to this frame. @param motion what of the payload comes before the latents; not changed
	 */
	async code(frame: RealFrame, models: LatentModels, motion: RansEncoder): Promise<CodedLatents> {
		const { real, cues, type, offsets, quality } = frame;
		const { grid8, grid16, grid32 } = this.geometry;
		const hyper = new Int16Array(HYPER_PLANES * grid32.cells);
		for (let i = 0; i < hyper.length; i++) {
			hyper[i] = Math.min(Math.max(Math.round(real.hyper[i] as number), -LARGEST_HYPER), LARGEST_HYPER);
		}
		const law = await this.prior.first({ quality, hyper, cues, type });
		let coded = await this.quantise(frame, law);
		const writer = new LatentWriter(models, type);
		writer.quality(offsets, grid32);
		let copied: CopiedMap | undefined;
		if (type !== "intra") {
			const levels = changeLevels(cues, this.geometry);
			const flags = EFFORTS[this.options.effort].copies
				? await this.chooseCopied(frame, coded, levels, models)
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
		const encoder = motion.copy();
		const hasLatents = writer.finish(encoder);
		return {
			latents: coded.latents,
			copied,
			hasLatents,
			payload: encoder.isEmpty ? new Uint8Array(0) : encoder.finish(),
		};
	}

	/**
	 * Symbols and latents of both passes.
	 *
	 * @param first law of the first pass
	 * @param copied blocks that have neither
	 */
	private async quantise({ real, q }: RealFrame, first: LatentModel, copied?: Uint8Array): Promise<Quantised> {
		const { grid8 } = this.geometry;
		const costs = errorCosts(this.options.model.tables, q);
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
	private async chooseCopied(
		{ prepared, quality, type }: RealFrame,
		attempt: Quantised,
		levels: Uint8Array,
		models: LatentModels,
	): Promise<Uint8Array> {
		const { grid8, grid16 } = this.geometry;
		if (prepared.moved === undefined)
			throw new CodecError("invalid-option", "An intra frame has no copied blocks.");
		const coded = await this.reconstructor.attempt(prepared, quality, attempt.latents);
		const added = await this.frames.addedErrors(coded, prepared.moved.picture, 0).finally(() => coded.dispose());
		const bits = bitsOfCells(attempt.symbols, mergePasses(attempt.scales, grid8), grid8.cells);
		return models.of(type).copied.choose(copyingGains(bits, added, quality, this.geometry), levels, grid16);
	}

	async dispose(): Promise<void> {
		await this.analysis.dispose();
	}
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
