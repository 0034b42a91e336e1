/** The steps of a convolution and of what is done with it. */
import { packDenseFloat, packDepthwiseFloat } from "./float-weights.ts";
import { type Form, INT16, invalidGraph, isWhole, type Size } from "./form.ts";
import type { Channel } from "../certificate-operators.ts";
import { packDense, packDepthwise } from "./integer-weights.ts";
import type { Convolution } from "./operations.ts";
import { placeOf, type Rows } from "./rows.ts";
import type { Constant, RunContext } from "./step.ts";

/** What is known while a graph is planned, and how steps are added to it. */
export interface Planning {
	/** Of a value that is made, or will be. @throws CodecError `model-invalid` */
	size(name: string): Size;
	/** What the channels of a value can be, where that is known. */
	channels(name: string): readonly Channel[] | undefined;
	fitsIntegers(name: string): boolean;
	/** A value in the form that is wanted, converted where it is there in the other one alone. */
	rows(name: string, form: Form): Rows;
	/** Room for a value that is about to be made. */
	make(name: string, form: Form): Rows;
	/** Lets there be zeros around a value, which a convolution reads. */
	needMargins(rows: Rows): void;
	constant(data: Int32Array | Float32Array): Constant;
	step(touches: readonly Rows[], take: (context: RunContext) => void): void;
}

/** Adds a convolution that is computed in integers, where all that it reads and writes are whole numbers of 16 bits. Answers whether they are. */
export function addIntegerConvolution(planning: Planning, operation: Convolution): boolean {
	const { input, residual, floor, depthwise, slope } = operation;
	if (depthwise && residual !== undefined) return false;
	const channels = planning.channels(input);
	const leak = -Math.log2(slope);
	const wholeResult = floor || planning.channels(operation.output)?.every(({ unit }) => unit >= 0) === true;
	if (channels === undefined || !channels.every(isWhole) || !wholeResult || !Number.isInteger(leak) || leak < 0)
		return false;
	if ((residual !== undefined && !planning.fitsIntegers(residual)) || !planning.fitsIntegers(operation.output))
		return false;
	const packed = depthwise ? packDepthwise(operation, channels) : packDense(operation, channels);
	if (packed === undefined) return false;
	const [weights, biases] = [planning.constant(packed.words), planning.constant(packed.biases)];
	const low = Math.max(Math.ceil(operation.low), INT16.low);
	const high = Math.min(Math.floor(operation.high), INT16.high);
	const from = planning.rows(input, "integers");
	if (operation.padding > 0) planning.needMargins(from);
	const added = residual === undefined ? undefined : planning.rows(residual, "integers");
	const to = planning.make(operation.output, "integers");
	const [, height, width] = planning.size(operation.output);
	const { shift } = packed;
	if (depthwise) {
		requireKernel(operation, 3);
		const pairs = Math.ceil(channels.length / 2);
		planning.step([from, to], ({ kernels }) =>
			kernels.convolveDepthwise(
				...placeOf(from),
				pairs,
				...placeOf(to),
				width,
				height,
				weights.address,
				biases.address,
				shift,
				leak,
				low,
				high,
			),
		);
		return true;
	}
	const size = requireKernel(operation);
	const [pairs, blocks] = [Math.ceil(channels.length / 2), biases.data.length / 4];
	planning.step([from, to, ...(added === undefined ? [] : [added])], ({ kernels }) => {
		const convolve = operation.stride === 2 ? kernels.convolveHalf : kernels.convolve;
		const residuals = added === undefined ? ([0, 0, 0] as const) : placeOf(added);
		convolve(
			...placeOf(from),
			pairs,
			...placeOf(to),
			blocks,
			width,
			height,
			size,
			weights.address,
			biases.address,
			shift,
			leak,
			...residuals,
			low,
			high,
		);
	});
	return true;
}

/** Adds a convolution that is computed in float32. */
export function addFloatConvolution(planning: Planning, operation: Convolution): void {
	const { input, residual, depthwise, slope, low, high, floor } = operation;
	const packed = depthwise ? packDepthwiseFloat(operation) : packDenseFloat(operation);
	const [weights, biases] = [planning.constant(packed.weights), planning.constant(packed.biases)];
	const from = planning.rows(input, "floats");
	if (operation.padding > 0) planning.needMargins(from);
	const added = residual === undefined ? undefined : planning.rows(residual, "floats");
	const to = planning.make(operation.output, "floats");
	const [channels, height, width] = planning.size(operation.output);
	const [inputs] = planning.size(input);
	if (depthwise) {
		requireKernel(operation, 3);
		planning.step([from, to], ({ kernels }) =>
			kernels.convolveDepthwiseFloat(
				...placeOf(from),
				inputs,
				...placeOf(to),
				width,
				height,
				weights.address,
				biases.address,
				slope,
			),
		);
	} else {
		const size = requireKernel(operation);
		planning.step([from, to, ...(added === undefined ? [] : [added])], ({ kernels }) => {
			const convolve = operation.stride === 2 ? kernels.convolveHalfFloat : kernels.convolveFloat;
			const residuals = added === undefined ? ([0, 0, 0] as const) : placeOf(added);
			convolve(
				...placeOf(from),
				inputs,
				...placeOf(to),
				biases.data.length / 4,
				width,
				height,
				size,
				weights.address,
				biases.address,
				slope,
				...residuals,
			);
		});
	}
	if (depthwise && added !== undefined) {
		planning.step([added, to], ({ kernels }) =>
			kernels.combine(0, ...placeOf(to), ...placeOf(added), ...placeOf(to), channels, width, height),
		);
	}
	if (floor || low !== -Infinity || high !== Infinity) {
		planning.step([to], ({ kernels }) =>
			kernels.adjust(...placeOf(to), ...placeOf(to), channels, width, height, 1, 0, low, high, floor ? 1 : 0),
		);
	}
}

/** The side of a kernel that there is code for. */
function requireKernel({ weights, stride }: Convolution, only?: number): number {
	const size = weights.dims[2] ?? 0;
	const known = stride === 2 ? size === 2 : stride === 1 && [1, 3, 5].includes(size);
	if (!known || (only !== undefined && (size !== only || stride !== 1)))
		throw invalidGraph(`a ${size}x${size} kernel with a stride of ${stride}`);
	return size;
}
