import type { BlockRows } from "./block-rows.ts";
import type { Shape } from "./executor.ts";

/** Every cell of a grid gets the row of its block: `[1, channels, h, w]` (SPEC section 4.6). @param shape of the result */
export function spreadRows({ table, map, columns }: BlockRows, shape: Shape): Float32Array {
	const [, channels, height, width] = shape;
	const perBlock = width / columns;
	const out = new Float32Array(channels * height * width);
	for (let c = 0, i = 0; c < channels; c++) {
		for (let y = 0; y < height; y++) {
			const row = Math.floor(y / perBlock) * columns;
			for (let column = 0; column < columns; column++, i += perBlock) {
				out.fill(table[(map[row + column] as number) * channels + c] as number, i, i + perBlock);
			}
		}
	}
	return out;
}
