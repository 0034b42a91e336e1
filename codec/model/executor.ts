import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import type { BlockRows } from "./block-rows.ts";

/** `[1, C, h, w]` */
export type Shape = readonly [number, number, number, number];

/** A float32 tensor that lives wherever its executor computes. Dispose it, or GPU memory leaks. Nothing reads it after that. */
export interface DeviceTensor {
	readonly shape: Shape;
	dispose(): void;
}

/** One ONNX graph, ready to run at one picture size. */
export interface Graph {
	/** Runs the graph. Inputs are not consumed. Outputs belong to the caller. */
	run(inputs: Readonly<Record<string, DeviceTensor>>): Promise<Record<string, DeviceTensor>>;
	dispose(): Promise<void>;
}

/** What runs the networks. */
export type ExecutorKind = "webgpu" | "wasm" | "native";

/**
 * Where networks and warps run: shaders on WebGPU, kernels on WASM, or onnxruntime's native library in Node. All give the same integers
 * (SPEC.md, first paragraph). Everything above this interface is the same in a page, a worker and the CLI.
 */
export interface Executor {
	readonly kind: ExecutorKind;
	/** For people: "WebGPU (NVIDIA Ada)", "WASM, 1 thread". */
	readonly description: string;
	/** The array may be kept, not copied: leave it alone until the tensor is disposed. */
	upload(data: Float32Array, shape: Shape): DeviceTensor;
	/** The array may be the tensor's own memory: do not write to it. */
	download(tensor: DeviceTensor): Promise<Float32Array>;
	/**
	 * @param bytes ONNX file. @param size width and height of the coded picture (multiples of 32), which fix the graph's
	 * free dimensions `h4 w4 h8 w8 h32 w32`.
	 */
	load(bytes: Uint8Array, size: { readonly width: number; readonly height: number }): Promise<Graph>;
	/** Previous picture `[1, 24, H/4, W/4]` (samples 0..255, folded) to `temporal` (`s - 128`, SPEC section 4.3). */
	warpPicture(previous: DeviceTensor, motion: BlockMotion): DeviceTensor;
	/** Features `[1, C, H/4, W/4]` by block motion (SPEC section 4.4). */
	warpFeatures(features: DeviceTensor, motion: BlockMotion): DeviceTensor;
	/** Overwrites copied blocks in place: `target = source + offset`, both `[1, C, H/4, W/4]` (SPEC section 4.5). */
	copyBlocks(target: DeviceTensor, source: DeviceTensor, copied: CopiedMap, offset: number): void;
	/** Mean of two tensors of integers of one shape, halves rounded up: `floor((a + b + 1) / 2)` (SPEC section 4.7). */
	average(a: DeviceTensor, b: DeviceTensor): DeviceTensor;
	/**
	 * Every cell of a grid gets the row of its block (SPEC section 4.6).
	 *
	 * @param shape of the result, with a whole number of cells in each of the blocks `[H/32, W/32]`
	 */
	spreadRows(rows: BlockRows, shape: Shape): DeviceTensor;
	dispose(): Promise<void>;
}
