import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from "onnxruntime-common";
import { CodecError } from "../errors.ts";
import type { CpuGraph, LoadCpuGraph, PlainTensor } from "./cpu-executor.ts";
import type { Shape } from "./executor.ts";
import { freeDimensions } from "./shapes.ts";

/** The part of an onnxruntime package that an executor needs; the same in every build of it. */
export type Runtime = {
	readonly InferenceSession: InferenceSessionFactory;
	readonly Tensor: TensorConstructor;
};

class OrtGraph implements CpuGraph {
	private readonly runtime: Runtime;
	private readonly session: InferenceSession;

	constructor(runtime: Runtime, session: InferenceSession) {
		this.runtime = runtime;
		this.session = session;
	}

	async run(inputs: ReadonlyMap<string, PlainTensor>): Promise<ReadonlyMap<string, PlainTensor>> {
		const feeds: Record<string, InferenceSession.OnnxValueMapType[string]> = {};
		for (const [name, { data, shape }] of inputs) feeds[name] = new this.runtime.Tensor("float32", data, shape);
		let results: InferenceSession.ReturnType;
		try {
			results = await this.session.run(feeds);
		} catch (cause) {
			throw new CodecError("backend-failed", "The neural runtime failed to run a graph.", { cause });
		}
		const outputs = new Map<string, PlainTensor>();
		for (const [name, value] of Object.entries(results)) {
			if (!(value.data instanceof Float32Array)) {
				throw new CodecError("model-invalid", `Output ${name} of a graph is not float32.`);
			}
			outputs.set(name, { data: value.data, shape: shapeOf(name, value.dims) });
		}
		return outputs;
	}

	async dispose(): Promise<void> {
		await this.session.release();
	}
}

function shapeOf(name: string, dims: readonly number[]): Shape {
	const [n, c, h, w] = dims;
	if (dims.length !== 4 || n !== 1 || c === undefined || h === undefined || w === undefined) {
		throw new CodecError("model-invalid", `Output ${name} of a graph has the shape [${dims.join(", ")}].`);
	}
	return [n, c, h, w];
}

/** Graphs that onnxruntime runs on a processor. */
export function loadOrtGraphs(runtime: Runtime, sessionOptions: InferenceSession.SessionOptions): LoadCpuGraph {
	return async (bytes, size) => {
		const options = { ...sessionOptions, freeDimensionOverrides: freeDimensions(size) };
		try {
			return new OrtGraph(runtime, await runtime.InferenceSession.create(bytes, options));
		} catch (cause) {
			throw new CodecError("model-invalid", "The neural runtime refuses a graph of the model.", {
				hint: "Check that the model's files are complete and that this runtime is version 1.30 or newer.",
				cause,
			});
		}
	};
}
