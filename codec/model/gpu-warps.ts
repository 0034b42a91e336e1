/// <reference types="@webgpu/types" />
import { CodecError } from "../errors.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { COPY_BLOCKS_WORKGROUP, copyBlocksShader } from "../motion/copy-blocks.wgsl.ts";
import {
	WARP_FEATURES_CHANNELS_EACH,
	WARP_FEATURES_WORKGROUP,
	warpFeaturesShader,
} from "../motion/warp-features.wgsl.ts";
import { WARP_PICTURE_WORKGROUP, warpPictureShader } from "../motion/warp-picture.wgsl.ts";
import type { Shape } from "./executor.ts";
import type { BufferPool } from "./gpu-buffers.ts";
import type { BlockRows } from "./block-rows.ts";
import { SPREAD_ROWS_WORKGROUP, spreadRowsShader } from "./spread-rows.wgsl.ts";

/** The warps, and what is done by blocks, as compute passes on one device. Pipelines are made once per shape. */
export class GpuWarps {
	private readonly device: GPUDevice;
	private readonly pool: BufferPool;
	private readonly pipelines = new Map<string, GPUComputePipeline>();

	constructor(device: GPUDevice, pool: BufferPool) {
		this.device = device;
		this.pool = pool;
	}

	/** `previous` and `result` are folded pictures of the shape. */
	warpPicture(previous: GPUBuffer, shape: Shape, motion: BlockMotion, result: GPUBuffer): void {
		const [, planes, height, width] = shape;
		checkMotion(motion, height, width);
		const pipeline = this.pipeline(`picture ${width} ${height}`, warpPictureShader, {
			WIDTH: width,
			HEIGHT: height,
		});
		const vectors = this.uploadVectors(motion);
		const [x, y] = WARP_PICTURE_WORKGROUP;
		this.dispatch(pipeline, [previous, vectors, result], [Math.ceil(width / x), Math.ceil(height / y), planes]);
		this.pool.give(vectors);
	}

	/** `features` and `result` have the shape; `correction` is `[1, 2, h, w]`. */
	warpFeatures(
		features: GPUBuffer,
		shape: Shape,
		motion: BlockMotion,
		correction: GPUBuffer | undefined,
		result: GPUBuffer,
	): void {
		const [, channels, height, width] = shape;
		checkMotion(motion, height, width);
		const corrected = correction !== undefined;
		const pipeline = this.pipeline(`features ${channels} ${width} ${height} ${corrected}`, warpFeaturesShader, {
			WIDTH: width,
			HEIGHT: height,
			CHANNELS: channels,
			CORRECTED: corrected ? 1 : 0,
		});
		const vectors = this.uploadVectors(motion);
		const [x, y] = WARP_FEATURES_WORKGROUP;
		this.dispatch(
			pipeline,
			[features, vectors, correction ?? vectors, result],
			[Math.ceil(width / x), Math.ceil(height / y), Math.ceil(channels / WARP_FEATURES_CHANNELS_EACH)],
		);
		this.pool.give(vectors);
	}

	/** `source` and `target` have the shape. */
	copyBlocks(source: GPUBuffer, shape: Shape, copied: CopiedMap, offset: number, target: GPUBuffer): void {
		const [, channels, height, width] = shape;
		const pipeline = this.pipeline(`copy ${width} ${height} ${offset}`, copyBlocksShader, {
			WIDTH: width,
			HEIGHT: height,
			OFFSET: offset,
		});
		const flags = this.uploadWords(Int32Array.from(copied.flags));
		const [x, y] = COPY_BLOCKS_WORKGROUP;
		this.dispatch(pipeline, [source, flags, target], [Math.ceil(width / x), Math.ceil(height / y), channels]);
		this.pool.give(flags);
	}

	/** `result` has the shape. */
	spreadRows({ table, map, columns }: BlockRows, shape: Shape, result: GPUBuffer): void {
		const [, channels, height, width] = shape;
		const pipeline = this.pipeline(`spread ${channels} ${width} ${height}`, spreadRowsShader, {
			WIDTH: width,
			HEIGHT: height,
			CHANNELS: channels,
			PER_BLOCK: width / columns,
		});
		const [rows, blocks] = [this.uploadWords(Float32Array.from(table)), this.uploadWords(Int32Array.from(map))];
		const [x, y] = SPREAD_ROWS_WORKGROUP;
		this.dispatch(pipeline, [rows, blocks, result], [Math.ceil(width / x), Math.ceil(height / y), channels]);
		this.pool.give(rows);
		this.pool.give(blocks);
	}

	private pipeline(key: string, code: string, constants: Record<string, number>): GPUComputePipeline {
		let pipeline = this.pipelines.get(key);
		if (pipeline === undefined) {
			const module = this.device.createShaderModule({ code });
			pipeline = this.device.createComputePipeline({
				layout: this.layout(code === warpFeaturesShader ? 3 : 2),
				compute: { module, entryPoint: "main", constants },
			});
			this.pipelines.set(key, pipeline);
		}
		return pipeline;
	}

	/** Read-only inputs, then one output. Explicit, because a shader that ignores its correction would lose the binding. */
	private layout(inputs: number): GPUPipelineLayout {
		const entries: GPUBindGroupLayoutEntry[] = [];
		for (let binding = 0; binding <= inputs; binding++) {
			const type = binding === inputs ? "storage" : "read-only-storage";
			entries.push({ binding, visibility: 4 /* COMPUTE */, buffer: { type } });
		}
		return this.device.createPipelineLayout({ bindGroupLayouts: [this.device.createBindGroupLayout({ entries })] });
	}

	private uploadVectors(motion: BlockMotion): GPUBuffer {
		const words = new Int32Array(motion.columns * motion.rows);
		for (let i = 0; i < words.length; i++) {
			const x = motion.vectors[2 * i] as number;
			const y = motion.vectors[2 * i + 1] as number;
			words[i] = (x & 0xffff) | (y << 16);
		}
		return this.uploadWords(words);
	}

	private uploadWords(words: Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>): GPUBuffer {
		const buffer = this.pool.take(words.byteLength);
		this.device.queue.writeBuffer(buffer, 0, words);
		return buffer;
	}

	private dispatch(pipeline: GPUComputePipeline, buffers: readonly GPUBuffer[], groups: [number, number, number]) {
		const bindGroup = this.device.createBindGroup({
			layout: pipeline.getBindGroupLayout(0),
			entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
		});
		const encoder = this.device.createCommandEncoder();
		const pass = encoder.beginComputePass();
		pass.setPipeline(pipeline);
		pass.setBindGroup(0, bindGroup);
		pass.dispatchWorkgroups(...groups);
		pass.end();
		this.device.queue.submit([encoder.finish()]);
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
