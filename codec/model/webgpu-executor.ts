/// <reference types="@webgpu/types" />
import { CodecError } from "../errors.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { scoped } from "../scope.ts";
import { GpuGraph } from "./compiled/gpu-graph.ts";
import { planGpuGraph } from "./compiled/gpu-plan.ts";
import type { DeviceTensor, Executor, Graph, Shape } from "./executor.ts";
import { withFoldedConstants } from "./fold-constants.ts";
import { BufferPool } from "./gpu-buffers.ts";
import { describeGpu, requestGpuDevice } from "./gpu-device.ts";
import { GpuPrograms } from "./gpu-programs.ts";
import { GpuWarps } from "./gpu-warps.ts";
import { probeGraph } from "./probe.ts";
import { readOnnx } from "./onnx-reader.ts";
import { checkBlocks, checkRows, checkSameShape, valuesOf } from "./shapes.ts";
import type { BlockRows } from "./block-rows.ts";

/** Options of {@link createWebGpuExecutor}. */
export type WebGpuExecutorOptions = {
	/** A device to share, with a player's canvas for example. It is not destroyed by `dispose()`. */
	readonly device?: GPUDevice;
};

class GpuTensor implements DeviceTensor {
	readonly shape: Shape;
	readonly buffer: GPUBuffer;
	private release: (() => void) | undefined;

	constructor(shape: Shape, buffer: GPUBuffer, release: () => void) {
		this.shape = shape;
		this.buffer = buffer;
		this.release = release;
	}

	dispose(): void {
		this.release?.();
		this.release = undefined;
	}

	get disposed(): boolean {
		return this.release === undefined;
	}
}

function gpuTensor(tensor: DeviceTensor): GpuTensor {
	if (!(tensor instanceof GpuTensor))
		throw new CodecError("invalid-option", "The tensor belongs to another executor.");
	if (tensor.disposed) throw new CodecError("invalid-option", "The tensor has been disposed.");
	return tensor;
}

/**
 * The buffer of a tensor of a WebGPU executor, float32 values in the order of its shape. It belongs to the tensor: valid
 * until that is disposed, and only to be read.
 *
 * @throws CodecError `invalid-option` where the tensor is not on a GPU
 */
export function gpuBufferOf(tensor: DeviceTensor): GPUBuffer {
	return gpuTensor(tensor).buffer;
}

/** Networks and warps in WGSL on one device; nothing leaves the GPU unless downloaded. */
export class WebGpuExecutor implements Executor {
	readonly kind = "webgpu";
	readonly description: string;
	/** Where the tensors are: for presenting them. */
	readonly device: GPUDevice;
	/** For more work on the same device, in order with the networks. */
	readonly programs: GpuPrograms;
	private readonly ownsDevice: boolean;
	private readonly pool: BufferPool;
	private readonly warps: GpuWarps;
	private readonly graphs = new Set<GpuGraph>();
	/** Who waits for work of this device. */
	private readonly waiting = new Set<(reason: CodecError) => void>();
	private failure: CodecError | undefined;
	/** The end of this executor, once it has been asked for. */
	private disposal: Promise<void> | undefined;

	constructor(device: GPUDevice, ownsDevice: boolean) {
		this.device = device;
		this.ownsDevice = ownsDevice;
		this.description = `WebGPU (${describeGpu(device)})`;
		this.pool = new BufferPool(device);
		this.programs = new GpuPrograms(device, this.pool);
		this.warps = new GpuWarps(this.programs);
		void device.lost.then((info) => {
			this.failure = new CodecError(
				"backend-failed",
				`The GPU device was lost: ${(info.message || info.reason).replace(/\.$/, "")}.`,
				{
					hint: "Create a new executor, or go on without the enhancement.",
				},
			);
			for (const reject of this.waiting) reject(this.failure);
			this.waiting.clear();
		});
		device.addEventListener("uncapturederror", this.refuse);
	}

