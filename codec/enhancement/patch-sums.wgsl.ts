import { packedPlanesReader } from "../picture/packed-planes.wgsl.ts";

/**
 * `patchSums` of `quality-map.ts` in WGSL, of a packed picture extended to the coded size. One invocation sums one 8x8 patch; the
 * grid is `(COLUMNS, ROWS)` patches.
 */
export const patchSumsShader = /* wgsl */ `
override COLUMNS: i32;
override ROWS: i32;

@group(0) @binding(0) var<storage, read> planes: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<vec2<u32>>;
${packedPlanesReader}
@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let column = i32(id.x);
	let row = i32(id.y);
	if (column >= COLUMNS || row >= ROWS) {
		return;
	}
	var sums = vec2<i32>(0);
	for (var y = 8 * row; y < 8 * row + 8; y++) {
		for (var x = 8 * column; x < 8 * column + 8; x++) {
			let value = sample_at(0, x, y);
			sums += vec2<i32>(value, value * value);
		}
	}
	result[row * COLUMNS + column] = vec2<u32>(sums);
}
`;
