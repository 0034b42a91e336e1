/** Weights of a convolution as the shaders of `convolution.wgsl.ts` read them. */
import { OUTPUTS_EACH } from "./convolution.wgsl.ts";
import type { Convolution } from "./operations.ts";

/** `[block of outputs][input][tap][output]`, and one bias an output; both filled up with zeros. */
export function packForGpu({ weights: { dims, values }, bias, depthwise }: Convolution): {
	readonly weights: Float32Array<ArrayBuffer>;
	readonly biases: Float32Array<ArrayBuffer>;
} {
	const [outputs = 0, inputs = 0, height = 0, width = 0] = dims;
	if (depthwise) return { weights: Float32Array.from(values), biases: Float32Array.from(bias) };
	const each = inputs * height * width;
	const blocks = Math.ceil(outputs / OUTPUTS_EACH);
	const weights = new Float32Array(blocks * each * OUTPUTS_EACH);
	for (let output = 0; output < outputs; output++) {
		const block = Math.floor(output / OUTPUTS_EACH);
		for (let i = 0; i < each; i++)
			weights[(block * each + i) * OUTPUTS_EACH + (output % OUTPUTS_EACH)] = values[output * each + i] as number;
	}
	const biases = new Float32Array(blocks * OUTPUTS_EACH);
	biases.set(bias);
	return { weights, biases };
}
