/**
 * The encoder's motion search: a quadtree of blocks (32, 16, 8), each still, merged or explicit, chosen by squared
 * luma error + lambda * bits, the bits being what the adaptive models charge at that moment.
 *
 * Per 32x32 block: zero, the neighbours' vectors and the previous frame's; where none of them is good, a start from
 * the coarse search; then descent in whole, half and quarter samples. Quarters of the block begin from all vectors that
 * were tried above them and descend on their own.
 */
import type { AdaptiveModel } from "../entropy/adaptive-model.ts";
import { BlockErrors, CELL_ORDER } from "./block-errors.ts";
import { CoarseSearch } from "./coarse-search.ts";
import { emptyNeighbourhood, MotionField, ROOT_CELLS, ROOT_SIZE } from "./motion-field.ts";
import { LeafCosts, MotionModels } from "./motion-models.ts";
import { SubpelReference } from "./subpel-reference.ts";
import { writeRoot } from "./syntax.ts";

/** Widths of descent steps, in quarter samples, and how often each is repeated at most. */
type Descent = readonly (readonly [step: number, rounds: number])[];

export type MotionEffort = {
	/** Descent of 32x32 blocks, and of smaller ones. */
	readonly root: Descent;
	readonly child: Descent;
	/** Smallest block that may ask the coarse search: 1 is 16x16, 2 is 32x32. */
	readonly coarse: 1 | 2;
	/** A block is split where its error is above this many lambdas. */
	readonly splitAbove: number;
};

/** Over ten training clips at lambda 600, error + lambda * bits of `fast`, `normal`, `thorough` is 1.06, 1, 0.994. */
export const MOTION_EFFORTS = {
	fast: {
		root: [
			[8, 4],
			[4, 2],
			[2, 1],
			[1, 1],
		],
		child: [
			[4, 2],
			[2, 1],
		],
		coarse: 2,
		splitAbove: 6,
	},
	normal: {
		root: [
			[16, 2],
			[8, 4],
			[4, 4],
			[2, 2],
			[1, 2],
		],
		child: [
			[8, 2],
			[4, 3],
			[2, 2],
			[1, 2],
		],
		coarse: 1,
		splitAbove: 3,
	},
	thorough: {
		root: [
			[32, 2],
			[16, 4],
			[8, 4],
			[4, 4],
			[2, 2],
			[1, 2],
		],
		child: [
			[16, 4],
			[8, 4],
			[4, 4],
			[2, 2],
			[1, 2],
		],
		coarse: 1,
		splitAbove: 2,
	},
} as const satisfies Record<string, MotionEffort>;

/** The eight neighbours, nearest first. Steps of half and quarter samples try the first four only. */
const AROUND_X = Int8Array.of(1, -1, 0, 0, 1, -1, 1, -1);
const AROUND_Y = Int8Array.of(0, 0, 1, -1, 1, -1, -1, 1);

/** Below this many lambdas of error a still block is taken as it is. */
const STILL_BELOW = 1.5;
/** Mean squared error above which a block asks the coarse search. */
const COARSE_ABOVE = 16;

export type MotionRequest = {
	/** Luma of the picture to predict and of its reference: coded size, tight. */
	readonly current: Uint8Array;
	readonly reference: Uint8Array;
	/** State of the coder before this frame; not changed. */
	readonly models: MotionModels;
	/** Squared error that one bit is worth. */
	readonly lambda: number;
};

export class MotionSearch {
	private readonly width: number;
	private readonly height: number;
	private readonly effort: MotionEffort;
	private readonly reference: SubpelReference;
	private readonly errors: BlockErrors;
	private readonly coarse: CoarseSearch;
	/** A copy of the coder's models that learns the frame while it is being searched. */
	private readonly models = new MotionModels();
	private readonly costs = new LeafCosts();
	private readonly hood = emptyNeighbourhood();
	private readonly writerHood = emptyNeighbourhood();
	private readonly written: MotionField;
	private field: MotionField;
	private lambda = 0;
	/** The best leaf found by the latest `chooseLeaf`. */
	private leafX = 0;
	private leafY = 0;
	private leafError = 0;
	private leafCost = 0;

	/** @param width coded width. @param height coded height: multiples of 32 */
	constructor(width: number, height: number, effort: MotionEffort = MOTION_EFFORTS.normal) {
		this.width = width;
		this.height = height;
		this.effort = effort;
		this.reference = new SubpelReference(width, height);
		this.errors = new BlockErrors(this.reference);
		this.coarse = new CoarseSearch(width, height);
		this.field = new MotionField(width / 8, height / 8);
		this.written = new MotionField(width / 8, height / 8);
	}

