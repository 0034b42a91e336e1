/** Graphs made at random, on WASM and in onnxruntime: the same numbers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createExecutor } from "../create-executor.ts";
import type { Executor } from "../executor.ts";
import { readOnnx } from "../onnx-reader.ts";
import { testModel, type TestInput, type TestNode, type TestTensor } from "../test-onnx.ts";
import { fuse } from "./fuse.ts";
import { LinearMemory } from "./linear-memory.ts";
import { planGraph } from "./plan.ts";
import { layOut, RowArena } from "./row-arena.ts";

/** Grids of 12 x 8, 6 x 4 and, narrower than a vector, 3 x 1 cells. */
const SIZE = { width: 96, height: 32 };
const CELLS = { 4: [24, 8], 8: [12, 4], 32: [3, 1] } as const;

type Grid = keyof typeof CELLS;
type Value = { readonly name: string; readonly channels: number; readonly grid: Grid };

/** Numbers that follow from a seed. */
function randomFrom(seed: number) {
	let state = seed;
	const below = (limit: number): number => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * limit);
	};
	return { below, between: (low: number, high: number) => low + below(high - low + 1) };
}

/** A graph of a dozen operations, its intermediate values bounded as those of models are. */
function randomGraph(seed: number, exact: boolean) {
	const { below, between } = randomFrom(seed);
	const nodes: TestNode[] = [];
	const constants: TestTensor[] = [];
	const inputs: TestInput[] = [];
	const values: Value[] = [];
	const range: [number, number] = [-500, 500];
	for (const grid of [4, 8, 32] as const) {
		const input = { name: `x${grid}`, channels: between(1, 9), grid };
		inputs.push(exact ? { ...input, range } : input);
		values.push(input);
	}
	const named = (kind: string) => `${kind}${nodes.length}`;
	const add = (node: Omit<TestNode, "output">) => {
		const output = named(node.operator.toLowerCase());
		nodes.push({ ...node, output });
		return output;
	};
	const scalar = (value: number) => {
		const name = `c${constants.length}`;
		constants.push({ name, dims: [], values: [value] });
		return name;
	};
	const bounded = (name: string) => {
		const clipped = add({ operator: "Clip", inputs: [name, scalar(range[0]), scalar(range[1])] });
		return exact ? add({ operator: "Floor", inputs: [clipped] }) : clipped;
	};
	const convolution = (input: Value): Value => {
		const half = input.grid === 4 && below(4) === 0;
		const depthwise = !half && input.channels > 1 && below(4) === 0;
		const side = half ? 2 : depthwise ? 3 : ([1, 1, 3][below(3)] as number);
		const outputs = depthwise ? input.channels : between(1, 9);
		const perOutput = depthwise ? 1 : input.channels;
		const [kernel, bias] = [`w${constants.length}`, `b${constants.length}`];
		const weights = Array.from({ length: outputs * perOutput * side * side }, () => between(-60, 60) / 64);
		constants.push({ name: kernel, dims: [outputs, perOutput, side, side], values: weights });
		constants.push({
			...{ name: bias, dims: [outputs] },
			values: Array.from({ length: outputs }, () => between(-900, 900) / 128),
		});
		const pad = side === 3 ? 1 : 0;
		let name = add({
			...{ operator: "Conv", inputs: [input.name, kernel, bias] },
			integers: {
				kernel_shape: [side, side],
				pads: [pad, pad, pad, pad],
				strides: half ? [2, 2] : [1, 1],
				group: depthwise ? input.channels : 1,
			},
		});
		const grid = half ? 8 : input.grid;
		const same = values.filter((other) => other.grid === grid && other.channels === outputs);
		const residual = same[below(same.length)];
		if (below(2) === 0) name = add({ operator: "LeakyRelu", inputs: [name], floats: { alpha: 0.125 } });
		else if (residual !== undefined) name = add({ operator: "Add", inputs: [name, residual.name] });
		return { name: bounded(name), channels: outputs, grid };
	};
	const pointwise = (input: Value): Value => {
		const others = values.filter(
			({ grid, channels }) => grid === input.grid && (channels === 1 || channels === input.channels),
		);
		const other = others[below(others.length)] ?? input;
		const kind = ["Add", "Sub", "Mul"][below(3)] as string;
		// A product of two values would leave what float32 holds exactly after the next one.
		const scaled = add({ operator: "Mul", inputs: [other.name, scalar(2 ** -between(0, 6))] });
		const name = add({ operator: kind, inputs: [input.name, scaled] });
		return { ...input, name: bounded(name) };
	};
	const joined = (input: Value): Value => {
		const parts = [input, ...values.filter(({ grid }) => grid === input.grid)].slice(0, between(2, 3));
		// Pairs of channels are joined whole.
		const even = parts.every(({ channels }, i) => i === parts.length - 1 || channels % 2 === 0);
		if (!even) return convolution(input);
		const name = add({ operator: "Concat", inputs: parts.map((part) => part.name), integers: { axis: 1 } });
		return { name, channels: parts.reduce((sum, { channels }) => sum + channels, 0), grid: input.grid };
	};
	const spread = (input: Value): Value => {
		if (!exact || input.grid !== 8 || input.channels % 4 !== 0) return convolution(input);
		const name = add({
			...{ operator: "DepthToSpace", inputs: [input.name] },
			...{ integers: { blocksize: 2 }, texts: { mode: "CRD" } },
		});
		return { name, channels: input.channels / 4, grid: 4 };
	};
	const makers = [convolution, convolution, convolution, pointwise, joined, spread];
	for (let i = 0; i < 12; i++) {
		const input = values[below(values.length)] as Value;
		values.push((makers[below(makers.length)] as typeof convolution)(input));
	}
	const outputs = values.slice(-4).map(({ name, channels, grid }) => ({ name, channels, grid }));
	return { bytes: testModel({ nodes, constants, inputs, outputs }), inputs };
}

