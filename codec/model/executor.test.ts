import { describe, expect, it } from "vitest";
import { createExecutor } from "./create-executor.ts";
import type { ExecutorKind } from "./executor.ts";
import { testModel } from "./test-onnx.ts";

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
