import { TABLE_UNIT, TABLE_VECTORS, TABLE_WORDS } from "./error-table.wgsl.ts";
import type { VectorErrors } from "./quadtree.ts";

const CELLS = 16;

/** The errors that a GPU has told of every 32x32 block: some vectors each, and no others. */
export class ErrorTable implements VectorErrors {
	/** 32x32 blocks in a row. */
	private readonly columns: number;
	private words = new Uint32Array(0);
	/** First word of the block. */
	private first = 0;
	/** Of the block: vectors told, and their errors by cell. */
	count = 0;
	readonly vectorX = new Int16Array(TABLE_VECTORS);
	readonly vectorY = new Int16Array(TABLE_VECTORS);

	constructor(columns: number) {
		this.columns = columns;
	}

	/** Takes what `errorTableShader` wrote. */
	load(words: Uint32Array<ArrayBuffer>): void {
		this.words = words;
	}

	start(x: number, y: number): void {
		const { words } = this;
		this.first = ((y >> 5) * this.columns + (x >> 5)) * TABLE_VECTORS * TABLE_WORDS;
		this.count = 0;
		for (let i = 0; i < TABLE_VECTORS; i++) {
			const word = words[this.first + i * TABLE_WORDS] as number;
			// The places that are left over repeat zero, which comes first.
			if (i > 0 && word === 0) break;
			this.vectorX[i] = word & 0xffff;
			this.vectorY[i] = word >>> 16;
			this.count++;
		}
	}

	indexOf(vx: number, vy: number): number {
		for (let at = 0; at < this.count; at++) {
			if (this.vectorX[at] === vx && this.vectorY[at] === vy) return at;
		}
		return -1;
	}

	error(at: number, first: number, cells: number, limit: number): number {
		const from = this.first + at * TABLE_WORDS + 1;
		let sum = 0;
		for (let cell = first; cell < Math.min(first + cells, CELLS) && sum < limit; cell++) {
			const pair = this.words[from + (cell >> 1)] as number;
			sum += TABLE_UNIT * ((cell & 1) === 0 ? pair & 0xffff : pair >>> 16);
		}
		return sum;
	}
}
