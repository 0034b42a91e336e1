/**
 * Squared errors of one 32x32 block at the vectors tried so far, kept per 8x8 cell: what a vector costs the whole
 * block, its quarters and theirs is then a sum, and no cell is compared twice. Encoder only.
 */
import { HIGHEST_VECTOR, LOWEST_VECTOR } from "./motion-field.ts";
import type { VectorErrors } from "./quadtree.ts";
import { REACH, type SubpelReference } from "./subpel-reference.ts";

const CELLS = 16;
/** Vectors kept per 32x32 block; further ones are not tried. */
const CAPACITY = 400;
/** Slots of the hash of vectors; a power of two well above the capacity. */
const SLOTS = 1024;

/** Order of the cells of a 32x32 block such that every block of the quadtree is a run. */
export const CELL_ORDER = Array.from({ length: CELLS }, (_, i) => {
	const x = (i & 1) | ((i >> 1) & 2);
	const y = ((i >> 1) & 1) | ((i >> 2) & 2);
	return { x, y };
});

export class BlockErrors implements VectorErrors {
	private readonly reference: SubpelReference;
	private current: Uint8Array = new Uint8Array(0);
	/** Top left sample of the block. */
	private x = 0;
	private y = 0;

	/** Number of vectors tried. */
	count = 0;
	readonly vectorX = new Int16Array(CAPACITY);
	readonly vectorY = new Int16Array(CAPACITY);
	/** Bit `i`: the error of cell `i` (in {@link CELL_ORDER}) is known. */
	private readonly known = new Uint16Array(CAPACITY);
	private readonly errors = new Int32Array(CAPACITY * CELLS);
	private readonly slots = new Int16Array(SLOTS);

	constructor(reference: SubpelReference) {
		this.reference = reference;
	}

	/** Takes another picture. @param current luma plane of the reference's size */
	load(current: Uint8Array): void {
		this.current = current;
	}

	/** Turns to the block at `(x, y)`. */
	start(x: number, y: number): void {
		this.x = x;
		this.y = y;
		this.count = 0;
		this.slots.fill(-1);
	}

	/** The index of a vector, or -1 where it is out of range or there is no room for it. */
	indexOf(vx: number, vy: number): number {
		let slot = (Math.imul(vx, 0x9e5f) + Math.imul(vy, 0x3c6f)) & (SLOTS - 1);
		for (let at = this.slots[slot] as number; at >= 0; at = this.slots[slot] as number) {
			if (this.vectorX[at] === vx && this.vectorY[at] === vy) return at;
			slot = (slot + 1) & (SLOTS - 1);
		}
		const left = this.x + (vx >> 2);
		const top = this.y + (vy >> 2);
		const { width, height } = this.reference;
		if (
			this.count === CAPACITY ||
			Math.min(vx, vy) < LOWEST_VECTOR ||
			Math.max(vx, vy) > HIGHEST_VECTOR ||
			Math.min(left, top) < -REACH ||
			left > width + REACH - 32 ||
			top > height + REACH - 32
		) {
			return -1;
		}
		const at = this.count++;
		this.slots[slot] = at;
		this.vectorX[at] = vx;
		this.vectorY[at] = vy;
		this.known[at] = 0;
		return at;
	}

	/** Whether the errors of cells `first .. first + cells - 1` are all known. */
	isKnown(at: number, first: number, cells: number): boolean {
		const mask = ((1 << cells) - 1) << first;
		return ((this.known[at] as number) & mask) === mask;
	}

	/**
	 * Squared error over cells `first .. first + cells - 1`; stops early, with a number of at least `limit`, once it
	 * reaches that.
	 */
	error(at: number, first: number, cells: number, limit: number): number {
		const { errors } = this;
		let known = this.known[at] as number;
		let sum = 0;
		for (let cell = first; cell < first + cells; cell++) {
			const i = at * CELLS + cell;
			if ((known & (1 << cell)) === 0) {
				errors[i] = this.compare(at, cell);
				known |= 1 << cell;
			}
			sum += errors[i] as number;
			if (sum >= limit) break;
		}
		this.known[at] = known;
		return sum;
	}

	private compare(at: number, cell: number): number {
		const { reference } = this;
		const { stride, width } = reference;
		const order = CELL_ORDER[cell] as { x: number; y: number };
		const x = this.x + 8 * order.x;
		const y = this.y + 8 * order.y;
		const vx = this.vectorX[at] as number;
		const vy = this.vectorY[at] as number;
		const left = x + (vx >> 2);
		const top = y + (vy >> 2);
		const plane = reference.plane(vx & 3, vy & 3, left, top, 8);
		return squaredError(this.current, y * width + x, width, plane, reference.offset(left, top), stride);
	}
}

/** Sum of squared differences of two 8x8 squares. */
function squaredError(a: Uint8Array, i: number, strideA: number, b: Uint8Array, k: number, strideB: number): number {
	let sum = 0;
	for (let row = 0; row < 8; row++, i += strideA, k += strideB) {
		const d0 = (a[i] as number) - (b[k] as number);
		const d1 = (a[i + 1] as number) - (b[k + 1] as number);
		const d2 = (a[i + 2] as number) - (b[k + 2] as number);
		const d3 = (a[i + 3] as number) - (b[k + 3] as number);
		const d4 = (a[i + 4] as number) - (b[k + 4] as number);
		const d5 = (a[i + 5] as number) - (b[k + 5] as number);
		const d6 = (a[i + 6] as number) - (b[k + 6] as number);
		const d7 = (a[i + 7] as number) - (b[k + 7] as number);
		sum += d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3 + d4 * d4 + d5 * d5 + d6 * d6 + d7 * d7;
	}
	return sum;
}
