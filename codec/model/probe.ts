/** The smallest ONNX graph there is, to make a runtime start before anything depends on it. */
const field = (number: number, bytes: readonly number[]) => [(number << 3) | 2, bytes.length, ...bytes];
const varint = (number: number, value: number) => [number << 3, value];
const text = (number: number, value: string) => field(number, [...new TextEncoder().encode(value)]);

/** A float32 tensor `[1, 1, 1, 1]`: ValueInfoProto with TypeProto, TensorShapeProto. */
const value = (name: string) => {
	const dimensions = [1, 1, 1, 1].flatMap((size) => field(1, varint(1, size)));
	return [...text(1, name), ...field(2, field(1, [...varint(1, 1), ...field(2, dimensions)]))];
};

/** ONNX bytes of `y = floor(x)`, both `[1, 1, 1, 1]`. */
export function probeGraph(): Uint8Array {
	const node = [...text(1, "x"), ...text(2, "y"), ...text(4, "Floor")];
	const graph = [...field(1, node), ...text(2, "probe"), ...field(11, value("x")), ...field(12, value("y"))];
	return Uint8Array.from([...varint(1, 8), ...field(7, graph), ...field(8, varint(2, 17))]);
}
