/// <reference types="@webgpu/types" />
import { CodecError } from "../errors.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { AVERAGE_ROW, AVERAGE_WORKGROUP, averageShader } from "../motion/average.wgsl.ts";
import { COPY_BLOCKS_WORKGROUP, copyBlocksShader } from "../motion/copy-blocks.wgsl.ts";
import {
	WARP_FEATURES_CHANNELS_EACH,
	WARP_FEATURES_WORKGROUP,
	warpFeaturesShader,
} from "../motion/warp-features.wgsl.ts";
import { WARP_PICTURE_WORKGROUP, warpPictureShader } from "../motion/warp-picture.wgsl.ts";
import type { BlockRows } from "./block-rows.ts";
import type { Shape } from "./executor.ts";
import type { GpuProgram, GpuPrograms } from "./gpu-programs.ts";
import { valuesOf } from "./shapes.ts";
import { SPREAD_ROWS_WORKGROUP, spreadRowsShader } from "./spread-rows.wgsl.ts";

const WARP_PICTURE: GpuProgram = { name: "warp picture", code: warpPictureShader, bindings: ["read", "read", "write"] };
const WARP_FEATURES: GpuProgram = {
	name: "warp features",
	code: warpFeaturesShader,
	bindings: ["read", "read", "write"],
};
const COPY_BLOCKS: GpuProgram = { name: "copy blocks", code: copyBlocksShader, bindings: ["read", "read", "write"] };
const AVERAGE: GpuProgram = { name: "average", code: averageShader, bindings: ["read", "read", "write"] };
const SPREAD_ROWS: GpuProgram = { name: "spread rows", code: spreadRowsShader, bindings: ["read", "read", "write"] };

/** The warps, and what is done by blocks, as compute passes on one device. */
export class GpuWarps {
	private readonly programs: GpuPrograms;

	constructor(programs: GpuPrograms) {
		this.programs = programs;
	}

	/** `previous` and `result` are folded pictures of the shape. */
	warpPicture(previous: GPUBuffer, shape: Shape, motion: BlockMotion, result: GPUBuffer): void {
		const [, planes, height, width] = shape;
		checkMotion(motion, height, width);
		const [x, y] = WARP_PICTURE_WORKGROUP;
		const vectors = this.uploadVectors(motion);
		this.programs.run(
			WARP_PICTURE,
			{ WIDTH: width, HEIGHT: height },
			[previous, vectors, result],
			[Math.ceil(width / x), Math.ceil(height / y), planes],
		);
		this.programs.pool.give(vectors);
	}

	/** `features` and `result` have the shape. */
	warpFeatures(features: GPUBuffer, shape: Shape, motion: BlockMotion, result: GPUBuffer): void {
		const [, channels, height, width] = shape;
		checkMotion(motion, height, width);
		const [x, y] = WARP_FEATURES_WORKGROUP;
		const vectors = this.uploadVectors(motion);
		this.programs.run(
			WARP_FEATURES,
			{ WIDTH: width, HEIGHT: height, CHANNELS: channels },
			[features, vectors, result],
			[Math.ceil(width / x), Math.ceil(height / y), Math.ceil(channels / WARP_FEATURES_CHANNELS_EACH)],
		);
		this.programs.pool.give(vectors);
	}

	/** `source` and `target` have the shape. */
	copyBlocks(source: GPUBuffer, shape: Shape, copied: CopiedMap, offset: number, target: GPUBuffer): void {
		const [, channels, height, width] = shape;
		const [x, y] = COPY_BLOCKS_WORKGROUP;
		const flags = this.programs.upload(Int32Array.from(copied.flags));
		this.programs.run(
			COPY_BLOCKS,
			{ WIDTH: width, HEIGHT: height, OFFSET: offset },
			[source, flags, target],
			[Math.ceil(width / x), Math.ceil(height / y), channels],
		);
		this.programs.pool.give(flags);
	}

	/** All three have the shape. */
	average(a: GPUBuffer, b: GPUBuffer, shape: Shape, result: GPUBuffer): void {
		const count = valuesOf(shape);
		const groups = [Math.min(AVERAGE_ROW, count) / AVERAGE_WORKGROUP, count / AVERAGE_ROW, 1] as const;
		this.programs.run(AVERAGE, { COUNT: count }, [a, b, result], [Math.ceil(groups[0]), Math.ceil(groups[1]), 1]);
	}

	/** `result` has the shape. */
	spreadRows({ table, map, columns }: BlockRows, shape: Shape, result: GPUBuffer): void {
		const [, channels, height, width] = shape;
		const [x, y] = SPREAD_ROWS_WORKGROUP;
		const rows = this.programs.upload(Float32Array.from(table));
		const blocks = this.programs.upload(Int32Array.from(map));
		this.programs.run(
			SPREAD_ROWS,
			{ WIDTH: width, HEIGHT: height, CHANNELS: channels, PER_BLOCK: width / columns },
			[rows, blocks, result],
			[Math.ceil(width / x), Math.ceil(height / y), channels],
		);
		this.programs.pool.give(rows);
		this.programs.pool.give(blocks);
	}

	private uploadVectors(motion: BlockMotion): GPUBuffer {
		const words = new Int32Array(motion.columns * motion.rows);
		for (let i = 0; i < words.length; i++) {
			const x = motion.vectors[2 * i] as number;
			const y = motion.vectors[2 * i + 1] as number;
			words[i] = (x & 0xffff) | (y << 16);
		}
		return this.programs.upload(words);
	}
}

function checkMotion(motion: BlockMotion, height: number, width: number): void {
	if (motion.columns * 2 !== width || motion.rows * 2 !== height) {
		throw new CodecError(
			"invalid-picture",
			`Motion of ${motion.columns}x${motion.rows} blocks does not fit a grid of ${width}x${height} cells.`,
		);
	}
}
