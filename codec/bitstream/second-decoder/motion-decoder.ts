/** For tests: the block motion of the second decoder; `entropy.ts` says what it is. */
import { defined, groups, Model, numbers, type Stream } from "./entropy.ts";

const SPLIT = groups(
	`928 72, 977 23, 358 642 | 424 576, 796 204, 132 868 | 137 863, 569 431, 46 954
	 803 197, 909 91, 417 583 | 489 511, 720 280, 225 775 | 242 758, 470 530, 106 894`,
	2,
);
const MODE = groups(
	`844 1 1 1 1 155 | 477 290 1 1 1 234 | 146 359 147 1 1 348 | 49 286 184 69 1 412 | 20 141 162 37 51 590
	 960 1 1 1 1 40 | 496 327 1 1 1 177 | 106 480 134 1 1 279 | 26 362 220 73 1 320 | 12 199 218 60 56 454
	 991 1 1 1 1 9 | 382 524 1 1 1 94 | 47 642 116 1 1 195 | 12 376 241 84 1 288 | 5 156 156 58 105 520`,
	6,
);
const DIFFERENCE_X = numbers("109 215 112 83 68 41 31 42 135 88 44 17 10 3 1 1");
const DIFFERENCE_Y = groups(
	`11 364 267 51 117 22 20 34 60 35 14 3 1 1 1 1
	 165 265 132 91 63 42 27 37 107 56 12 3 1 1 1 1
	 60 47 71 52 64 31 42 50 206 199 100 39 31 6 1 1`,
	16,
);

/** An 8x8 cell: its vector, and the size of its leaf as section 4.2 counts sizes. */
type Cell = { x: number; y: number; s: number };
/** By `x,y`. */
export type Cells = Map<string, Cell>;

/** Section 4.7, by what the left and the upper block have. */
const DIRECTION = groups(
	`1500 100 100 | 1100 500 100 | 1100 100 500
	 1100 500 100 | 700 900 100 | 700 500 500
	 1100 100 500 | 700 500 500 | 700 100 900`,
	3,
);

/** Sections 4.2 and 4.7: the frames of one GOP behind the intra frame, in order of decoding. */
export class MotionDecoder {
	private readonly split = SPLIT.map((w) => new Model(w));
	private readonly mode = MODE.map((w) => new Model(w));
	private readonly differenceX = new Model(DIFFERENCE_X);
	private readonly differenceY = DIFFERENCE_Y.map((w) => new Model(w));
	private previous: Cells | undefined;
	private readonly direction = DIRECTION.map((w) => new Model(w));
	private between: MotionDecoder | undefined;

	/** Cells, and directions of the 16x16 blocks, of a bidirectional frame. */
	bidirectional(stream: Stream | undefined, columns: number, rows: number): { cells: Cells; directions: number[] } {
		const n = (columns * rows) / 4;
		this.between ??= new MotionDecoder();
		this.between.previous =
			this.previous &&
			new Map(
				[...this.previous].map(([at, { x, y, s }]) => [
					at,
					{ x: -Math.floor(x / 2), y: -Math.floor(y / 2), s },
				]),
			);
		if (stream === undefined) {
			const cells = this.between.frame(undefined, columns, rows);
			return { cells, directions: Array.from({ length: n }, () => 0) };
		}
		const cells = this.between.field(stream, columns, rows);
		const directions: number[] = [];
		const w = columns / 2;
		for (let i = 0; i < n; i++) {
			const left = i % w === 0 ? 0 : defined(directions[i - 1]);
			const up = i < w ? 0 : defined(directions[i - w]);
			directions.push(defined(this.direction[3 * left + up]).symbol(stream));
		}
		return { cells, directions };
	}

	/** Cells of the next inter frame; without a stream nothing moves. */
	frame(stream: Stream | undefined, columns: number, rows: number): Cells {
		if (stream !== undefined) return this.field(stream, columns, rows);
		const cells: Cells = new Map();
		this.previous = undefined;
		for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) cells.set(`${x},${y}`, { x: 0, y: 0, s: 2 });
		return cells;
	}

	private field(stream: Stream, columns: number, rows: number): Cells {
		const cells: Cells = new Map();
		const at = (from: Cells, x: number, y: number) => from.get(`${x},${y}`);
		const difference = (model: Model) => {
			const k = model.symbol(stream);
			const magnitude = k < 8 ? k : 2 ** (k - 5) + stream.bits(k - 5);
			return { k, d: k > 0 && stream.bits(1) === 1 ? -magnitude : magnitude };
		};
		const block = (x: number, y: number, s: number): void => {
			const n = 2 ** s;
			const left = at(cells, x - 1, y);
			const up = at(cells, x, y - 1);
			const before = this.previous && at(this.previous, x + Math.floor(n / 2), y + Math.floor(n / 2));
			if (s > 0) {
				const smaller = [left, up].filter((c) => c !== undefined && c.s < s).length;
				const context = 9 * (2 - s) + 3 * smaller + (before === undefined ? 0 : before.s < s ? 2 : 1);
				if (defined(this.split[context]).symbol(stream) === 1) {
					for (const [i, j] of [
						[0, 0],
						[1, 0],
						[0, 1],
						[1, 1],
					] as const)
						block(x + (i * n) / 2, y + (j * n) / 2, s - 1);
					return;
				}
			}
			const corner = at(cells, x + n, y - 1) ?? at(cells, x - 1, y - 1);
			const candidates: Cell[] = [];
			for (const c of [left, up, corner, before]) {
				if (c === undefined || (c.x === 0 && c.y === 0)) continue;
				if (!candidates.some((d) => d.x === c.x && d.y === c.y)) candidates.push(c);
			}
			const mode = defined(this.mode[5 * s + candidates.length]).symbol(stream);
			let vector = { x: 0, y: 0 };
			if (mode === 5) {
				const middle = (a: number, b: number, c: number) => defined([a, b, c].sort((p, q) => p - q)[1]);
				const prediction =
					left && up && corner
						? { x: middle(left.x, up.x, corner.x), y: middle(left.y, up.y, corner.y) }
						: (left ?? up ?? { x: 0, y: 0 });
				const { k, d } = difference(this.differenceX);
				const dy = difference(defined(this.differenceY[k === 0 ? 0 : k < 8 ? 1 : 2])).d;
				vector = { x: prediction.x + d, y: prediction.y + dy };
			} else if (mode > 0) {
				vector = defined(candidates[mode - 1]);
			}
			for (let j = 0; j < n; j++)
				for (let i = 0; i < n; i++) cells.set(`${x + i},${y + j}`, { x: vector.x, y: vector.y, s });
		};
		for (let y = 0; y < rows; y += 4) for (let x = 0; x < columns; x += 4) block(x, y, 2);
		this.previous = cells;
		return cells;
	}
}
