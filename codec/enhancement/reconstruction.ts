import { CodecError } from "../errors.ts";
import type { DeviceTensor, Executor, Graph } from "../model/executor.ts";
import { type DecodingGraphName, graphOf, LATENT_PLANES, type Model, RATE_VALUES } from "../model/model-file.ts";
import { runGraph } from "../model/run-graph.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import { mirrored } from "../motion/bidirectional.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { blocksOf, type DirectionMap, FUTURE, PAST } from "../motion/direction-map.ts";
import { FOLDED_PLANES } from "../picture/fold.ts";
import type { Picture } from "../picture/picture.ts";
import { type Keep, scoped } from "../scope.ts";
import { DecodedPicture, SharedTensor } from "./decoded-picture.ts";
import type { FrameSymbols } from "./frame-symbols.ts";
import { extendBase, type FrameGeometry, frameGeometry } from "./geometry.ts";
import { References } from "./references.ts";

const GRAPHS = ["base", "intra", "keep", "context", "synthesis"] as const satisfies readonly DecodingGraphName[];
type Graphs = Readonly<Record<(typeof GRAPHS)[number], Graph>>;

/** Options of {@link EnhancementReconstructor.create}. */
export type ReconstructorOptions = {
	readonly model: Model;
	readonly executor: Executor;
	/** Visible size of the enhanced picture. */
	readonly width: number;
	readonly height: number;
};

/** A frame before its latents: what the encoder takes the difference to. Goes into `finish` once, or is discarded. */
export type Prepared = {
	readonly context: DeviceTensor;
	readonly prediction: DeviceTensor;
	readonly enlarged: DeviceTensor;
	/** What the frame is predicted from, and what its copied blocks take over. Undefined in an intra frame. */
	readonly moved: Moved | undefined;
	/** Of a bidirectional frame. */
	readonly directions: DirectionMap | undefined;
};

/** How a frame but an intra frame is predicted: by motion from one reference or, with directions, from two. */
export type PredictionMotion = {
	readonly motion: BlockMotion;
	readonly directions: DirectionMap | ChooseDirections | undefined;
};

/** Chooses among three predictions of a bidirectional frame, each a picture `s - 128`. */
export type ChooseDirections = (
	predictions: Readonly<Record<"both" | "future" | "past", DeviceTensor>>,
) => Promise<DirectionMap>;

/** Picture (`s - 128`) and features of a reference, or of two, moved by block motion. */
type Moved = { readonly picture: DeviceTensor; readonly features: DeviceTensor };

/** What later frames refer to. */
type Reference = { readonly picture: SharedTensor; readonly features: DeviceTensor };

/** What a decoded picture says of itself. */
type FrameLabels = Pick<FrameSymbols, "timestamp" | "duration" | "pictureHash">;

/** All zeros: what an intra frame has instead of a warped picture and its share. */
type Nothing = { readonly temporal: DeviceTensor; readonly keep: DeviceTensor };

/** What the networks are told of the blocks' quality. */
type Rates = { readonly quality: Uint8Array; readonly step: DeviceTensor; readonly rate: DeviceTensor };

/**
 * The second stage of a decoder, and the loop of an encoder: symbols and base pictures to pictures (SPEC section 2,
 * reconstruction). Never sees a byte of the stream. One frame at a time; after an error only an intra frame can follow.
 */
export class EnhancementReconstructor {
	readonly geometry: FrameGeometry;
	private readonly executor: Executor;
	private readonly graphs: Graphs;
	private readonly tables: { readonly step: Float32Array; readonly rate: Float32Array };
	/** Those of the frame before: often the next one has the same. */
	private rates: Rates | undefined;
	private readonly nothing: Nothing;
	private readonly references = new References<Reference>(({ picture, features }) => {
		picture.release();
		features.dispose();
	});
	private busy = false;

	private constructor(options: ReconstructorOptions, geometry: FrameGeometry, graphs: Graphs, nothing: Nothing) {
		this.geometry = geometry;
		this.executor = options.executor;
		this.graphs = graphs;
		const { steps, synthesisRate } = options.model.tables;
		this.tables = { step: Float32Array.from(steps.flat()), rate: Float32Array.from(synthesisRate.flat()) };
		this.nothing = nothing;
	}

	/** @throws CodecError `invalid-picture`, `model-invalid`, `backend-failed` */
	static create(options: ReconstructorOptions): Promise<EnhancementReconstructor> {
		return scoped(async (_, result) => {
			const { executor, model } = options;
			const geometry = frameGeometry(options.width, options.height);
			const size = { width: geometry.codedWidth, height: geometry.codedHeight };
			const load = async (name: DecodingGraphName) => result(await executor.load(graphOf(model, name), size));
			const graphs: Graphs = {
				base: await load("base"),
				intra: await load("intra"),
				keep: await load("keep"),
				context: await load("context"),
				synthesis: await load("synthesis"),
			};
			const { width, height, cells } = geometry.grid4;
			const zeros = (planes: number) =>
				result(executor.upload(new Float32Array(planes * cells), [1, planes, height, width]));
			const nothing = { temporal: zeros(FOLDED_PLANES), keep: zeros(1) };
			return new EnhancementReconstructor(options, geometry, graphs, nothing);
		});
	}

