import { CodecError } from "../errors.ts";
import type { DeviceTensor, Executor, Graph } from "../model/executor.ts";
import { type DecodingGraphName, graphOf, LATENT_PLANES, type Model, RATE_VALUES } from "../model/model-file.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { FOLDED_PLANES } from "../picture/fold.ts";
import type { Picture } from "../picture/picture.ts";
import { DecodedPicture, SharedTensor } from "./decoded-picture.ts";
import type { FrameSymbols } from "./frame-symbols.ts";
import { extendBase, type FrameGeometry, frameGeometry } from "./geometry.ts";
import { output } from "./latent-prior.ts";

const GRAPHS = ["base", "intra", "keep", "context", "synthesis"] as const satisfies readonly DecodingGraphName[];
type Graphs = Readonly<Record<(typeof GRAPHS)[number], Graph>>;

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
	/** What an inter frame is predicted from, and what its copied blocks take over. Undefined in an intra frame. */
	readonly moved: Moved | undefined;
};

/** Picture (`s - 128`) and features of the frame before, moved by block motion. */
type Moved = { readonly picture: DeviceTensor; readonly features: DeviceTensor };

/** The reference of an inter frame. */
type State = { readonly picture: SharedTensor; readonly features: DeviceTensor };

/** What a decoded picture says of itself. */
type FrameLabels = Pick<FrameSymbols, "timestamp" | "duration" | "pictureHash">;