	/** A command that the device refused leaves wrong numbers behind: nothing after it can be trusted. */
	private readonly refuse = (event: GPUUncapturedErrorEvent): void => {
		this.failure ??= new CodecError("backend-failed", `The GPU refused a command: ${event.error.message}`);
	};

	upload(data: Float32Array, shape: Shape): DeviceTensor {
		this.check();
		if (data.length !== valuesOf(shape)) {
			throw new CodecError(
				"invalid-option",
				`${data.length} values do not fill the shape [${shape.join(", ")}].`,
			);
		}
		const buffer = this.pool.take(data.byteLength);
		this.device.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
		return this.wrap(buffer, shape);
	}

	async download(tensor: DeviceTensor): Promise<Float32Array> {
		this.check();
		const { buffer, shape } = gpuTensor(tensor);
		return new Float32Array(await this.read(buffer, valuesOf(shape) * 4));
	}

	/** The first bytes of a buffer of this device, a multiple of four. @throws CodecError `backend-failed` */
	async read(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
		this.check();
		const staging = this.device.createBuffer({ size: bytes, usage: 0x01 /* MAP_READ */ | 0x08 /* COPY_DST */ });
		try {
			const encoder = this.device.createCommandEncoder();
			encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
			this.device.queue.submit([encoder.finish()]);
			await this.orLost(staging.mapAsync(0x01 /* READ */));
			if (this.failure !== undefined) throw this.failure;
			return staging.getMappedRange().slice(0);
		} catch (cause) {
			if (this.failure !== undefined) throw this.failure;
			if (cause instanceof CodecError) throw cause;
			throw new CodecError("backend-failed", "What the GPU computed could not be read.", { cause });
		} finally {
			staging.destroy();
		}
	}

	async load(bytes: Uint8Array, size: { readonly width: number; readonly height: number }): Promise<Graph> {
		this.check();
		const graph = await this.compile(bytes, size);
		return {
			run: async (inputs) => this.run(graph, inputs),
			dispose: async () => {
				if (this.graphs.delete(graph)) graph.dispose();
			},
		};
	}

	warpPicture(previous: DeviceTensor, motion: BlockMotion): DeviceTensor {
		this.check();
		const { buffer, shape } = gpuTensor(previous);
		return this.written(shape, (result) => this.warps.warpPicture(buffer, shape, motion, result));
	}

	warpFeatures(features: DeviceTensor, motion: BlockMotion): DeviceTensor {
		this.check();
		const { buffer, shape } = gpuTensor(features);
		return this.written(shape, (result) => this.warps.warpFeatures(buffer, shape, motion, result));
	}

	copyBlocks(target: DeviceTensor, source: DeviceTensor, copied: CopiedMap, offset: number): void {
		this.check();
		const { buffer, shape } = gpuTensor(target);
		checkBlocks(shape, source.shape, copied);
		this.warps.copyBlocks(gpuTensor(source).buffer, shape, copied, offset, buffer);
	}

	average(a: DeviceTensor, b: DeviceTensor): DeviceTensor {
		this.check();
		const { buffer, shape } = gpuTensor(a);
		checkSameShape(shape, b.shape);
		return this.written(shape, (result) => this.warps.average(buffer, gpuTensor(b).buffer, shape, result));
	}

	spreadRows(rows: BlockRows, shape: Shape): DeviceTensor {
		this.check();
		checkRows(rows, shape);
		return this.written(shape, (result) => this.warps.spreadRows(rows, shape, result));
	}

	/** Takes no more work, and ends when runs that were begun have ended, if the device still can; a second call waits for the same. */
	dispose(): Promise<void> {
		this.disposal ??= this.close();
		return this.disposal;
	}

	private async close(): Promise<void> {
		for (const graph of this.graphs) graph.dispose();
		this.graphs.clear();
		this.device.removeEventListener("uncapturederror", this.refuse);
		this.pool.close();
		if (this.ownsDevice) this.device.destroy();
	}

