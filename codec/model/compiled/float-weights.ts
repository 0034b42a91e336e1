/** Weights of a convolution in float32, as the float kernels want them (`codec/kernels/README.md`). */
import type { Convolution } from "./operations.ts";

export type FloatWeights = { readonly weights: Float32Array; readonly biases: Float32Array };

/** In blocks of four outputs: `[block][input][tap][4]`. */
export function packDenseFloat({ weights: { dims, values }, bias }: Convolution): FloatWeights {
	const [outputs = 0, inputs = 0, height = 0, width = 0] = dims;
	const taps = height * width;
	const blocks = Math.ceil(outputs / 4);
	const weights = new Float32Array(blocks * inputs * taps * 4);
	let at = 0;
	for (let block = 0; block < blocks; block++)
		for (let i = 0; i < inputs * taps; i++)
			for (let output = 4 * block; output < 4 * block + 4; output++)
				weights[at++] = output < outputs ? (values[output * inputs * taps + i] as number) : 0;
	const biases = new Float32Array(4 * blocks);
	biases.set(bias);
	return { weights, biases };
}

/** Channel by channel, as the model has them. */
export function packDepthwiseFloat({ weights: { values }, bias }: Convolution): FloatWeights {
	return { weights: Float32Array.from(values), biases: Float32Array.from(bias) };
}
