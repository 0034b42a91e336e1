import type { Kernels } from "../../kernels/kernels.ts";
import type { RowStorage } from "./rows.ts";

/** What a run of a graph has at hand. */
export type RunContext = {
	readonly kernels: Kernels;
	readonly memory: WebAssembly.Memory;
	/** Address of room for the largest input or output. */
	readonly staging: number;
	/** The graph's inputs, planar. */
	readonly inputs: ReadonlyMap<string, Float32Array>;
	/** Its outputs, to be filled. */
	readonly outputs: Map<string, Float32Array>;
};

/** One call of a kernel, or a copy. */
export type Step = {
	/** Storage that must be there, and keep what it holds, while the step is taken. */
	readonly touches: readonly RowStorage[];
	readonly take: (context: RunContext) => void;
};

/** What kernels read and nobody writes: weights. An address is given to each before anything runs. */
export type Constant = { readonly data: Int32Array | Float32Array; address: number };
