/// <reference types="@webgpu/types" />
import type { DeviceTensor } from "../model/executor.ts";
import type { GpuConstants, GpuGroups, GpuProgram } from "../model/gpu-programs.ts";
import { gpuBufferOf, type WebGpuExecutor } from "../model/webgpu-executor.ts";
import { blockSearchShader } from "./block-search.wgsl.ts";
import { coarseSearchShader } from "./coarse-search.wgsl.ts";
import { ErrorTable } from "./error-table.ts";
import { errorTableShader, TABLE_VECTORS, TABLE_WORDS } from "./error-table.wgsl.ts";
import { type MotionField, ROOT_SIZE } from "./motion-field.ts";
import { LeafCosts, type MotionModels } from "./motion-models.ts";
import { Quadtree } from "./quadtree.ts";
import { PLANE_MARGIN, referencePlanesShader } from "./reference-planes.wgsl.ts";
import type { MotionEffort } from "./search.ts";
import { smallLumaShader } from "./small-luma.wgsl.ts";

const REFERENCE_PLANES: GpuProgram = {
	name: "reference planes",
	code: referencePlanesShader,
	bindings: ["read", "write"],
};
const SMALL_LUMA: GpuProgram = { name: "small luma", code: smallLumaShader, bindings: ["read", "write"] };
const COARSE_SEARCH: GpuProgram = {
	name: "coarse search",
	code: coarseSearchShader,
	bindings: ["read", "read", "write"],
};
const BLOCK_SEARCH: GpuProgram = {
	name: "block search",
	code: blockSearchShader,
	bindings: ["read", "read", "read", "read", "read", "read", "write", "write"],
};
const ERROR_TABLE: GpuProgram = {
	name: "error table",
	code: errorTableShader,
	bindings: ["read", "read", "read", "read", "read", "write"],
};

const WORKGROUP = 8;
const PHASES = 16;
/** Vectors that the search has of a 32x32 block beside its field: its own and its quarters'. */
const BLOCK_VECTORS = 5;
/** Widest steps of the descent in quarter samples: at first, and where the pass before has been near. */
const FIRST_STEP = 16;
const LATER_STEP = 4;
const ROUNDS = 3;

/** What is kept of the picture that motion points into. */
type Reference = { readonly planes: GPUBuffer; readonly small: GPUBuffer };

/**
 * The motion search on a GPU: pictures stay there, and for each 32x32 block the errors of some two dozen vectors come back, from which
 * the {@link Quadtree} chooses as it does on a CPU. The vectors are found for all blocks at once, so their bits are guesses until
 * then.
 */
export class GpuMotionSearch {
	private readonly executor: WebGpuExecutor;
	/** 32x32 blocks. */
	private readonly columns: number;
	private readonly rows: number;
	private readonly passes: number;
	private readonly table: ErrorTable;
	private readonly quadtree: Quadtree;
	private readonly costs = new LeafCosts();
	private reference: Reference | undefined;

	/** @param width coded width. @param height coded height: multiples of 32 */
	constructor(executor: WebGpuExecutor, width: number, height: number, effort: MotionEffort) {
		this.executor = executor;
		this.columns = width / 32;
		this.rows = height / 32;
		this.passes = effort.passes;
		this.table = new ErrorTable(this.columns);
		const seek = this.seek.bind(this);
		this.quadtree = new Quadtree(width / 8, height / 8, this.table, seek, effort.splitAbove);
	}

	/** Whether there is a picture to search in. */
	get ready(): boolean {
		return this.reference !== undefined;
	}

	/** Takes another picture to search in. @param picture folded samples, `[1, 24, h4, w4]`; it stays the caller's */
	load(picture: DeviceTensor): void {
		const { columns, rows } = this;
		const { pool } = this.executor.programs;
		const [width, height] = [8 * columns, 8 * rows];
		const size = { WIDTH: width, HEIGHT: height };
		const [words, lines] = [width + PLANE_MARGIN / 2, 4 * height + 2 * PLANE_MARGIN];
		this.reference ??= { planes: pool.take(4 * PHASES * words * lines), small: pool.take(4 * width * height) };
		const { planes, small } = this.reference;
		const buffer = gpuBufferOf(picture);
		this.run(REFERENCE_PLANES, size, [buffer, planes], [...inGroups(words, lines), PHASES]);
		this.run(SMALL_LUMA, { ...size, OFFSET: 0 }, [buffer, small], [...inGroups(width, height), 1]);
	}

