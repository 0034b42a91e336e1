/** The smallest ONNX graph there is, to make a device compute before anything depends on it. */
import { bytesField, concatenate, textField, varintField } from "./protobuf.ts";

/** A float32 tensor `[1, 1, 1, 1]`: ValueInfoProto with TypeProto, TensorShapeProto. */
function value(name: string): Uint8Array {
	const one = bytesField(1, varintField(1, 1));
	const tensor = concatenate([varintField(1, 1), bytesField(2, concatenate([one, one, one, one]))]);
	return concatenate([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}

/** ONNX bytes of `y = floor(x)`, both `[1, 1, 1, 1]`. */
export function probeGraph(): Uint8Array {
	const node = concatenate([textField(1, "x"), textField(2, "y"), textField(4, "Floor")]);
	const graph = concatenate([
		bytesField(1, node),
		textField(2, "probe"),
		bytesField(11, value("x")),
		bytesField(12, value("y")),
	]);
	return concatenate([varintField(1, 8), bytesField(7, graph), bytesField(8, varintField(2, 17))]);
}
