/** What the executors on WASM and on native code share: tensors are plain arrays, warps run in TypeScript. */
import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from "onnxruntime-common";
import { CodecError } from "../errors.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { copyBlocks } from "../motion/copy-blocks.ts";
import { warpFeatures, warpPicture } from "../motion/warp.ts";
import type { DeviceTensor, Executor, ExecutorKind, Graph, Shape } from "./executor.ts";
import { checkBlocks, checkRows, freeDimensions, valuesOf } from "./shapes.ts";
import type { BlockRows } from "./block-rows.ts";
import { spreadRows } from "./spread-rows.ts";

/** The part of an onnxruntime package that an executor needs; the same in every build of it. */
export type Runtime = {
	readonly InferenceSession: InferenceSessionFactory;
	readonly Tensor: TensorConstructor;
};

/** How calls into the runtime are scheduled: at once, or one after the other. */
export type Schedule = <T>(work: () => Promise<T>) => Promise<T>;

class CpuTensor implements DeviceTensor {
	readonly shape: Shape;
	readonly data: Float32Array;

	constructor(data: Float32Array, shape: Shape) {
		this.data = data;
		this.shape = shape;
	}

	/** Garbage collection frees arrays. */
	dispose(): void {}
}

function dataOf(tensor: DeviceTensor): Float32Array {
	if (!(tensor instanceof CpuTensor)) {
		throw new CodecError("invalid-option", "The tensor belongs to another executor.");
	}
	return tensor.data;
}

class CpuGraph implements Graph {
	private readonly runtime: Runtime;
	private readonly session: InferenceSession;
	private readonly schedule: Schedule;

	constructor(runtime: Runtime, session: InferenceSession, schedule: Schedule) {
		this.runtime = runtime;
		this.schedule = schedule;
		this.session = session;
	}

	async run(inputs: Readonly<Record<string, DeviceTensor>>): Promise<Record<string, DeviceTensor>> {
		const feeds: Record<string, InferenceSession.OnnxValueMapType[string]> = {};
		for (const [name, tensor] of Object.entries(inputs)) {
			feeds[name] = new this.runtime.Tensor("float32", dataOf(tensor), tensor.shape);
		}
		let results: InferenceSession.ReturnType;
		try {
			results = await this.schedule(() => this.session.run(feeds));
		} catch (cause) {
			throw new CodecError("backend-failed", "The neural runtime failed to run a graph.", { cause });
		}
		const outputs: Record<string, DeviceTensor> = {};
		for (const [name, value] of Object.entries(results)) {
			if (!(value.data instanceof Float32Array)) {
				throw new CodecError("model-invalid", `Output ${name} of a graph is not float32.`);
			}
			outputs[name] = new CpuTensor(value.data, shapeOf(name, value.dims));
		}
		return outputs;
	}

	async dispose(): Promise<void> {
		await this.schedule(() => this.session.release());
	}
}

function shapeOf(name: string, dims: readonly number[]): Shape {
	const [n, c, h, w] = dims;
	if (dims.length !== 4 || n !== 1 || c === undefined || h === undefined || w === undefined) {
		throw new CodecError("model-invalid", `Output ${name} of a graph has the shape [${dims.join(", ")}].`);
	}
	return [n, c, h, w];
}

/** An executor whose tensors live in ordinary memory. */
export class CpuExecutor implements Executor {
	readonly kind: ExecutorKind;
	readonly description: string;
	private readonly runtime: Runtime;
	private readonly sessionOptions: InferenceSession.SessionOptions;
	private readonly schedule: Schedule;
	private readonly graphs = new Set<Graph>();

	constructor(
		kind: ExecutorKind,
		description: string,
		runtime: Runtime,
		sessionOptions: InferenceSession.SessionOptions,
		schedule: Schedule = (work) => work(),
	) {
		this.schedule = schedule;
		this.kind = kind;
		this.description = description;
		this.runtime = runtime;
		this.sessionOptions = sessionOptions;
	}

	upload(data: Float32Array, shape: Shape): DeviceTensor {
		if (data.length !== valuesOf(shape)) {
			throw new CodecError(
				"invalid-option",
				`${data.length} values do not fill the shape [${shape.join(", ")}].`,
			);
		}
		return new CpuTensor(data, shape);
	}

	async download(tensor: DeviceTensor): Promise<Float32Array> {
		return dataOf(tensor);
	}

	async load(bytes: Uint8Array, size: { readonly width: number; readonly height: number }): Promise<Graph> {
		const options = { ...this.sessionOptions, freeDimensionOverrides: freeDimensions(size) };
		let session: InferenceSession;
		try {
			session = await this.schedule(() => this.runtime.InferenceSession.create(bytes, options));
		} catch (cause) {
			throw new CodecError("model-invalid", "The neural runtime refuses a graph of the model.", {
				hint: "Check that the model's files are complete and that this runtime is version 1.30 or newer.",
				cause,
			});
		}
		const graph = new CpuGraph(this.runtime, session, this.schedule);
		this.graphs.add(graph);
		return {
			run: (inputs) => graph.run(inputs),
			dispose: async () => {
				if (this.graphs.delete(graph)) await graph.dispose();
			},
		};
	}

	warpPicture(previous: DeviceTensor, motion: BlockMotion): DeviceTensor {
		return new CpuTensor(warpPicture(dataOf(previous), motion), previous.shape);
	}

	warpFeatures(features: DeviceTensor, motion: BlockMotion): DeviceTensor {
		return new CpuTensor(warpFeatures(dataOf(features), features.shape[1], motion), features.shape);
	}

	copyBlocks(target: DeviceTensor, source: DeviceTensor, copied: CopiedMap, offset: number): void {
		checkBlocks(target.shape, source.shape, copied);
		copyBlocks(dataOf(target), dataOf(source), copied, offset);
	}

	spreadRows(rows: BlockRows, shape: Shape): DeviceTensor {
		checkRows(rows, shape);
		return new CpuTensor(spreadRows(rows, shape), shape);
	}

	async dispose(): Promise<void> {
		const graphs = [...this.graphs];
		this.graphs.clear();
		for (const graph of graphs) await graph.dispose();
	}
}
