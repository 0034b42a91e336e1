import type { DeviceTensor, Executor, Graph } from "./executor.ts";

/**
 * For tests: an executor that knows which of its tensors and graphs are alive, and which can be made to fail. It keeps the
 * sessions of `inner`, so that many may be made of one after the other.
 */
export class CountingExecutor implements Executor {
	readonly kind: Executor["kind"];
	readonly description: string;
	/** Not disposed yet. */
	readonly alive = new Set<DeviceTensor | Graph>();
	/** Graphs that have run. */
	runs = 0;
	/** Decides by the name of the call, and by the graph's file in `load` and `run`, whether it fails. */
	fails: (call: keyof Executor | "run", bytes?: Uint8Array) => boolean = () => false;
	readonly #inner: Executor;
	readonly #sessions: Map<Uint8Array, Promise<Graph>>;

	/** @param sessions of the executors before this one, at the same picture size */
	constructor(inner: Executor, sessions = new Map<Uint8Array, Promise<Graph>>()) {
		this.#inner = inner;
		this.#sessions = sessions;
		this.kind = inner.kind;
		this.description = inner.description;
	}

	upload(...given: Parameters<Executor["upload"]>): DeviceTensor {
		this.#enter("upload");
		return this.#count(this.#inner.upload(...given));
	}

	async download(tensor: DeviceTensor): Promise<Float32Array> {
		this.#enter("download");
		return this.#inner.download(tensor);
	}

	async load(bytes: Uint8Array, size: Parameters<Executor["load"]>[1]): Promise<Graph> {
		this.#enter("load", bytes);
		const session = this.#sessions.get(bytes) ?? this.#inner.load(bytes, size);
		this.#sessions.set(bytes, session);
		const inner = await session;
		const graph: Graph = {
			run: async (inputs) => {
				this.#enter("run", bytes);
				this.runs++;
				const outputs = await inner.run(inputs);
				for (const tensor of Object.values(outputs)) this.#count(tensor);
				return outputs;
			},
			dispose: async () => void this.alive.delete(graph),
		};
		this.alive.add(graph);
		return graph;
	}

	warpPicture(...given: Parameters<Executor["warpPicture"]>): DeviceTensor {
		this.#enter("warpPicture");
		return this.#count(this.#inner.warpPicture(...given));
	}

	warpFeatures(...given: Parameters<Executor["warpFeatures"]>): DeviceTensor {
		this.#enter("warpFeatures");
		return this.#count(this.#inner.warpFeatures(...given));
	}

	copyBlocks(...given: Parameters<Executor["copyBlocks"]>): void {
		this.#enter("copyBlocks");
		this.#inner.copyBlocks(...given);
	}

	average(...given: Parameters<Executor["average"]>): DeviceTensor {
		this.#enter("average");
		return this.#count(this.#inner.average(...given));
	}

	spreadRows(...given: Parameters<Executor["spreadRows"]>): DeviceTensor {
		this.#enter("spreadRows");
		return this.#count(this.#inner.spreadRows(...given));
	}

	async dispose(): Promise<void> {}

	#enter(call: keyof Executor | "run", bytes?: Uint8Array): void {
		if (this.fails(call, bytes)) throw new Error("device lost");
	}

	#count(tensor: DeviceTensor): DeviceTensor {
		this.alive.add(tensor);
		const dispose = tensor.dispose.bind(tensor);
		tensor.dispose = () => {
			this.alive.delete(tensor);
			dispose();
		};
		return tensor;
	}
}
