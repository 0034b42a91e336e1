import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { instantiateKernels } from "../kernels/kernels.ts";
import { LinearMemory } from "./compiled/linear-memory.ts";
import { RowArena } from "./compiled/row-arena.ts";
import { WasmGraph } from "./compiled/wasm-graph.ts";
import { createExecutor } from "./create-executor.ts";
import type { Executor } from "./executor.ts";
import { modelFolder } from "./load-node.ts";
import { loadModel } from "./model-file.ts";
import { readOnnx } from "./onnx-reader.ts";
import { freeDimensions } from "./shapes.ts";

const folder = fileURLToPath(new URL("../../models/crescendo-1", import.meta.url));

/** Whole numbers over the whole of each input's declared range, its ends among them. */
function inputsFor(bytes: Uint8Array, size: { width: number; height: number }) {
	const sides = new Map(Object.entries(freeDimensions(size)));
	let seed = 7;
	return readOnnx(bytes).inputs.map(({ name, dims, documentation }) => {
		const [low, high] = (/(-?\d+)\.\.(-?\d+)/.exec(documentation)?.slice(1) ?? [-4, 4]).map(Number) as [
			number,
			number,
		];
		const [channels = 0, h = 0, w = 0] = dims
			.slice(1)
			.map((side) => (typeof side === "string" ? sides.get(side) : side));
		const values = Float32Array.from({ length: channels * h * w }, () => {
			seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
			const at = (seed / 2 ** 32) * 1.2 - 0.1;
			return low + Math.round(Math.min(Math.max(at, 0), 1) * (high - low));
		});
		return { name, values, shape: [1, channels, h, w] as const };
	});
}

async function run(executor: Executor, bytes: Uint8Array, size: { width: number; height: number }) {
	const graph = await executor.load(bytes, size);
	const inputs = Object.fromEntries(
		inputsFor(bytes, size).map(({ name, values, shape }) => [name, executor.upload(values, shape)]),
	);
	const outputs: Record<string, Float32Array> = {};
	for (const [name, tensor] of Object.entries(await graph.run(inputs)))
		outputs[name] = await executor.download(tensor);
	await graph.dispose();
	return outputs;
}

describe("the model's graphs on WASM", async () => {
	const model = await loadModel(modelFolder(folder));

	it.each([
		{ width: 32, height: 32 },
		{ width: 64, height: 96 },
		{ width: 416, height: 256 },
	])("give what the native runtime gives, to the bit, at $width x $height", async (size) => {
		const [wasm, native] = await Promise.all(
			(["wasm", "native"] as const).map(async (kind) => (await createExecutor({ prefer: [kind] })).executor),
		);
		if (wasm === undefined || native === undefined) throw new Error("There are two executors.");
		for (const [name, bytes] of model.graphs) {
			// The encoder's own network is computed in real numbers, whose order of summation is free.
			const [ours, theirs] = [await run(wasm, bytes, size), await run(native, bytes, size)];
			expect(Object.keys(ours).toSorted()).toEqual(Object.keys(theirs).toSorted());
			for (const [output, values] of Object.entries(theirs)) {
				const same = ours[output] as Float32Array;
				expect(same.length).toBe(values.length);
				let worst = 0;
				for (let i = 0; i < values.length; i++) {
					const [a, b] = [same[i] as number, values[i] as number];
					worst = Math.max(worst, Math.abs(a - b) / Math.max(1, Math.abs(b)));
				}
				expect([name, output, name === "analysis" ? worst < 1e-4 : worst]).toEqual([
					name,
					output,
					name === "analysis" ? true : 0,
				]);
			}
		}
		await Promise.all([wasm.dispose(), native.dispose()]);
	});
});

describe("WASM that fails", () => {
	afterEach(() => {
		vi.unstubAllGlobals();
	});

	it("says so where there is no WebAssembly", async () => {
		vi.resetModules();
		vi.stubGlobal("WebAssembly", undefined);
		const { createWasmExecutor } = await import("./wasm-executor.ts");
		await expect(createWasmExecutor()).rejects.toMatchObject({ code: "backend-unavailable" });
	});

	it("says so where a kernel traps", async () => {
		const memory = new LinearMemory();
		const kernels = await instantiateKernels(memory.memory);
		const trap = {
			touches: [],
			// Nothing lies there.
			take: () => kernels.planesFromFloats(-64, 256, 256, 1, 16, 1, 0),
		};
		const plan = { steps: [trap], constants: [], inputs: new Map(), outputs: new Map() };
		const graph = new WasmGraph(plan, { kernels, memory, arena: new RowArena(memory) });
		const failed = expect.objectContaining({ code: "backend-failed", cause: expect.any(WebAssembly.RuntimeError) });
		await expect(graph.run(new Map())).rejects.toEqual(failed);
	});
});
