/** What a graph does, in the steps that the kernels take: a convolution with all that follows it is one of them. */
import type { OnnxTensor } from "../onnx-reader.ts";

/** Least and greatest value; infinite where nothing bounds them. */
export type Bounds = { readonly low: number; readonly high: number };

/** `output = floor?(clip(leaky(convolution(input)) + residual))`, with zero padding where `padding` is. */
export type Convolution = Bounds & {
	readonly kind: "convolution";
	readonly input: string;
	readonly output: string;
	readonly weights: OnnxTensor;
	/** One a channel. */
	readonly bias: Float64Array;
	readonly stride: number;
	readonly padding: number;
	/** One input channel for each output channel. */
	readonly depthwise: boolean;
	/** Of what is negative; 1: none. */
	readonly slope: number;
	/** A value of the same shape that is added. */
	readonly residual: string | undefined;
	readonly floor: boolean;
};

/** `output = floor?(clip(input * scale + offset))` */
export type Adjustment = Bounds & {
	readonly kind: "adjustment";
	readonly input: string;
	readonly output: string;
	readonly scale: number;
	readonly offset: number;
	readonly floor: boolean;
};

/** Element by element; one of the two may have a single channel, which then stands for all. */
export type Combination = {
	readonly kind: "combination";
	readonly operation: "add" | "subtract" | "multiply";
	readonly inputs: readonly [string, string];
	readonly output: string;
};

/** Channels one after the other. */
export type Concatenation = {
	readonly kind: "concatenation";
	readonly inputs: readonly string[];
	readonly output: string;
};

/** Four channels become one of twice the width and height, in CRD order. */
export type DepthToSpace = { readonly kind: "depth-to-space"; readonly input: string; readonly output: string };

/** Edges repeated around the picture, for a convolution that pads nothing itself. */
export type EdgePadding = {
	readonly kind: "edge-padding";
	readonly input: string;
	readonly output: string;
	readonly padding: number;
};

/** Channels in another order. */
export type ChannelOrder = {
	readonly kind: "channel-order";
	readonly input: string;
	readonly output: string;
	readonly order: readonly number[];
};

export type Operation =
	| Convolution
	| Adjustment
	| Combination
	| Concatenation
	| DepthToSpace
	| EdgePadding
	| ChannelOrder;

/** Values that an operation reads. */
export function inputsOf(operation: Operation): readonly string[] {
	switch (operation.kind) {
		case "convolution":
			return operation.residual === undefined ? [operation.input] : [operation.input, operation.residual];
		case "combination":
		case "concatenation":
			return operation.inputs;
		default:
			return [operation.input];
	}
}