describe("a graph made at random", () => {
	let wasm: Executor;
	let native: Executor;
	beforeAll(async () => {
		({ executor: wasm } = await createExecutor({ prefer: ["wasm"] }));
		({ executor: native } = await createExecutor({ prefer: ["native"] }));
	});
	afterAll(() => Promise.all([wasm.dispose(), native.dispose()]));

	const run = async (executor: Executor, { bytes, inputs }: ReturnType<typeof randomGraph>) => {
		const { between } = randomFrom(99);
		const graph = await executor.load(bytes, SIZE);
		const feeds = Object.fromEntries(
			inputs.map(({ name, channels, grid }) => {
				const [width, height] = CELLS[grid];
				const values = Float32Array.from({ length: channels * height * width }, () => between(-500, 500));
				return [name, executor.upload(values, [1, channels, height, width])];
			}),
		);
		const outputs: Record<string, number[]> = {};
		for (const [name, tensor] of Object.entries(await graph.run(feeds)))
			outputs[name] = [...(await executor.download(tensor))];
		await graph.dispose();
		return outputs;
	};

	it.each(Array.from({ length: 60 }, (_, i) => i + 1))(
		"of whole numbers gives the same, to the bit (%i)",
		async (seed) => {
			const graph = randomGraph(seed, true);
			expect(await run(wasm, graph)).toEqual(await run(native, graph));
		},
	);

	it.each(Array.from({ length: 20 }, (_, i) => i + 101))(
		"of real numbers gives the same, to a ten-thousandth of what they may be (%i)",
		async (seed) => {
			const graph = randomGraph(seed, false);
			const [ours, theirs] = [await run(wasm, graph), await run(native, graph)];
			expect(Object.keys(ours).toSorted()).toEqual(Object.keys(theirs).toSorted());
			for (const [name, values] of Object.entries(theirs))
				for (const [i, value] of values.entries())
					expect(Math.abs((ours[name]?.[i] as number) - value)).toBeLessThan(0.05);
		},
	);
});

describe("a graph that cannot be run", () => {
	const x: TestInput = { name: "x", channels: 4, grid: 8, range: [-9, 9] };
	const y: TestInput = { name: "y", channels: 4, grid: 8 };
	const load = (nodes: readonly TestNode[], constants: readonly TestTensor[] = [], inputs = [x]) =>
		planGraph(readOnnx(testModel({ nodes, constants, inputs, outputs: [y] })), SIZE);
	const kernel = { name: "w", dims: [4, 4, 3, 3], values: Array.from({ length: 144 }, () => 0.25) };
	const conv = (integers: TestNode["integers"]): TestNode => ({
		...{ operator: "Conv", inputs: ["x", "w"], output: "y" },
		...(integers !== undefined && { integers }),
	});

	it.each<[string, readonly TestNode[], RegExp]>([
		[
			"has an operator that no model has",
			[{ operator: "Softmax", inputs: ["x"], output: "y" }],
			/operator Softmax/,
		],
		["pads a kernel on one side alone", [conv({ pads: [1, 0, 1, 0] })], /pads of a convolution differ/],
		[
			"reads beyond the picture what is not there",
			[conv({ pads: [0, 0, 0, 0] })],
			/reaches 1 pixels has 0 around it/,
		],
		[
			"has a stride that there is no code for",
			[conv({ pads: [0, 0, 0, 0], strides: [2, 2] })],
			/3x3 kernel with a stride of 2/,
		],
		["has groups of several channels", [conv({ pads: [1, 1, 1, 1], group: 2 })], /groups of several channels/],
		[
			"joins other things than channels",
			[{ operator: "Concat", inputs: ["x", "x"], output: "y", integers: { axis: 2 } }],
			/not over channels/,
		],
		[
			"uses what is not made",
			[{ operator: "Floor", inputs: ["nothing"], output: "y" }],
			/uses nothing before it is made/,
		],
	])("%s", (_, nodes, words) => {
		// Without a declared range nothing is proven first.
		expect(() => load(nodes, [kernel], [{ name: "x", channels: 4, grid: 8 }])).toThrow(words);
		expect(() => load(nodes, [kernel])).toThrow(expect.objectContaining({ code: "model-invalid" }));
	});
});

