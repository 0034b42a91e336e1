/// <reference types="@webgpu/types" />
/** From the operations of a graph to compute passes on planar tensors of known size. */
import type { GpuGroups, GpuProgram } from "../gpu-programs.ts";
import type { OnnxGraph } from "../onnx-reader.ts";
import {
	CONVOLUTION_WORKGROUP,
	type ConvolutionShader,
	convolutionShader,
	DEPTHWISE_WORKGROUP,
	depthwiseShader,
	OUTPUTS_EACH,
} from "./convolution.wgsl.ts";
import { invalidGraph, type Size } from "./form.ts";
import { fuse } from "./fuse.ts";
import { packForGpu } from "./gpu-weights.ts";
import { inputSizes } from "./input-sizes.ts";
import type { Adjustment, Bounds, Combination, Convolution, Operation } from "./operations.ts";
import { depthToSpaceShader, POINTWISE_WORKGROUP, pointwiseShader } from "./pointwise.wgsl.ts";
import { sizeAfter } from "./size-after.ts";

/** A value of the graph by its name, or bytes that never change. */
export type GpuResource = string | Uint8Array<ArrayBuffer>;

/** A compute program over some resources; the last one is written, the others are read. */
export type GpuDispatch = {
	readonly kind: "dispatch";
	readonly program: GpuProgram;
	readonly resources: readonly GpuResource[];
	readonly output: string;
	readonly groups: GpuGroups;
};

/** Pieces of values that become one value. */
export type GpuCopy = {
	readonly kind: "copy";
	readonly output: string;
	readonly pieces: readonly {
		readonly input: string;
		readonly from: number;
		readonly to: number;
		readonly bytes: number;
	}[];
};

export type GpuStep = GpuDispatch | GpuCopy;

/** A graph at one picture size. */
export type GpuPlan = {
	readonly steps: readonly GpuStep[];
	readonly inputs: ReadonlyMap<string, Size>;
	/** The value that each output is. */
	readonly outputs: ReadonlyMap<string, string>;
	readonly sizes: ReadonlyMap<string, Size>;
};

/** Bound where a shader reads nothing. */
const NOTHING = new Uint8Array(16);

/** Infinity, for devices that may assume that there is none. */
const LARGEST = 3e38;

const POINTWISE: GpuProgram = { name: "pointwise", code: pointwiseShader, bindings: ["read", "read", "read", "write"] };
const DEPTH_TO_SPACE: GpuProgram = {
	name: "depth to space",
	code: depthToSpaceShader,
	bindings: ["read", "read", "write"],
};
const CONVOLUTION_BINDINGS = ["read", "read", "read", "read", "read", "write"] as const;
const DEPTHWISE: GpuProgram = { name: "depthwise", code: depthwiseShader, bindings: CONVOLUTION_BINDINGS };

/**
 * How a graph is run on a GPU.
 *
 * @param graph its constants folded
 * @param size width and height of the coded picture
 * @throws CodecError `model-invalid`; `invalid-option` for a size that is no multiple of 32
 */
export function planGpuGraph(graph: OnnxGraph, size: { readonly width: number; readonly height: number }): GpuPlan {
	const { operations, outputs } = fuse(graph);
	const inputs = inputSizes(graph, size);
	const sizes = new Map(inputs);
	/** Values that are another value's, with its edges repeated around it. */
	const edged = new Map<string, string>();
	const sizeOf = (name: string): Size => {
		const known = sizes.get(name);
		if (known === undefined) throw invalidGraph(`it uses ${name} before it is made`);
		return known;
	};
	const steps: GpuStep[] = [];
	for (const operation of operations) {
		sizes.set(operation.output, sizeAfter(operation, operations, sizeOf));
		if (operation.kind === "edge-padding") edged.set(operation.output, operation.input);
		else steps.push(stepOf(operation, sizeOf, edged));
	}
	for (const value of outputs.values()) sizeOf(value);
	return { steps, inputs, outputs, sizes };
}

function stepOf(operation: Operation, sizeOf: (name: string) => Size, edged: ReadonlyMap<string, string>): GpuStep {
	const { output } = operation;
	const [channels, height, width] = sizeOf(output);
	switch (operation.kind) {
		case "convolution":
			return convolve(operation, sizeOf, edged);
		case "combination":
		case "adjustment":
			return pointwise(operation, sizeOf);
		case "depth-to-space": {
			const [, inputHeight, inputWidth] = sizeOf(operation.input);
			return {
				...{ kind: "dispatch", program: DEPTH_TO_SPACE, output },
				resources: [operation.input, words([inputWidth, inputHeight])],
				groups: [Math.ceil((width * height) / POINTWISE_WORKGROUP), channels, 1],
			};
		}
		case "concatenation": {
			let to = 0;
			const pieces = operation.inputs.map((input) => {
				const bytes = bytesOf(sizeOf(input));
				to += bytes;
				return { input, from: 0, to: to - bytes, bytes };
			});
			return { kind: "copy", output, pieces };
		}
		case "channel-order": {
			const bytes = 4 * height * width;
			const pieces = operation.order.map((channel, i) => ({
				...{ input: operation.input, from: channel * bytes, to: i * bytes, bytes },
			}));
			return { kind: "copy", output, pieces };
		}
		case "edge-padding":
			throw invalidGraph("edges are no step of their own");
	}
}

