import { multiplyConstants } from "./constants.ts";
import type { OnnxGraph } from "./onnx-reader.ts";

/**
 * A graph with every Cast and Mul of constants computed. Models store weights small, with a Cast and a scaling; all products are exact:
 * integers times powers of two.
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
