import { type Size, invalidGraph } from "./form.ts";
import { type Convolution, inputsOf, type Operation } from "./operations.ts";

/**
 * The size of what an operation makes.
 *
 * @param operations all of the graph
 * @param size of a value that is made before
 * @throws CodecError `model-invalid` where the operation's inputs do not fit each other, or it
 */
export function sizeAfter(operation: Operation, operations: readonly Operation[], size: (name: string) => Size): Size {
	const [channels, height, width] = size(inputsOf(operation)[0] ?? "");
	switch (operation.kind) {
		case "convolution": {
			const { weights, stride, residual } = operation;
			requireEdges(operation, operations);
			const result: Size = [weights.dims[0] ?? 0, Math.floor(height / stride), Math.floor(width / stride)];
			if (residual !== undefined && size(residual).some((side, i) => side !== result[i]))
				throw invalidGraph("it adds tensors of different sizes");
			return result;
		}
		case "concatenation": {
			const sizes = operation.inputs.map(size);
			if (sizes.some(([, h, w]) => h !== height || w !== width))
				throw invalidGraph("it joins grids of different sizes");
			return [sizes.reduce((sum, [count]) => sum + count, 0), height, width];
		}
		case "combination": {
			const [count, ...grid] = size(operation.inputs[1]);
			const fits = count === channels || count === 1 || channels === 1;
			if (!fits || grid[0] !== height || grid[1] !== width)
				throw invalidGraph("it combines tensors of different sizes");
			return [Math.max(channels, count), height, width];
		}
		case "depth-to-space":
			if (channels % 4 !== 0) throw invalidGraph(`${channels} channels are no whole number of blocks`);
			return [channels / 4, 2 * height, 2 * width];
		case "channel-order":
			if (operation.order.some((channel) => channel >= channels))
				throw invalidGraph("Gather reads a channel that is not there");
			return [operation.order.length, height, width];
		default:
			return [channels, height, width];
	}
}

/** A kernel that reads beyond the picture finds zeros there, where it pads, or the edges that it was given. */
function requireEdges({ input, weights, stride, padding }: Convolution, operations: readonly Operation[]): void {
	const reach = stride === 1 ? ((weights.dims[2] ?? 0) - 1) / 2 : 0;
	const repeated = operations.find(({ output }) => output === input);
	const edges = repeated?.kind === "edge-padding" ? repeated.padding : 0;
	if (edges + padding !== reach || edges * padding !== 0)
		throw invalidGraph(`a convolution that reaches ${reach} pixels has ${edges + padding} around it`);
}