describe("the operations of a graph", () => {
	it("hold a convolution with all that follows it, but for what somebody else reads too", () => {
		const nodes: TestNode[] = [
			{ operator: "Conv", inputs: ["x", "w"], output: "a" },
			{ operator: "LeakyRelu", inputs: ["a"], output: "b", floats: { alpha: 0.125 } },
			{ operator: "Clip", inputs: ["b", "low", "high"], output: "c" },
			{ operator: "Floor", inputs: ["c"], output: "d" },
			{ operator: "Conv", inputs: ["d", "w"], output: "e" },
			{ operator: "Add", inputs: ["e", "d"], output: "f" },
			{ operator: "Clip", inputs: ["f", "low", "high"], output: "y" },
			{ operator: "Floor", inputs: ["f"], output: "z" },
		];
		const constants = [
			{ name: "w", dims: [4, 4, 1, 1], values: Array.from({ length: 16 }, (_, i) => i / 16) },
			{ name: "low", dims: [], values: [-7] },
			{ name: "high", dims: [], values: [7] },
		];
		const outputs = ["y", "z"].map((name) => ({ name, channels: 4, grid: 8 }) as const);
		const inputs = [{ name: "x", channels: 4, grid: 8 }] as const;
		const { operations } = fuse(readOnnx(testModel({ nodes, constants, inputs, outputs })));
		expect(operations).toMatchObject([
			{ kind: "convolution", input: "x", output: "d", slope: 0.125, low: -7, high: 7, floor: true },
			{ kind: "convolution", input: "d", output: "f", residual: "d", low: -Infinity, floor: false },
			{ kind: "adjustment", input: "f", output: "y", low: -7, high: 7, floor: false },
			{ kind: "adjustment", input: "f", output: "z", floor: true },
		]);
	});
});

describe("the memory of graphs", () => {
	const planned = () => planGraph(readOnnx(randomGraph(3, true).bytes), SIZE).steps.map(({ touches }) => touches);

	it("holds at any time all that is needed then, apart", () => {
		const touched = planned();
		const { offsets, bytes } = layOut(touched);
		const alone = [...offsets.keys()].reduce((sum, storage) => sum + storage.bytes, 0);
		expect(bytes).toBeLessThan(alone);
		for (const [step] of touched.entries()) {
			const before = new Set(touched.slice(0, step + 1).flat());
			const after = new Set(touched.slice(step).flat());
			const alive = [...before].filter((storage) => after.has(storage));
			const places = alive
				.map((storage) => [offsets.get(storage) as number, storage.bytes] as const)
				.toSorted(([a], [b]) => a - b);
			for (const [i, [offset, length]] of places.entries())
				expect(offset + length).toBeLessThanOrEqual(places[i + 1]?.[0] ?? bytes);
		}
	});

	it("is that of the graph that needs most, and is taken again when all are gone", () => {
		const memory = new LinearMemory();
		const arena = new RowArena(memory);
		const [small, large] = [{}, {}];
		let size: number | undefined;
		for (let round = 0; round < 5; round++) {
			arena.reserve(small, 100_000);
			arena.reserve(large, 900_000);
			const begin = arena.begin();
			expect(arena.begin()).toBe(begin);
			arena.release(large);
			expect(arena.begin()).toBe(begin);
			arena.release(small);
			size ??= memory.memory.buffer.byteLength;
			expect(memory.memory.buffer.byteLength).toBe(size);
		}
		expect(size).toBeLessThan(1_100_000);
	});

	it("ends in a typed error", () => {
		const memory = new LinearMemory();
		expect(() => memory.allocate(2 ** 33)).toThrow(expect.objectContaining({ code: "backend-failed" }));
	});
});
