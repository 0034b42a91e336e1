/**
 * The decision of block motion: a quadtree of blocks (32, 16, 8), each still, merged or explicit, chosen by squared luma error +
 * lambda * bits, the bits being what the adaptive models charge at that moment. Which vectors are looked at is another's
 * business (`search.ts` on a CPU, `gpu-search.ts` on a GPU). Encoder only.
 */
import type { AdaptiveModel } from "../entropy/adaptive-model.ts";
import { emptyNeighbourhood, MotionField, ROOT_CELLS, ROOT_SIZE } from "./motion-field.ts";
import { LeafCosts, MotionModels } from "./motion-models.ts";
import { writeRoot } from "./syntax.ts";

/** Squared errors of one 32x32 block at some vectors, by 8x8 cell; the cells of every block of the quadtree are a run. */
export interface VectorErrors {
	/** Turns to the 32x32 block at `(x, y)`, in samples. */
	start(x: number, y: number): void;
	/** The index of a vector, or -1 where nothing is known of it, or can be. */
	indexOf(vx: number, vy: number): number;
	/** Squared error over cells `first .. first + cells - 1`; any number of at least `limit` where it reaches that. */
	error(at: number, first: number, cells: number, limit: number): number;
}

/**
 * Tries vectors for a block, by {@link Quadtree.tryVector}, after zero and the neighbours' have been tried.
 *
 * @param column of its first cell. @param row likewise. @param size log2 of its cells per side. @param first its first cell in order
 */
export type SeekVectors = (column: number, row: number, size: number, first: number) => void;

/** Below this many lambdas of error a still block is taken as it is. */
const STILL_BELOW = 1.5;

export class Quadtree {
	/** A copy of the coder's models that learns the frame while it is being searched. */
	readonly models = new MotionModels();
	private readonly errors: VectorErrors;
	private readonly seek: SeekVectors;
	private readonly splitAbove: number;
	private readonly costs = new LeafCosts();
	private readonly hood = emptyNeighbourhood();
	private readonly writerHood = emptyNeighbourhood();
	private readonly written: MotionField;
	private field: MotionField;
	private lambda = 0;
	/** The best leaf so far of the block that vectors are tried for. */
	leafX = 0;
	leafY = 0;
	leafError = 0;
	private leafCost = 0;

	/** @param columns of 8x8 cells. @param splitAbove a block is split where its error is above this many lambdas */
	constructor(columns: number, rows: number, errors: VectorErrors, seek: SeekVectors, splitAbove: number) {
		this.errors = errors;
		this.seek = seek;
		this.splitAbove = splitAbove;
		this.field = new MotionField(columns, rows);
		this.written = new MotionField(columns, rows);
	}

	/**
	 * @param coder its state before this frame; not changed. @param lambda squared error that one bit is worth
	 * @returns a complete field, ready for `putMotion` with the same models
	 */
	choose(coder: MotionModels, lambda: number): MotionField {
		const { models } = this;
		this.lambda = lambda;
		this.field = new MotionField(this.field.columns, this.field.rows);
		this.written.clear();
		models.copyFrom(coder);
		const walk = { models, field: this.written, hood: this.writerHood };
		for (let row = 0; row < this.field.rows; row += ROOT_CELLS) {
			for (let column = 0; column < this.field.columns; column += ROOT_CELLS) {
				this.errors.start(8 * column, 8 * row);
				this.costs.load(models);
				this.chooseBlock(column, row, ROOT_SIZE, 0);
				writeRoot(undefined, walk, this.field, column, row);
			}
		}
		return this.field;
	}

	/** Chooses leaf or split, paints the choice and returns its cost. `first` is the block's first cell in order. */
	private chooseBlock(column: number, row: number, size: number, first: number): number {
		const { field, lambda } = this;
		this.chooseLeaf(column, row, size, first);
		const { leafX, leafY, leafError, leafCost } = this;
		if (size === 0) {
			field.paint(column, row, size, leafX, leafY);
			return leafCost;
		}
		const split = this.models.split[field.splitContext(column, row, size, this.models.previous)] as AdaptiveModel;
		const whole = leafCost + lambda * split.cost(0);
		if (leafError > this.splitAbove * lambda) {
			let parts = lambda * split.cost(1);
			const cells = 1 << (2 * size - 2);
			for (let k = 0; k < 4 && parts < whole; k++) {
				const half = 1 << (size - 1);
				parts += this.chooseBlock(column + (k & 1) * half, row + (k >> 1) * half, size - 1, first + k * cells);
			}
			if (parts < whole) return parts;
		}
		field.paint(column, row, size, leafX, leafY);
		return whole;
	}

	private chooseLeaf(column: number, row: number, size: number, first: number): void {
		const { hood, models, lambda } = this;
		this.field.look(column, row, size, models.previous, hood);
		this.leafCost = Number.POSITIVE_INFINITY;
		this.tryVector(size, first, 0, 0);
		if (this.leafError < STILL_BELOW * lambda) return;
		for (let i = 0; i < hood.candidates; i++) {
			this.tryVector(size, first, hood.candidateX[i] as number, hood.candidateY[i] as number);
		}
		this.tryVector(size, first, hood.predictedX, hood.predictedY);
		this.seek(column, row, size, first);
	}

	/** Takes the vector for the current leaf if it costs less than the best so far. */
	tryVector(size: number, first: number, x: number, y: number): void {
		const { errors } = this;
		const at = errors.indexOf(x, y);
		if (at < 0) return;
		const rate = this.lambda * this.costs.leaf(size, this.hood, x, y);
		const limit = this.leafCost - rate;
		if (limit <= 0) return;
		const error = errors.error(at, first, 1 << (2 * size), limit);
		if (error >= limit) return;
		this.leafCost = error + rate;
		this.leafError = error;
		this.leafX = x;
		this.leafY = y;
	}
}
