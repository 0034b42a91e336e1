/**
 * Weights as plain float32. Models store weights small, with a Cast and a scaling that other runtimes fold when they load;
 * onnxruntime-web's WebGPU build has no kernel for a Cast from int16 and a wrong one from int8, so it gets them folded.
 */
import { CodecError } from "../errors.ts";
import { multiplyConstants } from "./constants.ts";
import { type OnnxGraph, type OnnxTensor, readNode, readTensor } from "./onnx-reader.ts";
import { bytesField, concatenate, fields, textField, varintField } from "./protobuf.ts";

/** Fields of ModelProto and GraphProto. */
const GRAPH = 7;
const NODE = 1;
const INITIALIZER = 5;
const FLOAT = 1;

/**
 * The same model, with every Cast and Mul of constants computed. All products are exact: integers times powers of two.
 *
 * @throws CodecError `model-invalid`
 */
export function foldConstants(model: Uint8Array): Uint8Array {
	return concatenate(
		[...fields(model)].map((field) =>
			field.number === GRAPH ? bytesField(GRAPH, foldGraph(field.bytes)) : field.raw,
		),
	);
}

/**
 * The same for a graph that has been read.
 *
 * @throws CodecError `model-invalid`
 */
export function withFoldedConstants(graph: OnnxGraph): OnnxGraph {
	const constants = new Map(graph.constants);
	const nodes = graph.nodes.filter(({ operator, inputs, outputs }) => {
		const [a, b] = inputs.map((name) => constants.get(name));
		const [result] = outputs;
		if (result === undefined || a === undefined) return true;
		if (operator === "Cast") constants.set(result, a);
		else if (operator === "Mul" && b !== undefined) constants.set(result, multiplyConstants(a, b));
		else return true;
		return false;
	});
	return { ...graph, nodes, constants };
}

function foldGraph(graph: Uint8Array): Uint8Array {
	const stored = new Map<string, { readonly raw: Uint8Array; readonly tensor: OnnxTensor }>();
	const folded = new Map<string, OnnxTensor>();
	const nodes: Uint8Array[] = [];
	const others: Uint8Array[] = [];
	const used = new Set<string>();
	for (const field of fields(graph)) {
		if (field.number !== INITIALIZER) continue;
		const { name, tensor } = readTensor(field.bytes);
		stored.set(name, { raw: field.raw, tensor });
	}
	const constant = (name: string | undefined) =>
		name === undefined ? undefined : (folded.get(name) ?? stored.get(name)?.tensor);
	for (const field of fields(graph)) {
		if (field.number === INITIALIZER) continue;
		if (field.number !== NODE) {
			others.push(field.raw);
			continue;
		}
		const { operator, inputs, outputs } = readNode(field.bytes);
		const [a, b] = [constant(inputs[0]), constant(inputs[1])];
		const [result] = outputs;
		if (result !== undefined && operator === "Cast" && a !== undefined) folded.set(result, a);
		else if (result !== undefined && operator === "Mul" && a !== undefined && b !== undefined) {
			folded.set(result, multiplyConstants(a, b));
		} else {
			nodes.push(field.raw);
			for (const name of inputs) used.add(name);
		}
	}
	const initializers = [...used].flatMap((name) => {
		const computed = folded.get(name);
		if (computed !== undefined) return [bytesField(INITIALIZER, floatTensor(name, computed))];
		const raw = stored.get(name)?.raw;
		return raw === undefined ? [] : [raw];
	});
	return concatenate([...nodes, ...others, ...initializers]);
}

/** TensorProto of float32. */
function floatTensor(name: string, { dims, values }: OnnxTensor): Uint8Array {
	const data = new Uint8Array(4 * values.length);
	const view = new DataView(data.buffer);
	values.forEach((value, i) => {
		if (Math.fround(value) !== value) throw new CodecError("model-invalid", `Weight ${name} does not fit float32.`);
		view.setFloat32(4 * i, value, true);
	});
	return concatenate([
		...dims.map((size) => varintField(1, size)),
		varintField(2, FLOAT),
		textField(8, name),
		bytesField(9, data),
	]);
}