	/**
	 * @throws CodecError `missing-reference` for an inter frame without its predecessor; `invalid-picture` where the base
	 * picture has another size; `backend-failed`
	 */
	async reconstruct(symbols: FrameSymbols, base: Picture): Promise<DecodedPicture> {
		const { motion, directions, copied } = symbols;
		const predicted = motion && { motion, directions };
		if (predicted !== undefined && copied?.flags.every((flag) => flag === 1)) {
			return this.takeOver(predicted, copied, symbols);
		}
		const prepared = await this.prepare(predicted, extendBase(base, this.geometry));
		return this.finish(prepared, symbols);
	}

	/**
	 * Everything up to the prediction.
	 *
	 * @param predicted undefined in an intra frame
	 * @throws CodecError as {@link reconstruct}
	 */
	async prepare(predicted: PredictionMotion | undefined, base: Picture): Promise<Prepared> {
		return this.guarded(async (temporary, result) => {
			const { executor, graphs, nothing } = this;
			// Before any network runs for nothing.
			if (predicted?.directions !== undefined) this.references.around();
			else if (predicted !== undefined) this.references.last();
			const { width, height } = this.geometry.grid4;
			const luma = temporary(executor.upload(centred(base.y), [1, 1, height, width]));
			const chroma = temporary(executor.upload(centred(base.u, base.v), [1, 2, height / 2, width / 2]));
			const fromBase = await runGraph(graphs.base, { luma, chroma }, ["features", "enlarged"]);
			const baseFeatures = temporary(fromBase.features);
			const enlarged = result(fromBase.enlarged);
			let { temporal, keep } = nothing;
			let features: DeviceTensor;
			let moved: Moved | undefined;
			let directions: DirectionMap | undefined;
			if (predicted === undefined) {
				this.forget();
				({ features } = await runGraph(graphs.intra, { base_features: baseFeatures }, ["features"]));
				temporary(features);
			} else {
				({ moved, directions } = await this.predict(predicted, result, result));
				({ picture: temporal, features } = moved);
				({ keep } = await runGraph(graphs.keep, { base_features: baseFeatures, features }, ["keep"]));
				temporary(keep);
			}
			const inputs = { features, base_features: baseFeatures, temporal, enlarged, keep };
			const { context, prediction } = await runGraph(graphs.context, inputs, ["context", "prediction"]);
			return { context, prediction, enlarged, moved, directions };
		});
	}

	/** The picture of a prepared frame; unless that is bidirectional, the next ones refer to it. @throws CodecError `backend-failed` */
	async finish(
		prepared: Prepared,
		frame: Pick<FrameSymbols, "quality" | "latents" | "copied"> & FrameLabels,
	): Promise<DecodedPicture> {
		return this.guarded(async (temporary, result) => {
			for (const tensor of tensorsOf(prepared)) temporary(tensor);
			const { picture, features } = await this.synthesize(prepared, frame.quality, frame.latents);
			result(picture);
			result(features);
			const { copied } = frame;
			const { moved } = prepared;
			if (copied?.flags.includes(1) && moved !== undefined) {
				this.executor.copyBlocks(picture, moved.picture, copied, 128);
				this.executor.copyBlocks(features, moved.features, copied, 0);
			}
			return this.become(picture, features, prepared.directions, frame);
		});
	}

	/**
	 * The picture that latents would give, without copied blocks: folded samples `[24, h4, w4]`, the caller's. Changes nothing.
	 *
	 * @throws CodecError `backend-failed`
	 */
	async attempt(prepared: Prepared, quality: Uint8Array, latents: Int16Array): Promise<DeviceTensor> {
		return this.guarded(async (temporary) => {
			const { picture, features } = await this.synthesize(prepared, quality, latents);
			temporary(features);
			return picture;
		});
	}

	/** Frees a prepared frame that will not be finished. Only an intra frame can follow. */
	discard(prepared: Prepared): void {
		for (const tensor of tensorsOf(prepared)) tensor.dispose();
		this.forget();
	}

	/** Drops the references: only an intra frame can follow. */
	forget(): void {
		this.references.clear();
	}

	async dispose(): Promise<void> {
		this.forget();
		this.nothing.temporal.dispose();
		this.nothing.keep.dispose();
		this.dropRates();
		for (const name of GRAPHS) await this.graphs[name].dispose();
	}

	/** A frame all of whose blocks are copied: no network runs. */
	private takeOver(predicted: PredictionMotion, copied: CopiedMap, frame: FrameLabels): Promise<DecodedPicture> {
		return this.guarded(async (temporary, result) => {
			const { moved, directions } = await this.predict(predicted, temporary, result);
			const { picture, features } = moved;
			const { width, height, cells } = this.geometry.grid4;
			const blank = new Float32Array(FOLDED_PLANES * cells);
			const samples = result(this.executor.upload(blank, [1, FOLDED_PLANES, height, width]));
			this.executor.copyBlocks(samples, picture, copied, 128);
			return this.become(samples, features, directions, frame);
		});
	}

