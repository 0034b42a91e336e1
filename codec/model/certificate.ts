/**
 * Proof, from the ONNX files alone, that a model decodes exactly on every device (SPEC section 7).
 *
 * Interval arithmetic over each decoding graph. Every value is a multiple of a power of two, its unit. For each output
 * channel of each convolution `sum|w| * max|input| + |bias|` must stay below 2^23 of the unit of its products: then every
 * partial sum, in any order, fused or not, is an integer that float32 holds. Everything else must stay below 2^24 units.
 */
import { CodecError } from "../errors.ts";
import { CHAIN, requireWithin } from "./certificate-chain.ts";
import { apply, type Channels, type Proof, type Value } from "./certificate-operators.ts";
import { DECODING_GRAPHS, type DecodingGraphName } from "./model-file.ts";
import { type OnnxGraph, type OnnxValue, readOnnx } from "./onnx-reader.ts";

export type GraphCertificate = {
	readonly convolutions: number;
	/** Largest bound of any convolution's output channel, in units; below 2^23. */
	readonly largestSum: number;
	/** Largest magnitude of any other value, in units; below 2^24. */
	readonly largestValue: number;
	/** Multiplications of convolutions per full-size pixel. */
	readonly multiplicationsPerPixel: number;
	/** What each output can be. */
	readonly outputs: ReadonlyMap<string, Channels>;
};

const DECLARED_RANGE = /^integers (-?\d+)\.\.(-?\d+)$/;

/** Cells of a grid per full-size pixel, by the name of the grid's first free dimension. */
const DENSITIES: ReadonlyMap<number | string | undefined, number> = new Map<number | string | undefined, number>([
	["h4", 1 / 16],
	["h8", 1 / 64],
	["h32", 1 / 1024],
	[1, 0],
]);

/** A graph input as its documentation string declares it: `integers -128..127`. */
function declaredInput(input: OnnxValue): Channels {
	const range = DECLARED_RANGE.exec(input.documentation);
	const [, channels, height] = input.dims;
	const density = DENSITIES.get(height);
	if (range === null || typeof channels !== "number" || density === undefined) {
		throw new CodecError("model-invalid", `Input ${input.name} of a graph does not declare its range and grid.`);
	}
	const [low, high] = [Number(range[1]), Number(range[2])];
	const channel = { low, high, unit: 0 };
	return { kind: "channels", density, channels: Array.from({ length: channels }, () => channel) };
}

/**
 * Proves one decoding graph.
 *
 * @throws CodecError `model-invalid` where a bound does not hold, or an operator is not one that can be proven
 */
export function proveGraph(bytes: Uint8Array): GraphCertificate {
	return prove(readOnnx(bytes));
}

/** Whether a graph is one of those that can be proven: all its inputs declare what they can be. */
export function declaresRanges(graph: OnnxGraph): boolean {
	return graph.inputs.every(({ documentation }) => DECLARED_RANGE.test(documentation));
}

/**
 * What every value of a graph can be, its constants folded.
 *
 * @throws CodecError `model-invalid` where a bound does not hold, or an operator is not one that can be proven
 */
export function rangesOf(graph: OnnxGraph, proof: Proof = newProof()): ReadonlyMap<string, Value> {
	const values = new Map<string, Value>();
	for (const [name, tensor] of graph.constants) values.set(name, { kind: "constant", tensor });
	for (const input of graph.inputs) values.set(input.name, declaredInput(input));
	const valueOf = (name: string): Value => {
		const value = values.get(name);
		if (value === undefined) throw new CodecError("model-invalid", `A graph uses ${name} before it is made.`);
		return value;
	};
	for (const node of graph.nodes) {
		const results = apply(node, node.inputs.filter((name) => name !== "").map(valueOf), proof);
		node.outputs.forEach((name, i) => {
			const result = results[i];
			if (result !== undefined) values.set(name, result);
		});
	}
	return values;
}

const newProof = (): Proof => ({ convolutions: 0, largestSum: 0, largestValue: 0, multiplicationsPerPixel: 0 });

function prove(graph: OnnxGraph): GraphCertificate {
	const proof = newProof();
	const values = rangesOf(graph, proof);
	const outputs = new Map<string, Channels>();
	for (const { name } of graph.outputs) {
		const value = values.get(name);
		if (value?.kind !== "channels")
			throw new CodecError("model-invalid", `Output ${name} of a graph is a constant.`);
		if (value.channels.some(({ unit }) => unit < 0)) {
			throw new CodecError("model-invalid", `Output ${name} of a graph need not be an integer.`);
		}
		outputs.set(name, value);
	}
	return { ...proof, outputs };
}

/**
 * Proves all decoding graphs and that what one gives is what the next one expects.
 *
 * @throws CodecError `model-invalid`
 */
export function proveModel(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<DecodingGraphName, GraphCertificate> {
	const graphs = new Map<DecodingGraphName, OnnxGraph>();
	const certificates = new Map<DecodingGraphName, GraphCertificate>();
	for (const name of DECODING_GRAPHS) {
		const bytes = files.get(name);
		if (bytes === undefined) throw new CodecError("model-invalid", `The model has no graph ${name}.`);
		const graph = readOnnx(bytes);
		graphs.set(name, graph);
		certificates.set(name, prove(graph));
	}
	for (const link of CHAIN) {
		const output = certificates.get(link.from)?.outputs.get(link.output);
		const input = graphs.get(link.to)?.inputs.find(({ name }) => name === link.input);
		if (output === undefined || input === undefined) {
			throw new CodecError(
				"model-invalid",
				`${link.from}.${link.output} or ${link.to}.${link.input} is missing.`,
			);
		}
		requireWithin(link, output, declaredInput(input));
	}
	return certificates;
}
