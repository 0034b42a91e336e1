import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { proveGraph } from "./certificate.ts";
import { createExecutor } from "./create-executor.ts";
import type { Executor, ExecutorKind } from "./executor.ts";
import { foldConstants } from "./fold-constants.ts";
import { modelFolder } from "./load-node.ts";
import { DECODING_GRAPHS, loadModel } from "./model-file.ts";
import { readOnnx } from "./onnx-reader.ts";
import { testModel } from "./test-onnx.ts";
import { Turns } from "./turns.ts";

const size = { width: 64, height: 32 };

/** y = 2x, [1, 3, h8, w8] */
const twice = testModel({
	nodes: [{ operator: "Mul", inputs: ["x", "two"], output: "y" }],
	constants: [{ name: "two", dims: [], values: [2] }],
	inputs: [{ name: "x", channels: 3, grid: 8, range: [-10, 10] }],
	outputs: [{ name: "y", channels: 3, grid: 8 }],
});

const kinds: readonly ExecutorKind[] = ["native", "wasm"];

describe.each(kinds)("the executor on %s", (kind) => {
	it("uploads, runs, downloads", async () => {
		const { executor, rejected } = await createExecutor({ prefer: [kind] });
		expect(rejected).toEqual([]);
		expect(executor.kind).toBe(kind);
		const graph = await executor.load(twice, size);
		const x = executor.upload(
			Float32Array.from({ length: 96 }, (_, i) => i - 48),
			[1, 3, 4, 8],
		);
		const { y } = await graph.run({ x });
		expect(y?.shape).toEqual([1, 3, 4, 8]);
		expect(y && [...(await executor.download(y))]).toEqual(Array.from({ length: 96 }, (_, i) => 2 * (i - 48)));
		await executor.dispose();
	});

	it("runs two graphs that are asked for at once", async () => {
		const { executor } = await createExecutor({ prefer: [kind] });
		const [a, b] = [await executor.load(twice, size), await executor.load(twice, size)];
		const x = executor.upload(new Float32Array(96).fill(3), [1, 3, 4, 8]);
		const results = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b).run({ x })));
		for (const { y } of results) expect(y && [...new Set(await executor.download(y))]).toEqual([6]);
		await executor.dispose();
	});

	it("gives results back when they are disposed of, but not what was asked for", async () => {
		const { executor } = await createExecutor({ prefer: [kind] });
		const graph = await executor.load(twice, size);
		const given = new Float32Array(96).fill(3);
		const x = executor.upload(given, [1, 3, 4, 8]);
		const { y: asked } = await graph.run({ x });
		const { y: unseen } = await graph.run({ x });
		const samples = asked && (await executor.download(asked));
		for (const tensor of [asked, unseen, x]) tensor?.dispose();
		expect([...new Set(samples)]).toEqual([6]);
		expect(unseen && (await executor.download(unseen))).toHaveLength(0);
		expect(given).toHaveLength(96);
		await executor.dispose();
	});

	it("refuses what does not fit, with a typed error", async () => {
		const { executor } = await createExecutor({ prefer: [kind] });
		expect(() => executor.upload(new Float32Array(5), [1, 1, 2, 2])).toThrow(/do not fill/);
		await expect(executor.load(twice, { width: 60, height: 32 })).rejects.toMatchObject({ code: "invalid-option" });
		await expect(executor.load(twice.subarray(0, 40), size)).rejects.toMatchObject({ code: "model-invalid" });
		const graph = await executor.load(twice, size);
		await expect(graph.run({})).rejects.toMatchObject({ code: "backend-failed" });
		const stranger = { shape: [1, 3, 4, 8], dispose() {} } as const;
		await expect(graph.run({ x: stranger })).rejects.toMatchObject({ code: "invalid-option" });
		await executor.dispose();
	});
});

describe("the choice of an executor", () => {
	it("goes on to the next backend and says why", async () => {
		const { executor, rejected } = await createExecutor({ prefer: ["webgpu", "wasm"] });
		expect(executor.kind).toBe("wasm");
		expect(rejected.map(({ kind, reason }) => [kind, reason.code])).toEqual([["webgpu", "backend-unavailable"]]);
		await executor.dispose();
	});

	it("fails with every reason where nothing is left", async () => {
		await expect(createExecutor({ prefer: ["webgpu"] })).rejects.toThrow(/webgpu: This environment has no WebGPU/);
	});

	it("does not hide a wrong option behind another backend", async () => {
		await expect(createExecutor({ prefer: ["native", "wasm"], threads: 0 })).rejects.toMatchObject({
			code: "invalid-option",
		});
	});
});

describe("a model with its constants folded", () => {
	/** Pseudo-random integers in the declared range of each input. */
	async function run(executor: Executor, bytes: Uint8Array): Promise<Record<string, number[]>> {
		const graph = await executor.load(bytes, size);
		let seed = 7;
		const inputs = Object.fromEntries(
			readOnnx(bytes).inputs.map(({ name, dims, documentation }) => {
				const [, low, high] = /(-?\d+)\.\.(-?\d+)/.exec(documentation) ?? [];
				const [h, w] = [dims[2], dims[3]].map((d, i) =>
					typeof d === "string" ? (i === 0 ? size.height : size.width) / Number(d.slice(1)) : Number(d),
				) as [number, number];
				const values = new Float32Array(Number(dims[1]) * h * w);
				for (let i = 0; i < values.length; i++) {
					seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
					values[i] = Number(low) + Math.floor((seed / 2 ** 32) * (Number(high) - Number(low) + 1));
				}
				return [name, executor.upload(values, [1, Number(dims[1]), h, w])];
			}),
		);
		const outputs: Record<string, number[]> = {};
		for (const [name, tensor] of Object.entries(await graph.run(inputs))) {
			outputs[name] = [...(await executor.download(tensor))];
		}
		await graph.dispose();
		return outputs;
	}

	it("gives the same numbers and the same certificate", async () => {
		const model = await loadModel(modelFolder(fileURLToPath(new URL("../../models/crescendo-1", import.meta.url))));
		const { executor } = await createExecutor({ prefer: ["native", "wasm"] });
		for (const name of DECODING_GRAPHS) {
			const bytes = model.graphs.get(name) as Uint8Array;
			const folded = foldConstants(bytes);
			expect(readOnnx(folded).nodes.some(({ operator }) => operator === "Cast")).toBe(false);
			expect(proveGraph(folded).largestSum).toBe(proveGraph(bytes).largestSum);
			expect({ name, ...(await run(executor, folded)) }).toEqual({ name, ...(await run(executor, bytes)) });
		}
		await executor.dispose();
	});
});

describe("turns", () => {
	it("are taken one after the other, also after a failure", async () => {
		const turns = new Turns();
		const log: string[] = [];
		const work = (name: string) => async () => {
			log.push(`${name} starts`);
			await Promise.resolve();
			log.push(`${name} ends`);
			if (name === "b") throw new Error("b fails");
			return name;
		};
		const [a, b, c] = [turns.take(work("a")), turns.take(work("b")), turns.take(work("c"))];
		await expect(b).rejects.toThrow("b fails");
		expect([await a, await c]).toEqual(["a", "c"]);
		expect(log).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
	});
});
