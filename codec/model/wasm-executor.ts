import { compileKernels, instantiateKernels } from "../kernels/kernels.ts";
import { LinearMemory } from "./compiled/linear-memory.ts";
import { planGraph } from "./compiled/plan.ts";
import { RowArena } from "./compiled/row-arena.ts";
import { type Machine, WasmGraph } from "./compiled/wasm-graph.ts";
import { CpuExecutor } from "./cpu-executor.ts";
import type { Executor } from "./executor.ts";
import { withFoldedConstants } from "./fold-constants.ts";
import { readOnnx } from "./onnx-reader.ts";

/**
 * WASM with SIMD, in a page, a worker or Node, on one thread. Nothing has to be fetched: the kernels are part of this script.
 * Decoding graphs are computed in integers of 16 bits, eight products an instruction, which gives what every other executor gives.
 *
 * @throws CodecError `backend-unavailable` where there is no WebAssembly with SIMD, or the page's policy forbids it
 */
export async function createWasmExecutor(): Promise<Executor> {
	// Before there is a memory: it says what is wrong where there is no WebAssembly at all.
	await compileKernels();
	const memory = new LinearMemory();
	const kernels = await instantiateKernels(memory.memory);
	const machine: Machine = { kernels, memory, arena: new RowArena(memory) };
	return new CpuExecutor(
		"wasm",
		"WASM, 1 thread",
		async (bytes, size) => new WasmGraph(planGraph(withFoldedConstants(readOnnx(bytes)), size), machine),
	);
}
