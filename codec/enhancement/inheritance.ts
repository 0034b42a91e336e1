/**
 * What later pictures inherit from each block of a picture: how information spreads along motion, as in the macroblock tree of
 * x264 (J. Garrett-Glaser, "A novel macroblock-tree algorithm for high-performance optimization of dependent video coding", 2009).
 * It looks at base pictures: a block of 8x8 samples there is a block of 32x32 of the full picture. The encoder's choices only; a
 * decoder knows nothing of it.
 */

/** Side of a block, in samples of the base. */
const BLOCK = 8;
const BLOCK_SAMPLES = BLOCK * BLOCK;
/** Vectors reach this far, in samples of the base: four times as far in the full picture. */
const REACH = 7;
/** Price of a sample of a vector's length, in absolute error: noise shall not move blocks. */
const VECTOR_PRICE = 2;
/** Added to what a block costs by itself: one level a sample is noise, and no information. */
const NOISE = BLOCK_SAMPLES;

/** A luma plane whose sides are multiples of 8. */
export type LumaPlane = { readonly width: number; readonly height: number; readonly samples: Uint8Array };

/** Of each block of a picture. `[H/32, W/32]` of the full picture */
export type BlockCosts = {
	readonly columns: number;
	readonly rows: number;
	/** Sum of absolute differences from the block's own mean. */
	readonly own: Float32Array;
	/** From the picture before, moved. */
	readonly moved: Float32Array;
	/** Where in the picture before it comes from, `x, y` in samples. */
	readonly vectors: Int8Array;
};

/** What each block of a picture costs by itself and, in samples of absolute error, from the picture before. */
export function blockCosts(plane: LumaPlane, before: LumaPlane): BlockCosts {
	const [columns, rows] = [plane.width / BLOCK, plane.height / BLOCK];
	const costs = {
		...{ columns, rows, own: new Float32Array(columns * rows), moved: new Float32Array(columns * rows) },
		vectors: new Int8Array(2 * columns * rows),
	};
	const reference = withMargin(before);
	for (let row = 0, i = 0; row < rows; row++) {
		for (let column = 0; column < columns; column++, i++) {
			costs.own[i] = deviation(plane, BLOCK * column, BLOCK * row);
			const found = search(plane, reference, column, row, costs.vectors);
			costs.moved[i] = found.cost;
			costs.vectors[2 * i] = found.x;
			costs.vectors[2 * i + 1] = found.y;
		}
	}
	return costs;
}

/**
 * How much of each block the pictures after it use, in doublings: log2 of what it holds for all of them over what it holds for
 * itself; 0 where nothing follows.
 *
 * @param own of the picture: {@link BlockCosts}, or undefined where there is no picture before it. @param ahead of the pictures that
 * follow it, in order, each against the one before
 */
export function inheritance(own: Float32Array, ahead: readonly BlockCosts[]): Float32Array {
	let inherited = new Float32Array(own.length);
	for (const costs of ahead.toReversed()) inherited = passedOn(costs, inherited);
	return inherited.map((more, block) => Math.log2(1 + more / ((own[block] as number) + NOISE)));
}

/** What each block costs by itself, {@link BlockCosts.own}. */
export function ownCosts(plane: LumaPlane): Float32Array {
	const columns = plane.width / BLOCK;
	return Float32Array.from({ length: (columns * plane.height) / BLOCK }, (_, i) =>
		deviation(plane, BLOCK * (i % columns), BLOCK * Math.floor(i / columns)),
	);
}

/** What a picture's blocks hold and have inherited, as far as it comes from the picture before, put where it comes from. */
function passedOn(
	{ columns, rows, own, moved, vectors }: BlockCosts,
	inherited: Float32Array,
): Float32Array<ArrayBuffer> {
	const to = new Float32Array(own.length);
	for (let row = 0, i = 0; row < rows; row++) {
		for (let column = 0; column < columns; column++, i++) {
			const held = (own[i] as number) + NOISE;
			const kept = Math.max(1 - (moved[i] as number) / held, 0);
			const amount = (held + (inherited[i] as number)) * kept;
			const x = within(column + (vectors[2 * i] as number) / BLOCK, columns);
			const y = within(row + (vectors[2 * i + 1] as number) / BLOCK, rows);
			const [left, up] = [Math.floor(x), Math.floor(y)];
			const [right, down] = [Math.min(left + 1, columns - 1), Math.min(up + 1, rows - 1)];
			const [across, along] = [x - left, y - up];
			const add = (r: number, c: number, share: number) => {
				to[r * columns + c] = (to[r * columns + c] as number) + share * amount;
			};
			add(up, left, (1 - along) * (1 - across));
			add(up, right, (1 - along) * across);
			add(down, left, along * (1 - across));
			add(down, right, along * across);
		}
	}
	return to;
}

