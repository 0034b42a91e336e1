import { packedPlanesReader } from "./packed-planes.wgsl.ts";

/**
 * `foldPicture` with the offset -128 in WGSL, of a packed picture extended to the coded size: `[24, ROWS, COLUMNS]`. One
 * invocation makes one value; the grid is `(COLUMNS, ROWS, 24)`.
 */
export const foldShader = /* wgsl */ `
override COLUMNS: i32;
override ROWS: i32;

@group(0) @binding(0) var<storage, read> planes: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
${packedPlanesReader}
@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let x = i32(id.x);
	let y = i32(id.y);
	let c = i32(id.z);
	if (x >= COLUMNS || y >= ROWS) {
		return;
	}
	var value: i32;
	if (c < 16) {
		value = sample_at(0, 4 * x + (c & 3), 4 * y + (c >> 2u));
	} else {
		let k = c - 16;
		value = sample_at(1 + (k >> 2u), 2 * x + (k & 1), 2 * y + ((k >> 1u) & 1));
	}
	result[(c * ROWS + y) * COLUMNS + x] = f32(value - 128);
}
`;
