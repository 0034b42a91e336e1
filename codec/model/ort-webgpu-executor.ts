/// <reference types="@webgpu/types" />
import type { InferenceSession, Tensor } from "onnxruntime-common";
import type * as ort from "onnxruntime-web/webgpu";
import { CodecError } from "../errors.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { scoped } from "../scope.ts";
import type { DeviceTensor, Executor, Graph, Shape } from "./executor.ts";
import { foldConstants } from "./fold-constants.ts";
import { BufferPool } from "./gpu-buffers.ts";
import { describeGpu, requestGpuDevice } from "./gpu-device.ts";
import { GpuPrograms } from "./gpu-programs.ts";
import { GpuWarps } from "./gpu-warps.ts";
import { probeGraph } from "./probe.ts";
import { runtimeLoaded, runtimePaths } from "./runtime-url.ts";
import type { RuntimeUrl } from "./runtime-url.ts";
import { checkBlocks, checkRows, freeDimensions, valuesOf } from "./shapes.ts";
import type { BlockRows } from "./block-rows.ts";
import { Turns } from "./turns.ts";

/** Options of {@link createWebGpuExecutor}. */
export type WebGpuExecutorOptions = {
	/** As in `WasmExecutorOptions`. A folder must hold both {@link WEBGPU_RUNTIME_FILES}. */
	readonly runtimeUrl?: RuntimeUrl;
	/** A device to share, with a player's canvas for example. It is not destroyed by `dispose()`. */
	readonly device?: GPUDevice;
};

/** Names of the runtime's files: where WebAssembly can suspend (smaller, faster), and elsewhere. */
export const WEBGPU_RUNTIME_FILES = {
	suspending: "ort-wasm-simd-threaded.jspi.wasm",
	elsewhere: "ort-wasm-simd-threaded.asyncify.wasm",
} as const;

type Ort = typeof ort;

const turns = new Turns();

class GpuTensor implements DeviceTensor {
	readonly shape: Shape;
	readonly buffer: GPUBuffer;
	/** What the runtime is fed. */
	readonly value: Tensor;
	private release: (() => void) | undefined;

