import type { OnnxGraph } from "../onnx-reader.ts";
import { freeDimensions } from "../shapes.ts";
import { invalidGraph, type Size } from "./form.ts";

/**
 * Sizes of a graph's inputs where the coded picture has this one.
 *
 * @throws CodecError `model-invalid` for inputs that are no `[1, C, h, w]` on a known grid; `invalid-option` for a size that is no multiple of 32
 */
export function inputSizes(
	graph: OnnxGraph,
	size: { readonly width: number; readonly height: number },
): ReadonlyMap<string, Size> {
	const dimensions = new Map(Object.entries(freeDimensions(size)));
	const sideOf = (side: string | number | undefined): number => {
		const known = typeof side === "string" ? dimensions.get(side) : side;
		if (known === undefined) throw invalidGraph(`an input has a side ${side}`);
		return known;
	};
	return new Map(
		graph.inputs.map(({ name, dims: [n, channels, height, width, ...more] }) => {
			if (n !== 1 || typeof channels !== "number" || more.length > 0)
				throw invalidGraph(`${name} is no [1, C, h, w]`);
			return [name, [channels, sideOf(height), sideOf(width)]] as const;
		}),
	);
}
