/** What the executors on WASM and on native code share: tensors are plain arrays, warps run in TypeScript. */
import { CodecError } from "../errors.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { average } from "../motion/average.ts";
import { copyBlocks } from "../motion/copy-blocks.ts";
import { warpFeatures, warpPicture } from "../motion/warp.ts";
import type { DeviceTensor, Executor, ExecutorKind, Graph, Shape } from "./executor.ts";
import { checkBlocks, checkRows, checkSameShape, valuesOf } from "./shapes.ts";
import type { BlockRows } from "./block-rows.ts";
import { spreadRows } from "./spread-rows.ts";

/** A tensor in ordinary memory, planar. */
export type PlainTensor = { readonly data: Float32Array; readonly shape: Shape };

/** A graph that computes in ordinary memory. */
export interface CpuGraph {
	/** @throws CodecError `backend-failed`, `model-invalid` */
	run(feeds: ReadonlyMap<string, PlainTensor>): Promise<ReadonlyMap<string, PlainTensor>>;
	dispose(): Promise<void>;
}

/** Makes an ONNX file ready to run at one picture size. @throws CodecError `model-invalid`, `invalid-option`, `backend-failed` */
export type LoadCpuGraph = (
	bytes: Uint8Array,
	size: { readonly width: number; readonly height: number },
) => Promise<CpuGraph>;

class CpuTensor implements DeviceTensor {
	readonly shape: Shape;
	readonly data: Float32Array;
	/** Whether nobody else has the array. */
	private own: boolean;

	/** @param own whether the array was made for this tensor alone */
	constructor(data: Float32Array, shape: Shape, own: boolean) {
		this.data = data;
		this.shape = shape;
		this.own = own;
	}

	/** The array, for whoever may keep it. */
	share(): Float32Array {
		this.own = false;
		return this.data;
	}

	/**
	 * Garbage collection frees arrays, but only after tens of megabytes of them: a collector sees little of what lies behind them. So they
	 * are given back at once, where this environment can do that.
	 */
	dispose(): void {
		const { buffer } = this.data;
		if (this.own && buffer instanceof ArrayBuffer && typeof buffer.transfer === "function") buffer.transfer(0);
		this.own = false;
	}
}

function tensorOf(tensor: DeviceTensor): CpuTensor {
	if (!(tensor instanceof CpuTensor)) {
		throw new CodecError("invalid-option", "The tensor belongs to another executor.");
	}
	return tensor;
}

function dataOf(tensor: DeviceTensor): Float32Array {
	return tensorOf(tensor).data;
}

function toDevice(tensors: ReadonlyMap<string, PlainTensor>): Record<string, DeviceTensor> {
	return Object.fromEntries([...tensors].map(([name, { data, shape }]) => [name, new CpuTensor(data, shape, true)]));
}

/** An executor whose tensors live in ordinary memory. */
export class CpuExecutor implements Executor {
	readonly kind: ExecutorKind;
	readonly description: string;
	private readonly loadGraph: LoadCpuGraph;
	private readonly graphs = new Set<CpuGraph>();

	constructor(kind: ExecutorKind, description: string, loadGraph: LoadCpuGraph) {
		this.kind = kind;
		this.description = description;
		this.loadGraph = loadGraph;
	}

	upload(data: Float32Array, shape: Shape): DeviceTensor {
		if (data.length !== valuesOf(shape)) {
			throw new CodecError(
				"invalid-option",
				`${data.length} values do not fill the shape [${shape.join(", ")}].`,
			);
		}
		return new CpuTensor(data, shape, false);
	}

	async download(tensor: DeviceTensor): Promise<Float32Array> {
		return tensorOf(tensor).share();
	}

	async load(bytes: Uint8Array, size: { readonly width: number; readonly height: number }): Promise<Graph> {
		const graph = await this.loadGraph(bytes, size);
		this.graphs.add(graph);
		return {
			run: async (inputs) => {
				const feeds = Object.entries(inputs).map(([name, tensor]) => {
					return [name, { data: dataOf(tensor), shape: tensor.shape }] as const;
				});
				return toDevice(await graph.run(new Map(feeds)));
			},
			dispose: async () => {
				if (this.graphs.delete(graph)) await graph.dispose();
			},
		};
	}

	warpPicture(previous: DeviceTensor, motion: BlockMotion): DeviceTensor {
		return new CpuTensor(warpPicture(dataOf(previous), motion), previous.shape, true);
	}

	warpFeatures(features: DeviceTensor, motion: BlockMotion): DeviceTensor {
		const warped = warpFeatures(dataOf(features), features.shape[1], motion);
		return new CpuTensor(warped, features.shape, true);
	}

	copyBlocks(target: DeviceTensor, source: DeviceTensor, copied: CopiedMap, offset: number): void {
		checkBlocks(target.shape, source.shape, copied);
		copyBlocks(dataOf(target), dataOf(source), copied, offset);
	}

	average(a: DeviceTensor, b: DeviceTensor): DeviceTensor {
		checkSameShape(a.shape, b.shape);
		return new CpuTensor(average(dataOf(a), dataOf(b)), a.shape, true);
	}

	spreadRows(rows: BlockRows, shape: Shape): DeviceTensor {
		checkRows(rows, shape);
		return new CpuTensor(spreadRows(rows, shape), shape, true);
	}

	async dispose(): Promise<void> {
		const graphs = [...this.graphs];
		this.graphs.clear();
		for (const graph of graphs) await graph.dispose();
	}
}