function within(value: number, count: number): number {
	return Math.min(Math.max(value, 0), count - 1);
}

function deviation({ samples, width }: LumaPlane, x: number, y: number): number {
	let sum = 0;
	for (let r = 0, row = y * width + x; r < BLOCK; r++, row += width) {
		for (let i = row; i < row + BLOCK; i++) sum += samples[i] as number;
	}
	const mean = sum / BLOCK_SAMPLES;
	let deviations = 0;
	for (let r = 0, row = y * width + x; r < BLOCK; r++, row += width) {
		for (let i = row; i < row + BLOCK; i++) deviations += Math.abs((samples[i] as number) - mean);
	}
	return deviations;
}

/** The plane with its edges repeated as far as vectors reach. */
function withMargin({ samples, width, height }: LumaPlane): LumaPlane {
	const [w, h] = [width + 2 * REACH, height + 2 * REACH];
	const wide = new Uint8Array(w * h);
	for (let y = 0; y < h; y++) {
		const from = within(y - REACH, height) * width;
		const row = wide.subarray(y * w, (y + 1) * w);
		row.fill(samples[from] as number, 0, REACH);
		row.set(samples.subarray(from, from + width), REACH);
		row.fill(samples[from + width - 1] as number, REACH + width);
	}
	return { width: w, height: h, samples: wide };
}

type Found = { x: number; y: number; cost: number };

/** The best of rest and the neighbours' vectors, then downhill in steps of one sample. */
function search(plane: LumaPlane, reference: LumaPlane, column: number, row: number, vectors: Int8Array): Found {
	const columns = plane.width / BLOCK;
	const best: Found = { x: 0, y: 0, cost: Number.POSITIVE_INFINITY };
	const tryVector = (x: number, y: number): boolean => {
		if (Math.abs(x) > REACH || Math.abs(y) > REACH) return false;
		const price = VECTOR_PRICE * (Math.abs(x) + Math.abs(y));
		const cost = price + difference(plane, reference, BLOCK * column, BLOCK * row, x, y, best.cost - price);
		if (cost >= best.cost) return false;
		Object.assign(best, { x, y, cost });
		return true;
	};
	tryVector(0, 0);
	const i = row * columns + column;
	for (const neighbour of [column > 0 ? i - 1 : -1, i - columns, column < columns - 1 ? i - columns + 1 : -1]) {
		if (neighbour >= 0) tryVector(vectors[2 * neighbour] as number, vectors[2 * neighbour + 1] as number);
	}
	for (let moved = best.cost > 0; moved;) {
		const { x, y } = best;
		moved = false;
		for (const [across, down] of STEPS) moved = tryVector(x + across, y + down) || moved;
	}
	return best;
}

/** Neighbours, and farther ones that a single slope would not lead to. */
const STEPS = [
	[-1, 0],
	[1, 0],
	[0, -1],
	[0, 1],
	[-3, 0],
	[3, 0],
	[0, -3],
	[0, 3],
] as const;

/** Sum of absolute differences; at least `limit` where it gives up. */
function difference(
	{ samples, width }: LumaPlane,
	reference: LumaPlane,
	x: number,
	y: number,
	across: number,
	down: number,
	limit: number,
): number {
	let sum = 0;
	let there = (y + down + REACH) * reference.width + x + across + REACH;
	for (let r = 0, here = y * width + x; r < BLOCK && sum < limit; r++, here += width, there += reference.width) {
		for (let i = 0; i < BLOCK; i++) {
			sum += Math.abs((samples[here + i] as number) - (reference.samples[there + i] as number));
		}
	}
	return sum;
}