	/** Runs once, so that a failure shows here and not in the first frame. @throws CodecError `backend-unavailable` */
	async start(): Promise<void> {
		const graph = await this.load(probeGraph(), { width: 32, height: 32 });
		const result = await scoped(async (temporary) => {
			const x = temporary(this.upload(Float32Array.of(-1.5), [1, 1, 1, 1]));
			const outputs = await graph.run({ x });
			for (const output of Object.values(outputs)) temporary(output);
			return outputs["y"] && (await this.download(outputs["y"]))[0];
		});
		await graph.dispose();
		if (result !== -2) throw new CodecError("backend-unavailable", "The GPU computes wrong results.");
	}

	private async compile(
		bytes: Uint8Array,
		size: { readonly width: number; readonly height: number },
	): Promise<GpuGraph> {
		const plan = planGpuGraph(withFoldedConstants(readOnnx(bytes)), size);
		let graph: GpuGraph;
		try {
			graph = await this.orLost(GpuGraph.load(plan, this.programs));
		} catch (cause) {
			if (this.failure !== undefined) throw this.failure;
			if (cause instanceof CodecError) throw cause;
			throw new CodecError("backend-failed", "The GPU refuses a shader of the networks.", { cause });
		}
		if (this.disposal !== undefined) {
			graph.dispose();
			throw disposedError();
		}
		this.graphs.add(graph);
		return graph;
	}

	private run(graph: GpuGraph, inputs: Readonly<Record<string, DeviceTensor>>): Record<string, DeviceTensor> {
		this.check();
		const feeds = Object.entries(inputs).map(([name, tensor]) => {
			const {
				buffer,
				shape: [, channels, height, width],
			} = gpuTensor(tensor);
			return [name, { buffer, size: [channels, height, width] as const }] as const;
		});
		const outputs: Record<string, DeviceTensor> = {};
		for (const [name, { buffer, size }] of graph.run(new Map(feeds)))
			outputs[name] = this.wrap(buffer, [1, ...size]);
		return outputs;
	}

	/** A tensor of what `write` puts into its buffer. */
	private written(shape: Shape, write: (result: GPUBuffer) => void): DeviceTensor {
		const result = this.pool.take(valuesOf(shape) * 4);
		try {
			write(result);
		} catch (error) {
			this.pool.give(result);
			throw error;
		}
		return this.wrap(result, shape);
	}

	/** A buffer of the pool as a tensor, which owns it from then on. */
	wrap(buffer: GPUBuffer, shape: Shape): DeviceTensor {
		return new GpuTensor(shape, buffer, () => this.pool.give(buffer));
	}

	/** Rejects when the device is lost, should that come first. A race with a promise that stays open for hours would hold on to every result. */
	private orLost<T>(work: Promise<T>): Promise<T> {
		if (this.failure !== undefined) return Promise.reject(this.failure);
		return new Promise((resolve, reject) => {
			this.waiting.add(reject);
			const settled = () => this.waiting.delete(reject);
			work.then(resolve, reject).then(settled, settled);
		});
	}

	private check(): void {
		if (this.failure !== undefined) throw this.failure;
		if (this.disposal !== undefined) throw disposedError();
	}
}

const disposedError = () => new CodecError("invalid-option", "The executor has been disposed.");

/**
 * Networks on WebGPU, in a page or a worker. Nothing has to be fetched: the shaders are part of this script.
 *
 * @throws CodecError `backend-unavailable` where WebGPU cannot be had, or computes wrong results
 */
export async function createWebGpuExecutor(options: WebGpuExecutorOptions = {}): Promise<WebGpuExecutor> {
	const device = options.device ?? (await requestGpuDevice());
	const executor = new WebGpuExecutor(device, options.device === undefined);
	try {
		await executor.start();
		return executor;
	} catch (error) {
		// Why it did not start is what the caller has to know, not what else fails on the way out.
		await executor.dispose().catch(() => undefined);
		throw error;
	}
}