	constructor(shape: Shape, buffer: GPUBuffer, value: Tensor, release: () => void) {
		this.shape = shape;
		this.buffer = buffer;
		this.value = value;
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

/** onnxruntime on WebGPU; warps are WGSL on the same device, and nothing leaves the GPU unless downloaded. */
export class WebGpuExecutor implements Executor {
	readonly kind = "webgpu";
	readonly description: string;
	/** Where the tensors are: for presenting them. */
	readonly device: GPUDevice;
	/** For more work on the same device, in order with the networks. */
	readonly programs: GpuPrograms;
	private readonly ort: Ort;
	private readonly ownsDevice: boolean;
	private readonly pool: BufferPool;
	private readonly warps: GpuWarps;
	private readonly sessions = new Set<InferenceSession>();
	/** Who waits for work of this device. */
	private readonly waiting = new Set<(reason: CodecError) => void>();
	private failure: CodecError | undefined;
	/** The end of this executor, once it has been asked for. */
	private disposal: Promise<void> | undefined;

	constructor(ort: Ort, device: GPUDevice, ownsDevice: boolean) {
		this.ort = ort;
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
		const session = await this.createSession(foldConstants(bytes), freeDimensions(size));
		return {
			run: (inputs) => this.run(session, inputs),
			dispose: async () => {
				if (this.sessions.delete(session)) await turns.take(() => session.release());
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
		const sessions = [...this.sessions];
		this.sessions.clear();
		const released = Promise.all(sessions.map((session) => turns.take(() => session.release())));
		try {
			// A run on a lost device may never end; what it holds is gone with the device.
			await Promise.race([released, this.device.lost]);
		} finally {
			this.device.removeEventListener("uncapturederror", this.refuse);
			this.pool.close();
			if (this.ownsDevice) this.device.destroy();
		}
	}

	/** Makes the runtime start and run once, so that a failure shows here and not in the first frame. */
	async start(): Promise<void> {
		let session: InferenceSession;
		try {
			session = await this.createSession(probeGraph(), {});
		} catch (cause) {
			throw new CodecError("backend-unavailable", "The WebGPU runtime did not start.", {
				hint: "Check that the runtime's .wasm file is served at runtimeUrl.",
				cause,
			});
		}
		const result = await scoped(async (temporary) => {
			const x = temporary(this.upload(Float32Array.of(-1.5), [1, 1, 1, 1]));
			const outputs = await this.run(session, { x });
			for (const output of Object.values(outputs)) temporary(output);
			return outputs["y"] && (await this.download(outputs["y"]))[0];
		});
		this.sessions.delete(session);
		await turns.take(() => session.release());
		if (result !== -2) throw new CodecError("backend-unavailable", "The WebGPU runtime computes wrong results.");
	}

	private async createSession(bytes: Uint8Array, dimensions: Record<string, number>): Promise<InferenceSession> {
		// In the layout NHWC, version 1.30 computes 3x3 convolutions of some channel counts (21 for one) wrong.
		const provider = {
			name: "webgpu",
			device: this.device,
			validationMode: "wgpuOnly",
			preferredLayout: "NCHW",
		} as const;
		try {
			const session = await this.orLost(
				turns.take(() =>
					this.ort.InferenceSession.create(bytes, {
						executionProviders: [provider],
						preferredOutputLocation: "gpu-buffer",
						freeDimensionOverrides: dimensions,
						graphOptimizationLevel: "all",
					}),
				),
			);
			this.sessions.add(session);
			if (this.disposal === undefined) return session;
			// Disposed meanwhile, without this one.
			this.sessions.delete(session);
			await turns.take(() => session.release());
			throw disposedError();
		} catch (cause) {
			if (this.failure !== undefined) throw this.failure;
			if (cause instanceof CodecError) throw cause;
			throw new CodecError("model-invalid", "The WebGPU runtime refuses a graph of the model.", { cause });
		}
	}

	private async run(
		session: InferenceSession,
		inputs: Readonly<Record<string, DeviceTensor>>,
	): Promise<Record<string, DeviceTensor>> {
		this.check();
		const feeds: Record<string, Tensor> = {};
		for (const [name, tensor] of Object.entries(inputs)) feeds[name] = gpuTensor(tensor).value;
		let results: InferenceSession.ReturnType;
		try {
			results = await this.orLost(turns.take(() => session.run(feeds)));
		} catch (cause) {
			if (this.failure !== undefined) throw this.failure;
			throw new CodecError("backend-failed", "The WebGPU runtime failed to run a graph.", { cause });
		}
		return scoped(async (_, result) => {
			for (const value of Object.values(results)) result(value);
			// A command that was refused meanwhile may have been one of these.
			if (this.failure !== undefined) throw this.failure;
			const outputs: Record<string, DeviceTensor> = {};
			for (const [name, value] of Object.entries(results)) outputs[name] = this.adopt(name, value);
			return outputs;
		});
	}

	/** An output of the runtime, which keeps owning the buffer. */
	private adopt(name: string, value: Tensor): GpuTensor {
		const [n, c, h, w] = value.dims;
		if (value.dims.length !== 4 || n !== 1 || c === undefined || h === undefined || w === undefined) {
			throw new CodecError(
				"model-invalid",
				`Output ${name} of a graph has the shape [${value.dims.join(", ")}].`,
			);
		}
		if (value.type !== "float32")
			throw new CodecError("model-invalid", `Output ${name} of a graph is not float32.`);
		return new GpuTensor([n, c, h, w], value.gpuBuffer as GPUBuffer, value, () => value.dispose());
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
		const value = this.ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims: shape });
		return new GpuTensor(shape, buffer, value, () => this.pool.give(buffer));
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
 * onnxruntime-web's native WebGPU provider, in a page or a worker.
 *
 * @throws CodecError `backend-unavailable` where WebGPU or the runtime cannot be had, `network` where the runtime's script did not come
 */
export async function createWebGpuExecutor(options: WebGpuExecutorOptions = {}): Promise<WebGpuExecutor> {
	const device = options.device ?? (await requestGpuDevice());
	const ownsDevice = options.device === undefined;
	const suspending = "Suspending" in WebAssembly;
	let executor: WebGpuExecutor | undefined;
	try {
		let ort: Ort;
		try {
			ort = suspending ? await import("onnxruntime-web/jspi") : await import("onnxruntime-web/webgpu");
		} catch (cause) {
			throw new CodecError("network", "The WebGPU runtime's script could not be loaded.", { cause });
		}
		const file = suspending ? WEBGPU_RUNTIME_FILES.suspending : WEBGPU_RUNTIME_FILES.elsewhere;
		// Threads need a cross-origin isolated page and give a GPU nothing.
		Object.assign(ort.env.wasm, { numThreads: 1 }, await runtimePaths(options.runtimeUrl, file));
		executor = new WebGpuExecutor(ort, device, ownsDevice);
		await executor.start();
		runtimeLoaded(file);
		return executor;
	} catch (error) {
		// Why it did not start is what the caller has to know, not what else fails on the way out.
		await executor?.dispose().catch(() => undefined);
		if (ownsDevice) device.destroy();
		throw error;
	}
}
