/**
 * The encoder's motion search on a CPU: which vectors the {@link Quadtree} chooses among.
 *
 * Per 32x32 block: zero, the neighbours' vectors and the previous frame's; where none of them is good, a start from
 * the coarse search; then descent in whole, half and quarter samples. Quarters of the block begin from all vectors that
 * were tried above them and descend on their own.
 */
import { BlockErrors, CELL_ORDER } from "./block-errors.ts";
import { CoarseSearch } from "./coarse-search.ts";
import { type MotionField, ROOT_SIZE } from "./motion-field.ts";
import type { MotionModels } from "./motion-models.ts";
import { Quadtree } from "./quadtree.ts";
import { SubpelReference } from "./subpel-reference.ts";

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
	/** On a GPU: how often all blocks are searched, each time with the neighbours of the time before. */
	readonly passes: number;
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
		passes: 1,
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
		passes: 2,
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
		passes: 3,
	},
} as const satisfies Record<string, MotionEffort>;

/** The eight neighbours, nearest first. Steps of half and quarter samples try the first four only. */
const AROUND_X = Int8Array.of(1, -1, 0, 0, 1, -1, 1, -1);
const AROUND_Y = Int8Array.of(0, 0, 1, -1, 1, -1, -1, 1);

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
	private readonly quadtree: Quadtree;

	/** @param width coded width. @param height coded height: multiples of 32 */
	constructor(width: number, height: number, effort: MotionEffort = MOTION_EFFORTS.normal) {
		this.width = width;
		this.height = height;
		this.effort = effort;
		this.reference = new SubpelReference(width, height);
		this.errors = new BlockErrors(this.reference);
		this.coarse = new CoarseSearch(width, height);
		const seek = this.seek.bind(this);
		this.quadtree = new Quadtree(width / 8, height / 8, this.errors, seek, effort.splitAbove);
	}

	/**
	 * @returns a complete field, ready for `putMotion` with the same models
	 * @throws RangeError where a plane has another size than the search
	 */
	search({ current, reference, models, lambda }: MotionRequest): MotionField {
		const { width, height } = this;
		if (current.length !== width * height || reference.length !== width * height) {
			throw new RangeError(
				`Planes of ${current.length} and ${reference.length} samples are not ${width} x ${height}.`,
			);
		}
		this.reference.load(reference);
		this.coarse.load(current, reference);
		this.errors.load(current);
		return this.quadtree.choose(models, lambda);
	}

	private seek(column: number, row: number, size: number, first: number): void {
		const { effort, quadtree } = this;
		if (size === ROOT_SIZE) this.tryPrevious(column, row);
		else this.tryParents(size, first);
		if (size >= effort.coarse && quadtree.leafError > COARSE_ABOVE << (6 + 2 * size)) {
			const far = this.coarse.find(8 * column, 8 * row, 8 << size, quadtree.leafX / 4, quadtree.leafY / 4);
			quadtree.tryVector(size, first, 4 * far.x, 4 * far.y);
		}
		this.descend(size, first, size === ROOT_SIZE ? effort.root : effort.child);
	}

	/** The vectors tried for the blocks that this one is a part of. */
	private tryParents(size: number, first: number): void {
		const { errors } = this;
		const cells = 1 << (2 * size);
		for (let at = 0; at < errors.count; at++) {
			if (errors.isKnown(at, first, cells)) {
				this.quadtree.tryVector(size, first, errors.vectorX[at] as number, errors.vectorY[at] as number);
			}
		}
	}

	/** The vectors that the previous field has within this 32x32 block and right below it, quarter by quarter. */
	private tryPrevious(column: number, row: number): void {
		const { quadtree } = this;
		const { previous } = quadtree.models;
		if (previous === undefined) return;
		for (let i = 0; i < CELL_ORDER.length; i += 4) {
			const { x, y } = CELL_ORDER[i] as { x: number; y: number };
			const cell = 2 * ((row + y) * previous.columns + column + x);
			quadtree.tryVector(ROOT_SIZE, 0, previous.vectors[cell] as number, previous.vectors[cell + 1] as number);
		}
	}

	/** Moves to the best neighbour at each step width until none is better. */
	private descend(size: number, first: number, steps: Descent): void {
		const { quadtree } = this;
		for (const [step, rounds] of steps) {
			const neighbours = step <= 2 ? 4 : 8;
			for (let round = 0; round < rounds; round++) {
				const { leafX: x, leafY: y } = quadtree;
				for (let k = 0; k < neighbours; k++) {
					const [dx, dy] = [AROUND_X[k] as number, AROUND_Y[k] as number];
					quadtree.tryVector(size, first, x + step * dx, y + step * dy);
				}
				if (quadtree.leafX === x && quadtree.leafY === y) break;
			}
		}
	}
}
