import { CodecError } from "../errors.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import type { Shape } from "./executor.ts";
import type { BlockRows } from "./block-rows.ts";

/** Number of values of a tensor. */
export function valuesOf(shape: Shape): number {
	return shape[0] * shape[1] * shape[2] * shape[3];
}

/**
 * Values of the graphs' free dimensions at one coded size.
 *
 * @throws CodecError `invalid-option` where the size is not a positive multiple of 32
 */
export function freeDimensions(size: { readonly width: number; readonly height: number }): Record<string, number> {
	const { width, height } = size;
	if (!(width > 0 && height > 0 && width % 32 === 0 && height % 32 === 0)) {
		throw new CodecError("invalid-option", `A coded size of ${width}x${height} is not a multiple of 32.`);
	}
	return {
		h4: height / 4,
		w4: width / 4,
		h8: height / 8,
		w8: width / 8,
		h32: height / 32,
		w32: width / 32,
	};
}

/** @throws CodecError `invalid-picture` where the tensors differ in shape or the map has another size */
export function checkBlocks(target: Shape, source: Shape, copied: CopiedMap): void {
	const [, , height, width] = target;
	if (target.some((side, i) => side !== source[i]) || copied.columns * 4 !== width || copied.rows * 4 !== height) {
		throw new CodecError(
			"invalid-picture",
			`A map of ${copied.columns}x${copied.rows} blocks does not fit [${target.join(", ")}] from [${source.join(", ")}].`,
		);
	}
}

/** @throws CodecError `invalid-picture` where the tensors differ in shape */
export function checkSameShape(a: Shape, b: Shape): void {
	if (a.some((side, i) => side !== b[i])) {
		throw new CodecError("invalid-picture", `Tensors of [${a.join(", ")}] and [${b.join(", ")}] do not fit.`);
	}
}

/** @throws CodecError `invalid-picture` where the grid has no whole number of cells in each block; `model-invalid` where a row is missing */
export function checkRows({ table, map, columns }: BlockRows, [, channels, height, width]: Shape): void {
	const perBlock = width / columns;
	if (!Number.isInteger(perBlock) || (height / perBlock) * columns !== map.length) {
		throw new CodecError("invalid-picture", `${map.length} blocks do not fit a grid of ${width}x${height} cells.`);
	}
	if (map.some((row) => (row + 1) * channels > table.length)) {
		throw new CodecError("model-invalid", `A table of ${table.length} values lacks a row of ${channels}.`);
	}
}
