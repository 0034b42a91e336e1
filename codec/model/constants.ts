import { CodecError } from "../errors.ts";
import type { OnnxTensor } from "./onnx-reader.ts";

/** A constant times a constant, broadcast. Only what weights are made of: equal ranks, or a scalar. */
export function multiplyConstants(a: OnnxTensor, b: OnnxTensor): OnnxTensor {
	const [large, small] = a.values.length >= b.values.length ? [a, b] : [b, a];
	const rank = large.dims.length;
	if (small.values.length !== 1 && small.dims.length !== rank)
		throw new CodecError("model-invalid", "Constants of different ranks are multiplied.");
	const [factor] = small.values;
	if (small.values.length === 1 && factor !== undefined) {
		return { dims: large.dims, values: large.values.map((value) => value * factor) };
	}
	const values = new Float64Array(large.values.length);
	for (let i = 0; i < values.length; i++) {
		let rest = i;
		let index = 0;
		let stride = 1;
		for (let d = rank - 1; d >= 0; d--) {
			const size = large.dims[d] ?? 1;
			const smallSize = small.dims[d] ?? 1;
			if (smallSize !== 1 && smallSize !== size)
				throw new CodecError("model-invalid", "Constants of different shapes are multiplied.");
			if (smallSize !== 1) index += (rest % size) * stride;
			stride *= smallSize;
			rest = Math.floor(rest / size);
		}
		values[i] = (large.values[i] as number) * (small.values[index] as number);
	}
	return { dims: large.dims, values };
}
