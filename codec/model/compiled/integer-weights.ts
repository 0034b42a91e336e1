/** Weights of a convolution over whole numbers, as the integer kernels want them (`codec/kernels/README.md`). */
import { type Channel, unitOf } from "../certificate-operators.ts";
import type { Convolution } from "./operations.ts";

/** Largest magnitude of what the kernels multiply, and of their sums. */
const LARGEST_FACTOR = 2 ** 15 - 1;
const LARGEST_SUM = 2 ** 31 - 1;

/** A convolution in integers: `(bias + sum) >> shift`. */
export type IntegerWeights = {
	/** Words of two weights, 16 bits each. */
	readonly words: Int32Array;
	readonly biases: Int32Array;
	readonly shift: number;
};

/** Weights and bias as multiples of `2^-shift`, `[output][input][tap]`. */
type Scaled = {
	readonly weights: Int32Array;
	readonly biases: Int32Array;
	readonly shift: number;
	readonly inputs: number;
	readonly taps: number;
};

/**
 * The weights of a dense convolution in blocks of four outputs: `[block][pair of inputs][tap][4]`.
 *
 * @param inputs what each input channel can be
 * @returns undefined where 16 bits do not hold a weight, or 32 a sum
 */
export function packDense(convolution: Convolution, inputs: readonly Channel[]): IntegerWeights | undefined {
	const scaled = scale(convolution, inputs);
	if (scaled === undefined) return undefined;
	const { weights, shift, taps } = scaled;
	const [outputs, pairs] = [scaled.biases.length, Math.ceil(scaled.inputs / 2)];
	const blocks = Math.ceil(outputs / 4);
	const words = new Int32Array(blocks * pairs * taps * 4);
	const weight = (output: number, input: number, tap: number): number =>
		output < outputs && input < scaled.inputs
			? (weights[(output * scaled.inputs + input) * taps + tap] as number)
			: 0;
	let at = 0;
	for (let block = 0; block < blocks; block++)
		for (let pair = 0; pair < pairs; pair++)
			for (let tap = 0; tap < taps; tap++)
				for (let output = 4 * block; output < 4 * block + 4; output++)
					words[at++] = word(weight(output, 2 * pair, tap), weight(output, 2 * pair + 1, tap));
	const biases = new Int32Array(4 * blocks);
	biases.set(scaled.biases);
	return { words, biases, shift };
}

/**
 * The weights of a 3x3 convolution channel by channel: `[channel][5]`, two taps in a word, the tenth is 0.
 *
 * @returns undefined where 16 bits do not hold a weight, or 32 a sum
 */
export function packDepthwise(convolution: Convolution, inputs: readonly Channel[]): IntegerWeights | undefined {
	const scaled = scale(convolution, inputs);
	if (scaled === undefined || scaled.taps !== 9) return undefined;
	const channels = 2 * Math.ceil(scaled.biases.length / 2);
	const words = new Int32Array(5 * channels);
	for (let channel = 0; channel < scaled.biases.length; channel++)
		for (let t = 0; t < 5; t++) {
			const at = 9 * channel + 2 * t;
			words[5 * channel + t] = word(scaled.weights[at] as number, t < 4 ? (scaled.weights[at + 1] as number) : 0);
		}
	const biases = new Int32Array(channels);
	biases.set(scaled.biases);
	return { words, biases, shift: scaled.shift };
}

const word = (even: number, odd: number): number => (even & 0xffff) | (odd << 16);

function scale({ weights: { dims, values }, bias }: Convolution, inputs: readonly Channel[]): Scaled | undefined {
	const [outputs = 0, perOutput = 0, height = 0, width = 0] = dims;
	const taps = height * width;
	const shift = Math.max(0, -values.reduce((least, value) => Math.min(least, unitOf(value)), 0));
	const factor = 2 ** shift;
	const weights = new Int32Array(values.length);
	const biases = new Int32Array(outputs);
	for (let output = 0; output < outputs; output++) {
		// What a bias has beyond the products' unit cannot change the whole number below their sum.
		const summand = Math.floor((bias[output] as number) * factor);
		let sum = Math.abs(summand);
		for (let i = 0; i < perOutput * taps; i++) {
			const at = output * perOutput * taps + i;
			const weight = (values[at] as number) * factor;
			const channel = inputs[perOutput === 1 && inputs.length > 1 ? output : Math.floor(i / taps)];
			if (Math.abs(weight) > LARGEST_FACTOR || channel === undefined) return undefined;
			weights[at] = weight;
			sum += Math.abs(weight) * Math.max(Math.abs(channel.low), Math.abs(channel.high));
		}
		if (sum > LARGEST_SUM) return undefined;
		biases[output] = summand;
	}
	return { weights, biases, shift, inputs: perOutput, taps };
}