function convolve(
	operation: Convolution,
	sizeOf: (name: string) => Size,
	edged: ReadonlyMap<string, string>,
): GpuDispatch {
	const { output, residual, weights: kernel, stride, depthwise } = operation;
	const [outputs, height, width] = sizeOf(output);
	const [inputs, inputHeight, inputWidth] = sizeOf(operation.input);
	const side = kernel.dims[2] ?? 0;
	const input = edged.get(operation.input) ?? operation.input;
	const edges = input !== operation.input;
	const known = stride === 2 ? side === 2 : stride === 1 && [1, 3, 5].includes(side);
	if (!known || (depthwise && (side !== 3 || stride !== 1 || edges)))
		throw invalidGraph(`a ${side}x${side} kernel with a stride of ${stride}`);
	const vectors = side === 1 && (width * height) % 4 === 0;
	const { weights, biases } = packForGpu(operation);
	const line = vectors ? [(width * height) / 4, 1] : [width, height];
	const parameters = words(
		[inputs, outputs, ...line, inputWidth, inputHeight, residual === undefined ? 0 : 1, operation.floor ? 1 : 0],
		[operation.slope, ...boundsOf(operation)],
	);
	const resources = [input, bytesIn(weights), bytesIn(biases), residual ?? NOTHING, parameters];
	const lines = Math.ceil((line[0] as number) / (vectors ? 1 : 4)) * (line[1] as number);
	if (depthwise) {
		const groups = [Math.ceil(lines / DEPTHWISE_WORKGROUP), outputs, 1] as const;
		return { kind: "dispatch", program: DEPTHWISE, resources, output, groups };
	}
	const shader: ConvolutionShader = { size: side, stride, edges, vectors };
	const name = `convolution ${side} ${stride}${edges ? " edges" : ""}${vectors ? " vectors" : ""}`;
	const [x, y] = CONVOLUTION_WORKGROUP;
	return {
		...{ kind: "dispatch", resources, output },
		program: { name, code: convolutionShader(shader), bindings: CONVOLUTION_BINDINGS },
		groups: [Math.ceil(lines / x), Math.ceil(Math.ceil(outputs / OUTPUTS_EACH) / y), 1],
	};
}

function pointwise(operation: Combination | Adjustment, sizeOf: (name: string) => Size): GpuDispatch {
	const { output } = operation;
	const [channels, height, width] = sizeOf(output);
	const groups = [Math.ceil((width * height) / POINTWISE_WORKGROUP), channels, 1] as const;
	if (operation.kind === "combination") {
		const [a, b] = operation.inputs;
		const code = { add: 0, subtract: 1, multiply: 2 }[operation.operation];
		const counts = [a, b].map((name) => sizeOf(name)[0]);
		const parameters = words([width * height, code, ...counts, 0], [1, 0, -LARGEST, LARGEST]);
		return { kind: "dispatch", program: POINTWISE, resources: [a, b, parameters], output, groups };
	}
	const { input, scale, offset, floor } = operation;
	const parameters = words(
		[width * height, 3, channels, channels, floor ? 1 : 0],
		[scale, offset, ...boundsOf(operation)],
	);
	return { kind: "dispatch", program: POINTWISE, resources: [input, NOTHING, parameters], output, groups };
}

const boundsOf = ({ low, high }: Bounds): [number, number] => [Math.max(low, -LARGEST), Math.min(high, LARGEST)];

/** Bytes of a tensor. */
export const bytesOf = ([channels, height, width]: Size): number => 4 * channels * height * width;

const bytesIn = ({ buffer }: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => new Uint8Array(buffer);

/** The words of a shader's parameters: integers, then real numbers. */
function words(integers: readonly number[], reals: readonly number[] = []): Uint8Array<ArrayBuffer> {
	const buffer = new ArrayBuffer(4 * Math.max(4, integers.length + reals.length));
	new Uint32Array(buffer).set(integers);
	new Float32Array(buffer).set(reals, integers.length);
	return new Uint8Array(buffer);
}
