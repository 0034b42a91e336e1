/**
 * Bytes over the wire of what decoding needs: weights, scripts, and for WebGPU its runtime, compressed as the build compresses them for the
 * edge. A browser whose WebAssembly can suspend takes the smaller runtime. On WASM the scripts are all there is to run.
 */
const RUNTIME_BYTES = { suspending: 3_420_000, webgpu: 5_030_000, wasm: 400_000 } as const;

/** What a first visit has to fetch before it can decode. @param suspends WebAssembly can suspend here (JSPI) */
export function runtimeBytes(backend: "webgpu" | "wasm", suspends: boolean): number {
	return backend === "wasm" ? RUNTIME_BYTES.wasm : RUNTIME_BYTES[suspends ? "suspending" : "webgpu"];
}
