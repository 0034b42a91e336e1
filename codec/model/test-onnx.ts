/** Small ONNX models for tests. */
import { bytesField, concatenate, textField, varintField } from "./protobuf.ts";

export type TestTensor = {
	readonly name: string;
	readonly dims: readonly number[];
	readonly values: readonly number[];
	readonly type?: "float" | "int8" | "int64";
};

export type TestNode = {
	readonly operator: string;
	readonly inputs: readonly string[];
	readonly output: string;
	readonly integers?: Readonly<Record<string, number | readonly number[]>>;
	readonly floats?: Readonly<Record<string, number>>;
	readonly texts?: Readonly<Record<string, string>>;
};

/** `[1, channels, h<grid>, w<grid>]` */
export type TestInput = {
	readonly name: string;
	readonly channels: number;
	readonly grid: 4 | 8 | 32;
	readonly range?: readonly [number, number];
};

function tensor({ name, dims, values, type = "float" }: TestTensor): Uint8Array {
	const size = { float: 4, int8: 1, int64: 8 }[type];
	const data = new DataView(new ArrayBuffer(size * values.length));
	values.forEach((value, i) => {
		if (type === "float") data.setFloat32(4 * i, value, true);
		else if (type === "int8") data.setInt8(i, value);
		else data.setBigInt64(8 * i, BigInt(value), true);
	});
	const code = { float: 1, int8: 3, int64: 7 }[type];
	return concatenate([
		...dims.map((size) => varintField(1, size)),
		varintField(2, code),
		textField(8, name),
		bytesField(9, new Uint8Array(data.buffer)),
	]);
}

function fixed32(number: number, value: number): Uint8Array {
	const bytes = new Uint8Array(5);
	bytes[0] = number * 8 + 5;
	new DataView(bytes.buffer).setFloat32(1, value, true);
	return bytes;
}

function node(n: TestNode): Uint8Array {
	const attribute = (name: string, type: number, ...payload: Uint8Array[]) =>
		bytesField(5, concatenate([textField(1, name), ...payload, varintField(20, type)]));
	return concatenate([
		...n.inputs.map((name) => textField(1, name)),
		textField(2, n.output),
		textField(4, n.operator),
		...Object.entries(n.integers ?? {}).map(([name, value]) =>
			typeof value === "number"
				? attribute(name, 2, varintField(3, value))
				: attribute(name, 7, ...value.map((v) => varintField(8, v))),
		),
		...Object.entries(n.floats ?? {}).map(([name, value]) => attribute(name, 1, fixed32(2, value))),
		...Object.entries(n.texts ?? {}).map(([name, value]) => attribute(name, 3, textField(4, value))),
	]);
}

function value({ name, channels, grid, range }: TestInput): Uint8Array {
	const dimension = (field: Uint8Array) => bytesField(1, field);
	const shape = concatenate([
		dimension(varintField(1, 1)),
		dimension(varintField(1, channels)),
		dimension(textField(2, `h${grid}`)),
		dimension(textField(2, `w${grid}`)),
	]);
	const type = bytesField(1, concatenate([varintField(1, 1), bytesField(2, shape)]));
	const documentation = range === undefined ? [] : [textField(3, `integers ${range[0]}..${range[1]}`)];
	return concatenate([textField(1, name), bytesField(2, type), ...documentation]);
}

/** ONNX bytes, opset 17. */
export function testModel(graph: {
	readonly nodes: readonly TestNode[];
	readonly constants: readonly TestTensor[];
	readonly inputs: readonly TestInput[];
	readonly outputs: readonly TestInput[];
}): Uint8Array {
	const bytes = concatenate([
		...graph.nodes.map((n) => bytesField(1, node(n))),
		textField(2, "test"),
		...graph.constants.map((constant) => bytesField(5, tensor(constant))),
		...graph.inputs.map((input) => bytesField(11, value(input))),
		...graph.outputs.map((output) => bytesField(12, value(output))),
	]);
	return concatenate([varintField(1, 8), bytesField(7, bytes), bytesField(8, varintField(2, 17))]);
}