	/**
	 * @returns a complete field, ready for `writeMotion` with the same models
	 * @throws RangeError where a plane has another size than the search
	 */
	search(request: MotionRequest): MotionField {
		const { current, reference, lambda } = request;
		const { width, height, models } = this;
		if (current.length !== width * height || reference.length !== width * height) {
			throw new RangeError(
				`Planes of ${current.length} and ${reference.length} samples are not ${width} x ${height}.`,
			);
		}
		this.lambda = lambda;
		this.field = new MotionField(width / 8, height / 8);
		this.written.clear();
		models.copyFrom(request.models);
		this.reference.load(reference);
		this.coarse.load(current, reference);
		const walk = { models, field: this.written, hood: this.writerHood };
		for (let row = 0; row < this.field.rows; row += ROOT_CELLS) {
			for (let column = 0; column < this.field.columns; column += ROOT_CELLS) {
				this.errors.start(current, 8 * column, 8 * row);
				this.costs.load(models);
				this.choose(column, row, ROOT_SIZE, 0);
				writeRoot(undefined, walk, this.field, column, row);
			}
		}
		return this.field;
	}

	/** Chooses leaf or split, paints the choice and returns its cost. `first` is the block's first cell in order. */
	private choose(column: number, row: number, size: number, first: number): number {
		const { field, lambda } = this;
		this.chooseLeaf(column, row, size, first);
		const { leafX, leafY, leafError, leafCost } = this;
		if (size === 0) {
			field.paint(column, row, size, leafX, leafY);
			return leafCost;
		}
		const split = this.models.split[field.splitContext(column, row, size, this.models.previous)] as AdaptiveModel;
		const whole = leafCost + lambda * split.cost(0);
		if (leafError > this.effort.splitAbove * lambda) {
			let parts = lambda * split.cost(1);
			const cells = 1 << (2 * size - 2);
			for (let k = 0; k < 4 && parts < whole; k++) {
				const half = 1 << (size - 1);
				parts += this.choose(column + (k & 1) * half, row + (k >> 1) * half, size - 1, first + k * cells);
			}
			if (parts < whole) return parts;
		}
		field.paint(column, row, size, leafX, leafY);
		return whole;
	}

	private chooseLeaf(column: number, row: number, size: number, first: number): void {
		const { hood, models, lambda, effort } = this;
		this.field.look(column, row, size, models.previous, hood);
		this.leafCost = Number.POSITIVE_INFINITY;
		this.tryVector(size, first, 0, 0);
		if (this.leafError < STILL_BELOW * lambda) return;
		for (let i = 0; i < hood.candidates; i++) {
			this.tryVector(size, first, hood.candidateX[i] as number, hood.candidateY[i] as number);
		}
		this.tryVector(size, first, hood.predictedX, hood.predictedY);
		if (size === ROOT_SIZE) this.tryPrevious(column, row);
		else this.tryParents(size, first);
		if (size >= effort.coarse && this.leafError > COARSE_ABOVE << (6 + 2 * size)) {
			const far = this.coarse.find(8 * column, 8 * row, 8 << size, this.leafX / 4, this.leafY / 4);
			this.tryVector(size, first, 4 * far.x, 4 * far.y);
		}
		this.descend(size, first, size === ROOT_SIZE ? effort.root : effort.child);
	}

	/** The vectors tried for the blocks that this one is a part of. */
	private tryParents(size: number, first: number): void {
		const { errors } = this;
		const cells = 1 << (2 * size);
		for (let at = 0; at < errors.count; at++) {
			if (errors.isKnown(at, first, cells)) {
				this.tryVector(size, first, errors.vectorX[at] as number, errors.vectorY[at] as number);
			}
		}
	}

	/** The vectors that the previous field has within this 32x32 block and right below it, quarter by quarter. */
	private tryPrevious(column: number, row: number): void {
		const previous = this.models.previous;
		if (previous === undefined) return;
		for (let i = 0; i < CELL_ORDER.length; i += 4) {
			const { x, y } = CELL_ORDER[i] as { x: number; y: number };
			const cell = 2 * ((row + y) * previous.columns + column + x);
			this.tryVector(ROOT_SIZE, 0, previous.vectors[cell] as number, previous.vectors[cell + 1] as number);
		}
	}

	/** Moves to the best neighbour at each step width until none is better. */
	private descend(size: number, first: number, steps: Descent): void {
		for (const [step, rounds] of steps) {
			const neighbours = step <= 2 ? 4 : 8;
			for (let round = 0; round < rounds; round++) {
				const x = this.leafX;
				const y = this.leafY;
				for (let k = 0; k < neighbours; k++) {
					this.tryVector(size, first, x + step * (AROUND_X[k] as number), y + step * (AROUND_Y[k] as number));
				}
				if (this.leafX === x && this.leafY === y) break;
			}
		}
	}

	/** Takes the vector for the current leaf if it costs less than the best so far. */
	private tryVector(size: number, first: number, x: number, y: number): void {
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
