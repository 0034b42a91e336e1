import { describe, expect, it } from "vitest";
import { CodecError } from "../errors.ts";
import { proveGraph } from "./certificate.ts";
import { testModel, type TestNode, type TestTensor } from "./test-onnx.ts";

/** clip(floor(conv(x))), 2 channels to 1, and what a test wants different. */
function graph(
	change: {
		weights?: number[];
		bias?: number;
		range?: [number, number];
		nodes?: TestNode[];
		constants?: TestTensor[];
	} = {},
) {
	const nodes: TestNode[] = change.nodes ?? [
		{ operator: "Conv", inputs: ["x", "w", "b"], output: "y", integers: { pads: [0, 0, 0, 0], strides: [1, 1] } },
		{ operator: "Clip", inputs: ["y", "low", "high"], output: "c" },
		{ operator: "Floor", inputs: ["c"], output: "z" },
	];
	return testModel({
		nodes,
		constants: [
			{ name: "w", dims: [1, 2, 1, 1], values: change.weights ?? [3, -5] },
			{ name: "b", dims: [1], values: [change.bias ?? 0.5] },
			{ name: "low", dims: [], values: [-100] },
			{ name: "high", dims: [], values: [100] },
			...(change.constants ?? []),
		],
		inputs: [{ name: "x", channels: 2, grid: 8, range: change.range ?? [-10, 7] }],
		outputs: [{ name: "z", channels: 1, grid: 8 }],
	});
}

/** The error that the proof ends with; undefined where it succeeds. */
function refusal(bytes: Uint8Array): CodecError | undefined {
	try {
		proveGraph(bytes);
		return undefined;
	} catch (error) {
		if (error instanceof CodecError && error.code === "model-invalid") return error;
		throw error;
	}
}

describe("the certificate of a graph", () => {
	it("bounds a convolution in units of its smallest product", () => {
		const { largestSum, convolutions, multiplicationsPerPixel, outputs } = proveGraph(graph());
		// 3*10 + 5*10 + 0.5 in halves
		expect(largestSum).toBe(161);
		expect(convolutions).toBe(1);
		expect(multiplicationsPerPixel).toBe(2 / 64);
		// -30 - 35 + 0.5 and 21 + 50 + 0.5, floored
		expect(outputs.get("z")?.channels).toEqual([{ low: -65, high: 71, unit: 0 }]);
	});

	it("counts fractions of weights as finer units", () => {
		expect(proveGraph(graph({ weights: [0.25, 4], bias: 0 })).largestSum).toBe((2.5 + 40) * 4);
	});

	it("refuses sums of 2^23 units and accepts one less", () => {
		const range: [number, number] = [-1, 1];
		expect(proveGraph(graph({ weights: [2 ** 22, 2 ** 22 - 1], bias: 0, range })).largestSum).toBe(2 ** 23 - 1);
		expect(refusal(graph({ weights: [2 ** 22 + 1, 2 ** 22 - 1], bias: 0, range }))?.message).toMatch(
			/output channel 0/,
		);
	});

	it("sees that large and tiny weights together do not fit", () => {
		expect(refusal(graph({ weights: [2 ** 14, 2 ** -14], bias: 0 }))?.message).toMatch(/sums of/);
	});

	it("refuses what rounds: operators, slopes, fractions that leave the graph", () => {
		expect(refusal(graph({ nodes: [{ operator: "Sigmoid", inputs: ["x"], output: "z" }] }))?.message).toMatch(
			/Sigmoid is not allowed/,
		);
		expect(
			refusal(graph({ nodes: [{ operator: "LeakyRelu", inputs: ["x"], output: "z", floats: { alpha: 0.1 } }] }))
				?.message,
		).toMatch(/no power of two/);
		const half = [{ name: "half", dims: [], values: [0.5] }];
		expect(
			refusal(graph({ nodes: [{ operator: "Mul", inputs: ["x", "half"], output: "z" }], constants: half }))
				?.message,
		).toMatch(/integer/);
	});

	it("refuses products beyond 24 bits", () => {
		const nodes: TestNode[] = [
			{ operator: "Mul", inputs: ["x", "x"], output: "y" },
			{ operator: "Mul", inputs: ["y", "y"], output: "z" },
		];
		expect(() => proveGraph(graph({ nodes, range: [-63, 63] }))).not.toThrow();
		expect(refusal(graph({ nodes, range: [-64, 63] }))?.message).toMatch(/may occur/);
	});

	it("follows rearrangements", () => {
		const nodes: TestNode[] = [
			{ operator: "Conv", inputs: ["x", "four", "fourBias"], output: "y" },
			{
				operator: "DepthToSpace",
				inputs: ["y"],
				output: "s",
				integers: { blocksize: 2 },
				texts: { mode: "CRD" },
			},
			{ operator: "Concat", inputs: ["s", "s"], output: "t", integers: { axis: 1 } },
			{ operator: "Gather", inputs: ["t", "index"], output: "z", integers: { axis: 1 } },
		];
		const constants: TestTensor[] = [
			{ name: "four", dims: [4, 2, 1, 1], values: [1, 0, 0, 1, 2, 0, 0, -3] },
			{ name: "fourBias", dims: [4], values: [0, 0, 0, 4] },
			{ name: "index", dims: [1], values: [1], type: "int64" },
		];
		const { outputs } = proveGraph(graph({ nodes, constants }));
		expect(outputs.get("z")).toEqual({
			kind: "channels",
			density: 1 / 16,
			channels: [{ low: -20, high: 34, unit: 0 }],
		});
	});

	it("needs declared ranges", () => {
		const bytes = testModel({
			nodes: [{ operator: "Floor", inputs: ["x"], output: "z" }],
			constants: [],
			inputs: [{ name: "x", channels: 1, grid: 4 }],
			outputs: [{ name: "z", channels: 1, grid: 4 }],
		});
		expect(refusal(bytes)?.message).toMatch(/declare its range/);
	});

	it("ends in a typed error for every truncation that it notices", () => {
		const bytes = graph();
		const refusals = Array.from({ length: bytes.length }, (_, length) => refusal(bytes.subarray(0, length)));
		expect(refusals.slice(0, -10).every((error) => error !== undefined)).toBe(true);
	});
});