	/**
	 * @param current folded `s - 128`, `[1, 24, h4, w4]`. @param models state of the coder before this frame; not changed.
	 * @param lambda squared error that one bit is worth
	 * @returns a complete field, ready for `writeMotion` with the same models
	 * @throws RangeError without a picture to search in; CodecError `backend-failed`
	 */
	async search(current: DeviceTensor, models: MotionModels, lambda: number): Promise<MotionField> {
		if (this.reference === undefined) throw new RangeError("There is no picture to search in.");
		const { columns, rows } = this;
		const { pool } = this.executor.programs;
		const taken: GPUBuffer[] = [];
		const take = (words: number): GPUBuffer => {
			const buffer = pool.take(4 * words);
			taken.push(buffer);
			return buffer;
		};
		const upload = (data: ArrayBufferView<ArrayBuffer>): GPUBuffer => {
			const buffer = this.executor.programs.upload(data);
			taken.push(buffer);
			return buffer;
		};
		try {
			const { planes, small } = this.reference;
			const [width, height] = [8 * columns, 8 * rows];
			const grid: GpuGroups = [columns, rows, 1];
			const size = { COLUMNS: columns, ROWS: rows };
			const source = gpuBufferOf(current);
			const now = take(width * height);
			const smallSize = { WIDTH: width, HEIGHT: height, OFFSET: 128 };
			this.run(SMALL_LUMA, smallSize, [source, now], [...inGroups(width, height), 1]);
			const coarse = take(BLOCK_VECTORS * columns * rows);
			this.run(COARSE_SEARCH, size, [now, small, coarse], grid);
			const previous = upload(this.previousField(models));
			const costs = upload(this.costTables(models, lambda));
			const blocks = take(BLOCK_VECTORS * columns * rows);
			let field = previous;
			for (let pass = 0; pass < this.passes; pass++) {
				const constants = { ...size, STEP: pass === 0 ? FIRST_STEP : LATER_STEP, ROUNDS };
				const found = take(16 * columns * rows);
				const inputs = [source, planes, coarse, previous, field, costs];
				this.run(BLOCK_SEARCH, constants, [...inputs, found, blocks], grid);
				field = found;
			}
			const words = TABLE_VECTORS * TABLE_WORDS * columns * rows;
			const table = take(words);
			this.run(ERROR_TABLE, size, [source, planes, previous, field, blocks, table], grid);
			this.table.load(new Uint32Array(await this.executor.read(table, 4 * words)));
		} finally {
			for (const buffer of taken) pool.give(buffer);
		}
		return this.quadtree.choose(models, lambda);
	}

	/** Drops the picture to search in. */
	forget(): void {
		const { pool } = this.executor.programs;
		if (this.reference !== undefined) {
			pool.give(this.reference.planes);
			pool.give(this.reference.small);
		}
		this.reference = undefined;
	}

	private seek(_column: number, _row: number, size: number, first: number): void {
		const { table, quadtree } = this;
		for (let at = 1; at < table.count; at++) {
			quadtree.tryVector(size, first, table.vectorX[at] as number, table.vectorY[at] as number);
		}
	}

	/** A word for each cell; zeros right after an intra frame. */
	private previousField({ previous }: MotionModels): Int32Array<ArrayBuffer> {
		const words = new Int32Array(16 * this.columns * this.rows);
		if (previous === undefined) return words;
		for (let i = 0; i < words.length; i++) {
			const [x, y] = [previous.vectors[2 * i] as number, previous.vectors[2 * i + 1] as number];
			words[i] = (x & 0xffff) | (y << 16);
		}
		return words;
	}

	/** Lambda, bits of leaves, bits of the split flags (32x32, then 16x16) beside one split neighbour. */
	private costTables(models: MotionModels, lambda: number): Float32Array<ArrayBuffer> {
		this.costs.load(models);
		const tables = this.costs.tables().flatMap((table) => [...table]);
		const before = models.previous === undefined ? 0 : 1;
		const splits = [ROOT_SIZE, ROOT_SIZE - 1].flatMap((size) => {
			const model = models.split[9 * (ROOT_SIZE - size) + 3 + before];
			return [model?.cost(0) ?? 0, model?.cost(1) ?? 0];
		});
		return Float32Array.of(lambda, ...tables, ...splits);
	}

	private run(program: GpuProgram, constants: GpuConstants, buffers: readonly GPUBuffer[], groups: GpuGroups): void {
		this.executor.programs.run(program, constants, buffers, groups);
	}
}

const inGroups = (width: number, height: number): [number, number] => [
	Math.ceil(width / WORKGROUP),
	Math.ceil(height / WORKGROUP),
];