	/** What the references give, moved. @throws CodecError `missing-reference` */
	private async predict(
		{ motion, directions }: PredictionMotion,
		keepPicture: Keep,
		keepFeatures: Keep,
	): Promise<Pick<Prepared, "directions"> & { readonly moved: Moved }> {
		if (directions === undefined) {
			const moved = this.move(this.references.last(), motion, keepPicture, keepFeatures);
			return { moved, directions };
		}
		return scoped(async (temporary) => {
			const references = this.references.around();
			const future = this.move(references.future, motion, temporary, temporary);
			const past = this.move(references.past, mirrored(motion), temporary, temporary);
			const picture = keepPicture(this.executor.average(future.picture, past.picture));
			const features = keepFeatures(this.executor.average(future.features, past.features));
			const map =
				typeof directions === "function"
					? await directions({ both: picture, future: future.picture, past: past.picture })
					: directions;
			for (const [direction, from] of [
				[FUTURE, future],
				[PAST, past],
			] as const) {
				if (!map.directions.includes(direction)) continue;
				const blocks = { columns: map.columns, rows: map.rows, flags: blocksOf(map, direction) };
				this.executor.copyBlocks(picture, from.picture, blocks, 0);
				this.executor.copyBlocks(features, from.features, blocks, 0);
			}
			return { moved: { picture, features }, directions: map };
		});
	}

	private move({ picture, features }: Reference, motion: BlockMotion, keepPicture: Keep, keepFeatures: Keep): Moved {
		return {
			picture: keepPicture(this.executor.warpPicture(picture.tensor, motion)),
			features: keepFeatures(this.executor.warpFeatures(features, motion)),
		};
	}

	private synthesize(
		{ context, prediction }: Prepared,
		quality: Uint8Array,
		values: Int16Array,
	): Promise<{ readonly picture: DeviceTensor; readonly features: DeviceTensor }> {
		return scoped(async (temporary) => {
			const { width, height } = this.geometry.grid8;
			const shape = [1, LATENT_PLANES, height, width] as const;
			const latents = temporary(this.executor.upload(Float32Array.from(values), shape));
			const { step, rate } = await this.ratesOf(quality);
			const inputs = { context, prediction, latents, step, rate };
			return runGraph(this.graphs.synthesis, inputs, ["picture", "features"]);
		});
	}

	/** Makes a picture and its features what later frames refer to, unless the frame is bidirectional. */
	private become(
		picture: DeviceTensor,
		features: DeviceTensor,
		directions: DirectionMap | undefined,
		frame: FrameLabels,
	): DecodedPicture {
		const shared = new SharedTensor(picture);
		if (directions !== undefined) {
			this.references.dropPast();
			features.dispose();
			return new DecodedPicture(this.executor, shared, this.geometry, frame);
		}
		this.references.add({ picture: shared, features });
		return new DecodedPicture(this.executor, shared.share(), this.geometry, frame);
	}

	private async ratesOf(quality: Uint8Array): Promise<Rates> {
		if (this.rates?.quality.every((q, block) => q === quality[block])) return this.rates;
		this.dropRates();
		const { grid4, grid8, grid32 } = this.geometry;
		const rows = (table: Float32Array) => ({ table, map: quality, columns: grid32.width });
		this.rates = await scoped(async (_, result) => {
			const { executor, tables } = this;
			const step = executor.spreadRows(rows(tables.step), [1, LATENT_PLANES, grid8.height, grid8.width]);
			result(step);
			const rate = executor.spreadRows(rows(tables.rate), [1, RATE_VALUES, grid4.height, grid4.width]);
			return { quality, step, rate };
		});
		return this.rates;
	}

	private dropRates(): void {
		this.rates?.step.dispose();
		this.rates?.rate.dispose();
		this.rates = undefined;
	}

	/** Runs one step alone, {@link scoped}; where it fails, the state is dropped as well. */
	private async guarded<T>(step: (temporary: Keep, result: Keep) => Promise<T>): Promise<T> {
		if (this.busy)
			throw new CodecError("invalid-option", "A reconstructor takes one frame at a time: await the last.");
		this.busy = true;
		try {
			return await scoped(step);
		} catch (error) {
			this.forget();
			throw error;
		} finally {
			this.busy = false;
		}
	}
}

function tensorsOf({ context, prediction, enlarged, moved }: Prepared): DeviceTensor[] {
	return [context, prediction, enlarged, ...Object.values(moved ?? {})];
}

/** `s - 128` of planes, one after the other. */
function centred(...planes: readonly Uint8Array[]): Float32Array {
	const out = new Float32Array(planes.reduce((sum, plane) => sum + plane.length, 0));
	let at = 0;
	for (const plane of planes) for (let i = 0; i < plane.length; i++) out[at++] = (plane[i] as number) - 128;
	return out;
}
