/**
 * Reads what a certificate needs of an ONNX file: nodes, constants, inputs and outputs. Protocol buffers by hand: the
 * fields used are few and have been stable since ONNX 1.0.
 */
import { CodecError } from "../errors.ts";
import { fields, integersOf, NO_BYTES, signed } from "./protobuf.ts";

/** A constant of any of the types that models use, as numbers. */
export type OnnxTensor = { readonly dims: readonly number[]; readonly values: Float64Array };

export type OnnxAttribute = {
	readonly float: number | undefined;
	readonly integer: number | undefined;
	readonly text: string | undefined;
	readonly integers: readonly number[];
	readonly tensor: OnnxTensor | undefined;
};

export type OnnxNode = {
	readonly operator: string;
	readonly inputs: readonly string[];
	readonly outputs: readonly string[];
	readonly attributes: ReadonlyMap<string, OnnxAttribute>;
};

/** A graph input or output. Named dimensions are strings. */
export type OnnxValue = {
	readonly name: string;
	readonly dims: readonly (number | string)[];
	readonly documentation: string;
};

export type OnnxGraph = {
	readonly nodes: readonly OnnxNode[];
	readonly constants: ReadonlyMap<string, OnnxTensor>;
	readonly inputs: readonly OnnxValue[];
	readonly outputs: readonly OnnxValue[];
};

function invalid(what: string): CodecError {
	return new CodecError("model-invalid", `The ONNX file ${what}.`);
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** By TensorProto.DataType: bytes per value, and how to read one. */
const TYPES: ReadonlyMap<number, readonly [number, (data: DataView, at: number) => number]> = new Map([
	[1, [4, (d: DataView, at: number) => d.getFloat32(at, true)]],
	[2, [1, (d: DataView, at: number) => d.getUint8(at)]],
	[3, [1, (d: DataView, at: number) => d.getInt8(at)]],
	[5, [2, (d: DataView, at: number) => d.getInt16(at, true)]],
	[6, [4, (d: DataView, at: number) => d.getInt32(at, true)]],
	[7, [8, (d: DataView, at: number) => Number(d.getBigInt64(at, true))]],
	[11, [8, (d: DataView, at: number) => d.getFloat64(at, true)]],
]);

/** A TensorProto. */
export function readTensor(bytes: Uint8Array): { readonly name: string; readonly tensor: OnnxTensor } {
	const dims: number[] = [];
	let [type, name] = [0, ""];
	let raw: Uint8Array = NO_BYTES;
	const listed: number[] = [];
	for (const field of fields(bytes)) {
		if (field.number === 1) integersOf(field, dims);
		else if (field.number === 2) type = Number(field.value);
		else if (field.number === 4)
			for (let i = 0; i + 4 <= field.bytes.length; i += 4) listed.push(view(field.bytes).getFloat32(i, true));
		else if (field.number === 5 || field.number === 7) integersOf(field, listed);
		else if (field.number === 8) name = text(field.bytes);
		else if (field.number === 9) raw = field.bytes;
		else if (field.number === 14 && field.value !== 0n) throw invalid("keeps constants in another file");
	}
	const length = dims.reduce((product, size) => product * size, 1);
	if (raw.length === 0 && listed.length === length)
		return { name, tensor: { dims, values: Float64Array.from(listed) } };
	const reading = TYPES.get(type);
	if (reading === undefined) throw invalid(`has a constant of data type ${type}`);
	const [size, read] = reading;
	if (raw.length !== size * length) throw invalid(`has a constant ${name} of the wrong length`);
	const data = view(raw);
	const values = new Float64Array(length);
	for (let i = 0; i < length; i++) values[i] = read(data, i * size);
	return { name, tensor: { dims, values } };
}

function readAttribute(bytes: Uint8Array): readonly [string, OnnxAttribute] {
	let name = "";
	let float: number | undefined;
	let integer: number | undefined;
	let string: string | undefined;
	let tensor: OnnxTensor | undefined;
	const integers: number[] = [];
	for (const field of fields(bytes)) {
		if (field.number === 1) name = text(field.bytes);
		else if (field.number === 2) float = view(field.bytes).getFloat32(0, true);
		else if (field.number === 3) integer = signed(field.value);
		else if (field.number === 4) string = text(field.bytes);
		else if (field.number === 5) tensor = readTensor(field.bytes).tensor;
		else if (field.number === 8) integersOf(field, integers);
	}
	return [name, { float, integer, text: string, integers, tensor }];
}

/** A NodeProto. */
export function readNode(bytes: Uint8Array): OnnxNode {
	const inputs: string[] = [];
	const outputs: string[] = [];
	const attributes = new Map<string, OnnxAttribute>();
	let operator = "";
	for (const field of fields(bytes)) {
		if (field.number === 1) inputs.push(text(field.bytes));
		else if (field.number === 2) outputs.push(text(field.bytes));
		else if (field.number === 4) operator = text(field.bytes);
		else if (field.number === 5) attributes.set(...readAttribute(field.bytes));
	}
	return { operator, inputs, outputs, attributes };
}

function readDimensions(shape: Uint8Array): (number | string)[] {
	const dims: (number | string)[] = [];
	for (const dimension of fields(shape)) {
		if (dimension.number !== 1) continue;
		for (const field of fields(dimension.bytes)) {
			if (field.number === 1) dims.push(signed(field.value));
			else if (field.number === 2) dims.push(text(field.bytes));
		}
	}
	return dims;
}

function readValue(bytes: Uint8Array): OnnxValue {
	let [name, documentation] = ["", ""];
	let dims: (number | string)[] = [];
	for (const field of fields(bytes)) {
		if (field.number === 1) name = text(field.bytes);
		else if (field.number === 3) documentation = text(field.bytes);
		else if (field.number === 2) {
			// TypeProto, its tensor type, its shape
			for (const type of fields(field.bytes)) {
				if (type.number !== 1) continue;
				for (const part of fields(type.bytes)) if (part.number === 2) dims = readDimensions(part.bytes);
			}
		}
	}
	return { name, dims, documentation };
}

/** @throws CodecError `model-invalid` where the bytes are no ONNX model of the kind that the codec uses */
export function readOnnx(bytes: Uint8Array): OnnxGraph {
	const nodes: OnnxNode[] = [];
	const constants = new Map<string, OnnxTensor>();
	const inputs: OnnxValue[] = [];
	const outputs: OnnxValue[] = [];
	for (const model of fields(bytes)) {
		if (model.number !== 7) continue;
		for (const field of fields(model.bytes)) {
			if (field.number === 1) nodes.push(readNode(field.bytes));
			else if (field.number === 11) inputs.push(readValue(field.bytes));
			else if (field.number === 12) outputs.push(readValue(field.bytes));
			else if (field.number === 5) {
				const { name, tensor } = readTensor(field.bytes);
				constants.set(name, tensor);
			}
		}
	}
	if (nodes.length === 0 || outputs.length === 0) throw invalid("holds no graph");
	return { nodes, constants, inputs: inputs.filter(({ name }) => !constants.has(name)), outputs };
}
