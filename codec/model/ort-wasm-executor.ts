import type * as runtime from "onnxruntime-web/wasm";
import type { Executor } from "./executor.ts";
import { CodecError } from "../errors.ts";
import { CpuExecutor } from "./cpu-executor.ts";
import { probeGraph } from "./probe.ts";
import { runtimeLoaded, runtimePaths } from "./runtime-url.ts";
import type { RuntimeUrl } from "./runtime-url.ts";
import { Turns } from "./turns.ts";

/** Options of {@link createWasmExecutor}. */
export type WasmExecutorOptions = {
	/** Without it the runtime looks beside its own script, which is right in Node and for bundlers that copy the file. */
	readonly runtimeUrl?: RuntimeUrl;
	/** More than one needs a cross-origin isolated page, or Node. Default 1. Fixed by the first executor of a thread. */
	readonly threads?: number;
};

const turns = new Turns();

/** Name of the runtime file that belongs to this executor. */
export const WASM_RUNTIME_FILE = "ort-wasm-simd-threaded.wasm";

/**
 * onnxruntime-web on WASM with SIMD, in a page, a worker or Node.
 *
 * @throws CodecError `backend-unavailable` where the runtime cannot be loaded, `network` where its script did not come
 */
export async function createWasmExecutor(options: WasmExecutorOptions = {}): Promise<Executor> {
	const threads = options.threads ?? 1;
	if (!Number.isInteger(threads) || threads < 1) {
		throw new CodecError("invalid-option", "options.threads, when provided, must be a positive integer.");
	}
	if (typeof WebAssembly === "undefined") {
		throw new CodecError("backend-unavailable", "This environment has no WebAssembly.");
	}
	let ort: typeof runtime;
	try {
		ort = await import("onnxruntime-web/wasm");
	} catch (cause) {
		throw new CodecError("network", "The WASM runtime's script could not be loaded.", {
			hint: "Check that the page may load scripts from where the codec is served.",
			cause,
		});
	}
	Object.assign(ort.env.wasm, { numThreads: threads }, await runtimePaths(options.runtimeUrl, WASM_RUNTIME_FILE));
	try {
		await turns.take(async () => {
			const probe = await ort.InferenceSession.create(probeGraph(), { executionProviders: ["wasm"] });
			await probe.release();
		});
		runtimeLoaded(WASM_RUNTIME_FILE);
	} catch (cause) {
		throw new CodecError("backend-unavailable", "The WASM runtime did not start.", {
			hint: "Check that the runtime's .wasm file is served at runtimeUrl and that the page's policy allows WebAssembly.",
			cause,
		});
	}
	return new CpuExecutor(
		"wasm",
		`WASM, ${threads} thread${threads === 1 ? "" : "s"}`,
		ort,
		{ executionProviders: ["wasm"], graphOptimizationLevel: "all" },
		(work) => turns.take(work),
	);
}