/** Hands on a tensor and remembers it. */
type Note = (tensor: DeviceTensor) => DeviceTensor;

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
	/** All zeros: what an intra frame has instead of a warped picture and its share. */
	private readonly nothing: { readonly temporal: DeviceTensor; readonly keep: DeviceTensor };
	private state: State | undefined;
	private busy = false;

	private constructor(options: ReconstructorOptions, geometry: FrameGeometry, graphs: Graphs) {
		this.geometry = geometry;
		this.executor = options.executor;
		this.graphs = graphs;
		const { steps, synthesisRate } = options.model.tables;
		this.tables = { step: Float32Array.from(steps.flat()), rate: Float32Array.from(synthesisRate.flat()) };
		const { width, height, cells } = geometry.grid4;
		this.nothing = {
			temporal: this.executor.upload(new Float32Array(FOLDED_PLANES * cells), [1, FOLDED_PLANES, height, width]),
			keep: this.executor.upload(new Float32Array(cells), [1, 1, height, width]),
		};
	}

	/** @throws CodecError `invalid-picture`, `model-invalid`, `backend-failed` */
	static async create(options: ReconstructorOptions): Promise<EnhancementReconstructor> {
		const geometry = frameGeometry(options.width, options.height);
		const size = { width: geometry.codedWidth, height: geometry.codedHeight };
		const load = (name: DecodingGraphName) => options.executor.load(graphOf(options.model, name), size);
		const graphs: Graphs = {
			base: await load("base"),
			intra: await load("intra"),
			keep: await load("keep"),
			context: await load("context"),
			synthesis: await load("synthesis"),
		};
		return new EnhancementReconstructor(options, geometry, graphs);
	}

	/**
	 * @throws CodecError `missing-reference` for an inter frame without its predecessor; `invalid-picture` where the base
	 * picture has another size; `backend-failed`
	 */
	async reconstruct(symbols: FrameSymbols, base: Picture): Promise<DecodedPicture> {
		const { motion, copied } = symbols;
		if (motion !== undefined && copied?.flags.every((flag) => flag === 1)) {
			return this.takeOver(motion, copied, symbols);
		}
		const prepared = await this.prepare(symbols.motion, extendBase(base, this.geometry));
		return this.finish(prepared, symbols);
	}

	/**
	 * Everything up to the prediction. @param motion undefined in an intra frame
	 *
	 * @throws CodecError as {@link reconstruct}
	 */
	async prepare(motion: BlockMotion | undefined, base: Picture): Promise<Prepared> {
		return this.guarded(async (temporary, result) => {
			const { executor, graphs, nothing } = this;
			const { width, height } = this.geometry.grid4;
			const luma = temporary(executor.upload(centred(base.y), [1, 1, height, width]));
			const chroma = temporary(executor.upload(centred(base.u, base.v), [1, 2, height / 2, width / 2]));
			const fromBase = await graphs.base.run({ luma, chroma });
			const baseFeatures = temporary(output(fromBase, "features"));
			const enlarged = result(output(fromBase, "enlarged"));
			let { temporal, keep } = nothing;
			let features: DeviceTensor;
			let moved: Moved | undefined;
			if (motion === undefined) {
				this.forget();
				const fromIntra = await graphs.intra.run({ base_features: baseFeatures });
				features = temporary(output(fromIntra, "features"));
			} else {
				moved = this.move(motion);
				temporal = result(moved.picture);
				features = result(moved.features);
				keep = temporary(output(await graphs.keep.run({ base_features: baseFeatures, features }), "keep"));
			}
			const fused = await graphs.context.run({ features, base_features: baseFeatures, temporal, enlarged, keep });
			return { context: output(fused, "context"), prediction: output(fused, "prediction"), enlarged, moved };
		});
	}

	/** The picture of a prepared frame; it becomes the reference of the next one. @throws CodecError `backend-failed` */
	async finish(
		prepared: Prepared,
		frame: Pick<FrameSymbols, "quality" | "latents" | "copied"> & FrameLabels,
	): Promise<DecodedPicture> {
		return this.guarded(async (temporary) => {
			for (const tensor of tensorsOf(prepared)) temporary(tensor);
			const { picture, features } = await this.synthesize(prepared, frame.quality, frame.latents);
			const { copied } = frame;
			const { moved } = prepared;
			if (copied?.flags.includes(1) && moved !== undefined) {
				this.executor.copyBlocks(picture, moved.picture, copied, 128);
				this.executor.copyBlocks(features, moved.features, copied, 0);
			}
			return this.become(picture, features, frame);
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

	/** Drops the reference: only an intra frame can follow. */
	forget(): void {
		this.state?.picture.release();
		this.state?.features.dispose();
		this.state = undefined;
	}

	async dispose(): Promise<void> {
		this.forget();
		this.nothing.temporal.dispose();
		this.nothing.keep.dispose();
		this.rates?.step.dispose();
		this.rates?.rate.dispose();
		this.rates = undefined;
		for (const name of GRAPHS) await this.graphs[name].dispose();
	}

	/** A frame all of whose blocks are copied: no network runs. */
	private takeOver(motion: BlockMotion, copied: CopiedMap, frame: FrameLabels): Promise<DecodedPicture> {
		return this.guarded(async (temporary) => {
			const { picture, features } = this.move(motion);
			temporary(picture);
			const { width, height, cells } = this.geometry.grid4;
			const blank = new Float32Array(FOLDED_PLANES * cells);
			const samples = this.executor.upload(blank, [1, FOLDED_PLANES, height, width]);
			this.executor.copyBlocks(samples, picture, copied, 128);
			return this.become(samples, features, frame);
		});
	}

	/** @throws CodecError `missing-reference` */
	private reference(): State {
		if (this.state === undefined) {
			throw new CodecError("missing-reference", "An inter frame came without the frame before it.", {
				hint: "Start at a sync sample.",
			});
		}
		return this.state;
	}

	private move(motion: BlockMotion): Moved {
		const { picture, features } = this.reference();
		return {
			picture: this.executor.warpPicture(picture.tensor, motion),
			features: this.executor.warpFeatures(features, motion),
		};
	}

	private async synthesize(
		{ context, prediction }: Prepared,
		quality: Uint8Array,
		latents: Int16Array,
	): Promise<{ readonly picture: DeviceTensor; readonly features: DeviceTensor }> {
		const { width, height } = this.geometry.grid8;
		const values = this.executor.upload(Float32Array.from(latents), [1, LATENT_PLANES, height, width]);
		try {
			const { step, rate } = this.ratesOf(quality);
			const outputs = await this.graphs.synthesis.run({ context, prediction, latents: values, step, rate });
			return { picture: output(outputs, "picture"), features: output(outputs, "features") };
		} finally {
			values.dispose();
		}
	}

	/** Makes a picture and its features the reference of the next frame. */
	private become(picture: DeviceTensor, features: DeviceTensor, frame: FrameLabels): DecodedPicture {
		const shared = new SharedTensor(picture);
		this.forget();
		this.state = { picture: shared, features };
		return new DecodedPicture(this.executor, shared.share(), this.geometry, frame);
	}

	private ratesOf(quality: Uint8Array): Rates {
		const { rates, executor, tables } = this;
		if (rates?.quality.every((q, block) => q === quality[block])) return rates;
		rates?.step.dispose();
		rates?.rate.dispose();
		const { grid4, grid8, grid32 } = this.geometry;
		const rows = (table: Float32Array) => ({ table, map: quality, columns: grid32.width });
		this.rates = {
			quality,
			step: executor.spreadRows(rows(tables.step), [1, LATENT_PLANES, grid8.height, grid8.width]),
			rate: executor.spreadRows(rows(tables.rate), [1, RATE_VALUES, grid4.height, grid4.width]),
		};
		return this.rates;
	}

	/** Runs one step alone and frees what it calls temporary; where it fails, its results as well, and the state is dropped. */
	private async guarded<T>(step: (temporary: Note, result: Note) => Promise<T>): Promise<T> {
		if (this.busy)
			throw new CodecError("invalid-option", "A reconstructor takes one frame at a time: await the last.");
		this.busy = true;
		const temporaries: DeviceTensor[] = [];
		const results: DeviceTensor[] = [];
		try {
			return await step(noteIn(temporaries), noteIn(results));
		} catch (error) {
			for (const tensor of results) tensor.dispose();
			this.forget();
			throw error;
		} finally {
			for (const tensor of temporaries) tensor.dispose();
			this.busy = false;
		}
	}
}

function noteIn(tensors: DeviceTensor[]): Note {
	return (tensor) => {
		tensors.push(tensor);
		return tensor;
	};
}

function tensorsOf({ moved, ...tensors }: Prepared): DeviceTensor[] {
	return [...Object.values(tensors), ...Object.values(moved ?? {})];
}

/** `s - 128` of planes, one after the other. */
function centred(...planes: readonly Uint8Array[]): Float32Array {
	const out = new Float32Array(planes.reduce((sum, plane) => sum + plane.length, 0));
	let at = 0;
	for (const plane of planes) for (let i = 0; i < plane.length; i++) out[at++] = (plane[i] as number) - 128;
	return out;
}
