/**
 * A quadtree field in the making: what writer, reader and search know of the blocks coded so far in a frame, and what
 * follows from it for the next block (SPEC section 4.2).
 */
import type { BlockMotion } from "./block-motion.ts";

/** Vectors are quarter luma samples in this range. */
export const LOWEST_VECTOR = -1024;
export const HIGHEST_VECTOR = 1023;

/** A block's size as log2 of its cells per side: 0 is 8x8 samples, 1 is 16x16, 2 is 32x32. */
export type BlockSize = 0 | 1 | 2;
export const ROOT_SIZE = 2;
export const ROOT_CELLS = 4;

/** A block merges with one of at most this many neighbours. */
export const LARGEST_CANDIDATES = 4;

/** What is known of a block before it is coded. */
export type Neighbourhood = {
	/** Distinct vectors other than zero of the neighbours: `candidateX[i], candidateY[i]`, `i < candidates`. */
	candidates: number;
	readonly candidateX: Int16Array;
	readonly candidateY: Int16Array;
	/** The vector from which an explicit one is coded as a difference. */
	predictedX: number;
	predictedY: number;
};

export function emptyNeighbourhood(): Neighbourhood {
	return {
		candidates: 0,
		candidateX: new Int16Array(LARGEST_CANDIDATES),
		candidateY: new Int16Array(LARGEST_CANDIDATES),
		predictedX: 0,
		predictedY: 0,
	};
}

function median(a: number, b: number, c: number): number {
	return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

export class MotionField {
	/** Coded width / 8 and coded height / 8: multiples of 4. */
	readonly columns: number;
	readonly rows: number;
	/** x then y per cell. */
	readonly vectors: Int16Array;
	/** 1 + size of the leaf that covers the cell; 0 where no leaf has been coded yet. */
	readonly leaves: Uint8Array;

	constructor(columns: number, rows: number) {
		if (columns % ROOT_CELLS !== 0 || rows % ROOT_CELLS !== 0) {
			throw new RangeError(`A field of ${columns} x ${rows} cells is not made of 32x32 blocks.`);
		}
		this.columns = columns;
		this.rows = rows;
		this.vectors = new Int16Array(2 * columns * rows);
		this.leaves = new Uint8Array(columns * rows);
	}

	/** Forgets all blocks. */
	clear(): void {
		this.vectors.fill(0);
		this.leaves.fill(0);
	}

	/** Size of the leaf at a cell that has been coded. */
	sizeAt(column: number, row: number): number {
		return (this.leaves[row * this.columns + column] as number) - 1;
	}

	/** Makes the block at `(column, row)` a leaf with vector `(x, y)`. */
	paint(column: number, row: number, size: number, x: number, y: number): void {
		const side = 1 << size;
		for (let j = 0; j < side; j++) {
			let cell = (row + j) * this.columns + column;
			for (let i = 0; i < side; i++, cell++) {
				this.leaves[cell] = size + 1;
				this.vectors[2 * cell] = x;
				this.vectors[2 * cell + 1] = y;
			}
		}
	}

	/**
	 * Context of the split flag of a block larger than 8x8, 0..17: its size, how many of the left and the upper
	 * neighbour are smaller, and the leaf of the previous field below its middle (none, as large or larger, smaller).
	 */
	splitContext(column: number, row: number, size: number, previous: MotionField | undefined): number {
		const cell = row * this.columns + column;
		const left = column > 0 && (this.leaves[cell - 1] as number) <= size ? 1 : 0;
		const up = row > 0 && (this.leaves[cell - this.columns] as number) <= size ? 1 : 0;
		let before = 0;
		if (previous !== undefined) before = (previous.leaves[this.middle(cell, size)] as number) <= size ? 2 : 1;
		return 9 * (ROOT_SIZE - size) + 3 * (left + up) + before;
	}

	/** The cell right below the middle of a block whose first cell is `cell`. */
	private middle(cell: number, size: number): number {
		return cell + ((1 << size) >> 1) * (this.columns + 1);
	}

	/**
	 * Fills `hood` for the block at `(column, row)`.
	 *
	 * @param previous the field of the previous inter frame, where there is one since the last intra frame
	 */
	look(column: number, row: number, size: number, previous: MotionField | undefined, hood: Neighbourhood): void {
		const { columns, leaves, vectors } = this;
		const side = 1 << size;
		const cell = row * columns + column;
		const left = column > 0 ? cell - 1 : -1;
		const up = row > 0 ? cell - columns : -1;
		// The corner is up-right where that has been coded, else up-left.
		let corner = up >= 0 && column + side < columns ? up + side : -1;
		if (corner < 0 || leaves[corner] === 0) corner = up >= 0 && left >= 0 ? up - 1 : -1;
		hood.candidates = 0;
		const leftX = left >= 0 ? (vectors[2 * left] as number) : 0;
		const leftY = left >= 0 ? (vectors[2 * left + 1] as number) : 0;
		const upX = up >= 0 ? (vectors[2 * up] as number) : 0;
		const upY = up >= 0 ? (vectors[2 * up + 1] as number) : 0;
		const cornerX = corner >= 0 ? (vectors[2 * corner] as number) : 0;
		const cornerY = corner >= 0 ? (vectors[2 * corner + 1] as number) : 0;
		addCandidate(hood, leftX, leftY);
		addCandidate(hood, upX, upY);
		addCandidate(hood, cornerX, cornerY);
		if (previous !== undefined) {
			const middle = 2 * this.middle(cell, size);
			addCandidate(hood, previous.vectors[middle] as number, previous.vectors[middle + 1] as number);
		}
		if (left >= 0 && up >= 0) {
			hood.predictedX = median(leftX, upX, cornerX);
			hood.predictedY = median(leftY, upY, cornerY);
		} else {
			hood.predictedX = leftX + upX;
			hood.predictedY = leftY + upY;
		}
	}

	/** The finished field as reconstruction wants it. */
	toBlockMotion(): BlockMotion {
		const { columns, rows } = this;
		const vectors = this.vectors.slice();
		const moved = new Uint8Array(columns * rows);
		for (let i = 0; i < moved.length; i++) moved[i] = vectors[2 * i] !== 0 || vectors[2 * i + 1] !== 0 ? 1 : 0;
		return { columns, rows, moved, vectors };
	}
}

function addCandidate(hood: Neighbourhood, x: number, y: number): void {
	if ((x | y) === 0) return;
	for (let i = 0; i < hood.candidates; i++) if (hood.candidateX[i] === x && hood.candidateY[i] === y) return;
	hood.candidateX[hood.candidates] = x;
	hood.candidateY[hood.candidates] = y;
	hood.candidates++;
}
