import { type OnnxGraph, type OnnxNode, readOnnx } from "../codec/model/onnx-reader.ts";

/** Cells per full-size pixel of the grids that inputs of a model's graphs are named after. */
const GRIDS: Readonly<Record<string, number>> = { h4: 1 / 16, h8: 1 / 64, h32: 1 / 1024 };

/**
 * Multiplications of a graph's convolutions for each pixel of the full-size picture, counted from the file: for each
 * output cell, the size of the kernel times the input channels of its group times the output channels.
 * @throws Error for a graph whose grids cannot be told
 */
export function macsPerPixel(file: Uint8Array): number {
	const graph = readOnnx(file);
	const density = new Map<string, number>();
	for (const { name, dims } of graph.inputs) {
		const grid = GRIDS[String(dims[2])];
		if (grid !== undefined) density.set(name, grid);
	}
	const weights = new Map<string, readonly number[]>();
	for (const [name, { dims }] of graph.constants) weights.set(name, dims);
	let sum = 0;
	for (const node of graph.nodes) {
		const [output] = node.outputs;
		if (output === undefined) continue;
		passConstant(node, weights);
		const inputs = node.inputs.flatMap((name) => density.get(name) ?? []);
		if (inputs.length === 0) continue;
		const cells = Math.max(...inputs) * growth(node);
		for (const name of node.outputs) density.set(name, cells);
		if (node.operator === "Conv") sum += cells * kernelSize(node, graph, weights);
	}
	return sum;
}

/** Weights may be stored in fewer bits and cast: a cast or a copy has the dimensions of what goes in. */
function passConstant(node: OnnxNode, weights: Map<string, readonly number[]>): void {
	if (!["Cast", "Identity", "Mul", "Reshape"].includes(node.operator)) return;
	const dims = weights.get(node.inputs[0] ?? "");
	if (dims !== undefined) for (const name of node.outputs) weights.set(name, dims);
}

/** Cells of the output for each cell of the input. */
function growth(node: OnnxNode): number {
	if (node.operator === "DepthToSpace") return (node.attributes.get("blocksize")?.integer ?? 1) ** 2;
	if (node.operator !== "Conv") return 1;
	const strides = node.attributes.get("strides")?.integers ?? [];
	return 1 / strides.reduce((product, stride) => product * stride, 1);
}

function kernelSize(node: OnnxNode, graph: OnnxGraph, weights: ReadonlyMap<string, readonly number[]>): number {
	const dims = weights.get(node.inputs[1] ?? "");
	if (dims === undefined || dims.length !== 4) {
		throw new Error(`a convolution of a graph with ${graph.nodes.length} nodes has no constant weights`);
	}
	// ONNX keeps weights as [output channels, input channels of a group, height, width].
	return dims.reduce((product, dim) => product * dim, 1);
}
