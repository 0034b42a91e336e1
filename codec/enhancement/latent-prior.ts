import type { FrameType } from "../bitstream/frame-header.ts";
import { CodecError } from "../errors.ts";
import type { DeviceTensor, Executor, Graph } from "../model/executor.ts";
import { graphOf, HYPER_PLANES, LATENT_PLANES, type Model, PRIOR_RATE_VALUES } from "../model/model-file.ts";
import { runGraph } from "../model/run-graph.ts";
import { mirrored } from "../motion/bidirectional.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { DirectionMap } from "../motion/direction-map.ts";
import type { Picture } from "../picture/picture.ts";
import { scoped } from "../scope.ts";
import { blendedBase, CUE_PLANES, movedBase, priorCues } from "./cues.ts";
import type { FrameGeometry } from "./geometry.ts";
import { missingNeighbour, References } from "./references.ts";

const LARGEST_SEEN = 127;

/** What one network pass says about the latents: integer mean in sixteenths of a step, scale index 0..63. `[96, h8, w8]` */
export type LatentModel = { readonly mean: Float32Array; readonly scale: Uint8Array };

/** What distinguishes one frame for the prior. */
export type PriorFrame = {
	/** Quality index of each block, `[h32, w32]`. */
	readonly quality: Uint8Array;
	/** Hyper latents, -127..127, `[16, h32, w32]`. */
	readonly hyper: Int16Array;
	/** Of {@link LatentPrior.cues}. */
	readonly cues: Float32Array;
	readonly type: FrameType;
};

/** `clip(latent >> 2, -127, 127)`: a latent of the first pass as the second one sees it. */
function seen(latent: number): number {
	const value = latent >> 2;
	return value < -LARGEST_SEEN ? -LARGEST_SEEN : value > LARGEST_SEEN ? LARGEST_SEEN : value;
}

/**
 * The prior's networks and what they remember (SPEC section 2, parser): shared by parser and encoder, so that both see
 * the same numbers. Per frame: `cues`, `first`, `second`, `remember`. After an error, `forget` and go on with an intra frame.
 */
export class LatentPrior {
	private readonly executor: Executor;
	private readonly geometry: FrameGeometry;
	private readonly rates: { readonly intra: Float32Array; readonly inter: Float32Array };
	private readonly graphs: { readonly first: Graph; readonly second: Graph };
	/** What `prior-second` sees: latents of the first pass, 0 elsewhere, `[96, h8, w8]`. */
	private readonly firstSeen: Float32Array;
	private readonly bases = new References<Picture>();
	private trunk: DeviceTensor | undefined;

	private constructor(executor: Executor, geometry: FrameGeometry, model: Model, first: Graph, second: Graph) {
		this.executor = executor;
		this.geometry = geometry;
		const { intra, inter } = model.tables.priorRate;
		this.rates = { intra: Float32Array.from(intra.flat()), inter: Float32Array.from(inter.flat()) };
		this.graphs = { first, second };
		this.firstSeen = new Float32Array(LATENT_PLANES * geometry.grid8.cells);
	}

	/** @throws CodecError `model-invalid`, `backend-failed` */
	static create(model: Model, executor: Executor, geometry: FrameGeometry): Promise<LatentPrior> {
		const size = { width: geometry.codedWidth, height: geometry.codedHeight };
		return scoped(async (_, result) => {
			const first = result(await executor.load(graphOf(model, "prior-first"), size));
			const second = result(await executor.load(graphOf(model, "prior-second"), size));
			return new LatentPrior(executor, geometry, model, first, second);
		});
	}

	/**
	 * Whether what a frame refers to is there: where not, the error to throw. A bidirectional frame lies between its references in time.
	 *
	 * @throws CodecError `missing-reference`
	 */
	check(type: FrameType, base: Picture): void {
		if (type === "inter") this.bases.last();
		if (type !== "bidirectional") return;
		const { past, future } = this.bases.around();
		if (!(past.timestamp < base.timestamp && base.timestamp < future.timestamp)) throw missingNeighbour();
	}

	/**
	 * What the prior may see of a frame's base picture. An intra frame forgets everything before it.
	 *
	 * @param motion undefined in an intra frame. @param directions of a bidirectional frame
	 * @throws CodecError `missing-reference`
	 */
	cues(base: Picture, motion: BlockMotion | undefined, directions: DirectionMap | undefined): Float32Array {
		if (motion === undefined) {
			this.forget();
			return priorCues(base, undefined, this.geometry);
		}
		if (directions === undefined) {
			return priorCues(base, { expected: movedBase(this.bases.last(), motion), motion }, this.geometry);
		}
		const { future, past } = this.bases.around();
		const moved = [movedBase(future, motion), movedBase(past, mirrored(motion))] as const;
		return priorCues(base, { expected: blendedBase(...moved, directions), motion }, this.geometry);
	}

	/** Means and scales of the first pass. */
	first(frame: PriorFrame): Promise<LatentModel> {
		return scoped(async (temporary) => {
			const { grid8, grid32 } = this.geometry;
			const table = frame.type === "intra" ? this.rates.intra : this.rates.inter;
			const rates = { table, map: frame.quality, columns: grid32.width };
			const { executor } = this;
			const { height, width } = grid32;
			const hyper = temporary(executor.upload(Float32Array.from(frame.hyper), [1, HYPER_PLANES, height, width]));
			const cues = temporary(executor.upload(frame.cues, [1, CUE_PLANES, grid8.height, grid8.width]));
			const rate = temporary(executor.spreadRows(rates, [1, PRIOR_RATE_VALUES, grid8.height, grid8.width]));
			const inputs = { hyper, cues, rate };
			const { trunk, mean, scale } = await runGraph(this.graphs.first, inputs, ["trunk", "mean", "scale"]);
			this.trunk?.dispose();
			this.trunk = trunk;
			return this.download(temporary(mean), temporary(scale));
		});
	}

	/**
	 * Means and scales of the second pass; may be asked again with other latents.
	 *
	 * @param latents those of the first pass; the others are not looked at
	 */
	second(latents: Int16Array): Promise<LatentModel> {
		return scoped(async (temporary) => {
			const { width, height } = this.geometry.grid8;
			const { trunk, firstSeen } = this;
			if (trunk === undefined) throw new CodecError("invalid-option", "The second pass comes after the first.");
			firstSeen.fill(0);
			for (let c = 0, row = 0; c < LATENT_PLANES; c++) {
				for (let y = 0; y < height; y++, row += width) {
					for (let x = (c + y) & 1; x < width; x += 2) firstSeen[row + x] = seen(latents[row + x] as number);
				}
			}
			const first = temporary(this.executor.upload(firstSeen, [1, LATENT_PLANES, height, width]));
			const { mean, scale } = await runGraph(this.graphs.second, { trunk, first }, ["mean", "scale"]);
			return this.download(temporary(mean), temporary(scale));
		});
	}

	/** Takes note of a frame's base picture, extended, for the frames that refer to it. */
	remember(base: Picture, type: FrameType): void {
		if (type === "bidirectional") this.bases.dropPast();
		else this.bases.add(base);
	}

	/** Drops the references: only an intra frame can follow. */
	forget(): void {
		this.bases.clear();
	}

	async dispose(): Promise<void> {
		this.trunk?.dispose();
		this.trunk = undefined;
		await this.graphs.first.dispose();
		await this.graphs.second.dispose();
	}

	private async download(mean: DeviceTensor, scale: DeviceTensor): Promise<LatentModel> {
		const [means, scales] = await Promise.all([this.executor.download(mean), this.executor.download(scale)]);
		return { mean: means, scale: Uint8Array.from(scales) };
	}
}
