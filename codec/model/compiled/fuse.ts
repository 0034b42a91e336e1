/** From the nodes of an ONNX graph to what the kernels do in one step each. */
import type { OnnxGraph, OnnxNode, OnnxTensor } from "../onnx-reader.ts";
import { invalidGraph } from "./form.ts";
import type { Adjustment, Combination, Convolution, Operation } from "./operations.ts";

const COMBINATIONS: ReadonlyMap<string, Combination["operation"]> = new Map([
	["Add", "add"],
	["Sub", "subtract"],
	["Mul", "multiply"],
] as const);

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A graph as operations, in an order in which every value is made before it is used. */
export type Fused = {
	readonly operations: readonly Operation[];
	/** Name of each of the graph's outputs, and of the value that it is. */
	readonly outputs: ReadonlyMap<string, string>;
};

/**
 * The operations of a graph whose constants are folded.
 *
 * @throws CodecError `model-invalid` for a graph with anything else than codec models are made of
 */
export function fuse(graph: OnnxGraph): Fused {
	const names = new Map<string, string>();
	const named = (name: string): string => names.get(name) ?? name;
	const nodes: OnnxNode[] = [];
	for (const node of graph.nodes) {
		const inputs = node.inputs.map(named);
		if (node.operator === "Identity") names.set(outputOf(node), inputs[0] ?? "");
		else nodes.push({ ...node, inputs });
	}
	const outputs = new Map(graph.outputs.map(({ name }) => [name, named(name)]));
	return { operations: new Fusion({ ...graph, nodes }, new Set(outputs.values())).operations(), outputs };
}

class Fusion {
	private readonly graph: OnnxGraph;
	private readonly consumers = new Map<string, OnnxNode[]>();
	private readonly outputs: ReadonlySet<string>;
	private readonly taken = new Set<OnnxNode>();
	private readonly made = new Set<string>();

	/** @param outputs values that somebody outside the graph wants to see */
	constructor(graph: OnnxGraph, outputs: ReadonlySet<string>) {
		this.graph = graph;
		this.outputs = outputs;
		for (const { name } of graph.inputs) this.made.add(name);
		for (const node of graph.nodes) {
			for (const name of node.inputs) this.consumers.set(name, [...(this.consumers.get(name) ?? []), node]);
		}
	}

	operations(): Operation[] {
		const operations: Operation[] = [];
		for (const node of this.graph.nodes) {
			if (this.taken.has(node)) continue;
			const operation = this.operation(node);
			operations.push(operation);
			this.made.add(operation.output);
		}
		return operations;
	}

	private operation(node: OnnxNode): Operation {
		const [input = "", second = ""] = node.inputs;
		const output = outputOf(node);
		switch (node.operator) {
			case "Conv":
				return this.convolution(node);
			case "Concat":
				if (node.attributes.get("axis")?.integer !== 1) throw invalidGraph("Concat is not over channels");
				return { kind: "concatenation", inputs: node.inputs, output };
			case "DepthToSpace":
				if (node.attributes.get("mode")?.text !== "CRD" || node.attributes.get("blocksize")?.integer !== 2)
					throw invalidGraph("DepthToSpace is not by 2 in CRD order");
				return { kind: "depth-to-space", input, output };
			case "Pad":
				return { kind: "edge-padding", input, output, padding: edgePadding(node, this.constant(second)) };
			case "Gather": {
				const order = this.constant(second);
				if (node.attributes.get("axis")?.integer !== 1 || order === undefined)
					throw invalidGraph("Gather does not order channels");
				return { kind: "channel-order", input, output, order: [...order.values] };
			}
			default:
				return this.pointwise(node);
		}
	}

	private constant(name: string): OnnxTensor | undefined {
		return this.graph.constants.get(name);
	}

	/** The constant of one value among a node's inputs. */
	private scalar(name: string | undefined): number | undefined {
		const constant = name === undefined ? undefined : this.constant(name);
		return constant?.values.length === 1 ? constant.values[0] : undefined;
	}

	/** The node that alone reads a value which nobody outside the graph wants to see. */
	private follower(name: string): OnnxNode | undefined {
		const nodes = this.consumers.get(name) ?? [];
		return nodes.length === 1 && !this.outputs.has(name) ? nodes[0] : undefined;
	}

	private convolution(node: OnnxNode): Convolution {
		const [input = "", kernel = "", biasName] = node.inputs;
		const weights = this.constant(kernel);
		const [count = 0, perGroup = 0, height = 0, width = 0] = weights?.dims ?? [];
		if (weights === undefined || height !== width || count === 0)
			throw invalidGraph("a kernel is no square constant");
		const group = node.attributes.get("group")?.integer ?? 1;
		const depthwise = group === count && perGroup === 1 && group > 1;
		if (group !== 1 && !depthwise) throw invalidGraph("a convolution has groups of several channels");
		const bias = biasName === undefined ? new Float64Array(count) : this.constant(biasName)?.values;
		if (bias === undefined) throw invalidGraph("a bias is no constant");
		const [padding, stride] = [same(node, "pads", 0), same(node, "strides", 1)];
		if (same(node, "dilations", 1) !== 1) throw invalidGraph("a kernel is dilated");
		const fused: Mutable<Convolution> = {
			...{ kind: "convolution", input, output: outputOf(node), weights, bias, stride, padding, depthwise },
			...{ slope: 1, residual: undefined, low: -Infinity, high: Infinity, floor: false },
		};
		for (let next = this.follower(fused.output); next !== undefined; next = this.follower(fused.output)) {
			if (!this.absorb(fused, next)) break;
			this.taken.add(next);
			fused.output = outputOf(next);
		}
		return fused;
	}

