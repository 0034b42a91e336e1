import type { CopiedMap } from "./copied-map.ts";

/**
 * Overwrites the copied blocks of a tensor on the 1/4 grid: `target = source + offset` (SPEC section 4.5).
 *
 * @param target `[channels, 4*rows, 4*columns]`, changed. @param source of the same shape
 */
export function copyBlocks(target: Float32Array, source: Float32Array, copied: CopiedMap, offset: number): void {
	const { columns, rows, flags } = copied;
	const width = 4 * columns;
	const plane = 4 * rows * width;
	for (let start = 0; start < target.length; start += plane) {
		for (let block = 0, row = 0; row < rows; row++) {
			for (let column = 0; column < columns; column++, block++) {
				if (flags[block] === 0) continue;
				const first = start + 4 * (row * width + column);
				for (let from = first, y = 0; y < 4; y++, from += width) {
					for (let i = from; i < from + 4; i++) target[i] = (source[i] as number) + offset;
				}
			}
		}
	}
}
