import type { Executor } from "./executor.ts";
import { CodecError } from "../errors.ts";
import { CpuExecutor } from "./cpu-executor.ts";
import { loadOrtGraphs, type Runtime } from "./ort-cpu-graph.ts";

/** Options of {@link createNativeExecutor}. */
export type NativeExecutorOptions = {
	/** Threads within one operator. Default: as many as the runtime thinks right. */
	readonly threads?: number;
};

/** Kept from bundlers: the package is optional and exists in Node only. */
const PACKAGE = "onnxruntime-node";

/**
 * Threads of an operator sleep while they have nothing to do. Spinning, the runtime's default, saves microseconds on an
 * idle machine, and on a busy one takes the cores from whoever has work: its own next operator, or another process.
 */
const SLEEPING_THREADS = { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } };

/**
 * onnxruntime's native library in Node, an optional dependency.
 *
 * @throws CodecError `backend-unavailable` outside Node or where the package is not installed
 */
export async function createNativeExecutor(options: NativeExecutorOptions = {}): Promise<Executor> {
	const { threads } = options;
	if (threads !== undefined && (!Number.isInteger(threads) || threads < 1)) {
		throw new CodecError("invalid-option", "options.threads, when provided, must be a positive integer.");
	}
	if (typeof process === "undefined" || process.versions?.node === undefined) {
		throw new CodecError("backend-unavailable", "The native runtime exists in Node only.");
	}
	let ort: Runtime;
	try {
		const loaded: Runtime & { readonly default?: Runtime } = await import(/* @vite-ignore */ PACKAGE);
		ort = loaded.InferenceSession === undefined && loaded.default !== undefined ? loaded.default : loaded;
	} catch (cause) {
		throw new CodecError("backend-unavailable", "The native runtime is not installed.", {
			hint: "Run `npm install onnxruntime-node`, or use WASM.",
			cause,
		});
	}
	const description = threads === undefined ? "native CPU" : `native CPU, ${threads} threads`;
	const sessionOptions = {
		executionProviders: ["cpu"],
		graphOptimizationLevel: "all",
		extra: SLEEPING_THREADS,
		...(threads === undefined ? {} : { intraOpNumThreads: threads }),
	} as const;
	return new CpuExecutor("native", description, loadOrtGraphs(ort, sessionOptions));
}
