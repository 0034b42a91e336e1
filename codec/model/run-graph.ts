import { CodecError } from "../errors.ts";
import type { DeviceTensor, Graph } from "./executor.ts";

/**
 * Runs a graph and hands out the outputs that the model promises, which are the caller's. Inputs are not consumed.
 *
 * @throws CodecError `model-invalid` where the graph lacks one of them, and then none is kept; `backend-failed`
 */
export async function runGraph<Name extends string>(
	graph: Graph,
	inputs: Readonly<Record<string, DeviceTensor>>,
	names: readonly Name[],
): Promise<Record<Name, DeviceTensor>> {
	const outputs = await graph.run(inputs);
	const missing = names.find((name) => outputs[name] === undefined);
	const promised: readonly string[] = missing === undefined ? names : [];
	for (const [name, tensor] of Object.entries(outputs)) if (!promised.includes(name)) tensor.dispose();
	if (missing !== undefined) {
		throw new CodecError("model-invalid", `A graph of the model lacks its output ${missing}.`);
	}
	return outputs as Record<Name, DeviceTensor>;
}