	/** Whether what follows a convolution can be done with it. */
	private absorb(fused: Mutable<Convolution>, node: OnnxNode): boolean {
		if (fused.floor) return false;
		const bounded = fused.low !== -Infinity || fused.high !== Infinity;
		switch (node.operator) {
			case "LeakyRelu":
				if (fused.slope !== 1 || fused.residual !== undefined || bounded) return false;
				fused.slope = node.attributes.get("alpha")?.float ?? 0.01;
				return true;
			case "Add": {
				const other = node.inputs.find((name) => name !== fused.output);
				if (other === undefined || !this.made.has(other) || fused.residual !== undefined || bounded)
					return false;
				fused.residual = other;
				return true;
			}
			default:
				return this.absorbBounds(fused, node);
		}
	}

	/** Clip and Floor, which convolutions and adjustments end with. */
	private absorbBounds(fused: Mutable<Convolution> | Mutable<Adjustment>, node: OnnxNode): boolean {
		if (node.operator === "Floor") {
			fused.floor = true;
			return true;
		}
		const bounds = this.boundsOf(node);
		if (bounds === undefined) return false;
		// Intervals that do not meet would depend on the order; those of a model are nested.
		fused.low = Math.min(Math.max(fused.low, bounds.low), bounds.high);
		fused.high = Math.max(Math.min(fused.high, bounds.high), bounds.low);
		return true;
	}

	private boundsOf({ operator, inputs }: OnnxNode) {
		if (operator === "Relu") return { low: 0, high: Infinity };
		if (operator !== "Clip") return undefined;
		const [low, high] = [this.scalar(inputs[1]), this.scalar(inputs[2])];
		if (low === undefined || high === undefined) throw invalidGraph("Clip has no constant bounds");
		return { low, high };
	}

	private pointwise(node: OnnxNode): Operation {
		const [a = "", b = ""] = node.inputs;
		const operation = COMBINATIONS.get(node.operator);
		if (operation !== undefined && this.constant(a) === undefined && this.constant(b) === undefined) {
			return { kind: "combination", operation, inputs: [a, b], output: outputOf(node) };
		}
		const input = this.constant(a) === undefined ? a : b;
		const fused: Mutable<Adjustment> = {
			...{ kind: "adjustment", input, output: outputOf(node), scale: 1, offset: 0 },
			...{ low: -Infinity, high: Infinity, floor: false },
		};
		if (!this.adjust(fused, node)) throw invalidGraph(`operator ${node.operator} is not known`);
		for (let next = this.follower(fused.output); next !== undefined; next = this.follower(fused.output)) {
			if (!this.adjust(fused, next)) break;
			this.taken.add(next);
			fused.output = outputOf(next);
		}
		return fused;
	}

	/** Whether one more step can be done in the same adjustment: factor, then summand, then bounds, then whole numbers. */
	private adjust(fused: Mutable<Adjustment>, node: OnnxNode): boolean {
		if (fused.floor) return false;
		const bounded = fused.low !== -Infinity || fused.high !== Infinity;
		const constant = this.scalar(node.inputs[0]) ?? this.scalar(node.inputs[1]);
		if (node.operator === "Mul" && constant !== undefined && fused.offset === 0 && !bounded) {
			fused.scale *= constant;
			return true;
		}
		if ((node.operator === "Add" || node.operator === "Sub") && constant !== undefined && !bounded) {
			if (node.operator === "Sub" && this.scalar(node.inputs[0]) !== undefined) return false;
			fused.offset += node.operator === "Add" ? constant : -constant;
			return true;
		}
		return this.absorbBounds(fused, node);
	}
}

function outputOf(node: OnnxNode): string {
	const [output] = node.outputs;
	if (output === undefined || node.outputs.length !== 1) throw invalidGraph(`${node.operator} has not one output`);
	return output;
}

/** An attribute whose numbers are all the same. */
function same(node: OnnxNode, name: string, otherwise: number): number {
	const numbers = new Set(node.attributes.get(name)?.integers ?? []);
	if (numbers.size > 1) throw invalidGraph(`${name} of a convolution differ`);
	return [...numbers][0] ?? otherwise;
}

/** The edges that a Pad repeats, the same on all four sides. */
function edgePadding(node: OnnxNode, pads: OnnxTensor | undefined): number {
	const [n0, c0, top = 0, left, n1, c1, bottom, right] = pads?.values ?? [];
	const square = [left, bottom, right].every((pad) => pad === top) && [n0, c0, n1, c1].every((pad) => pad === 0);
	if (node.attributes.get("mode")?.text !== "edge" || !square)
		throw invalidGraph("Pad does not repeat all edges alike");
	return top;
}
