/**
 * `spreadRows` of `spread-rows.ts` in WGSL. One invocation makes one cell of one channel; the grid is `(WIDTH, HEIGHT, channels)`. `map` holds
 * a word per 32x32 block, `PER_BLOCK` cells along its side.
 */
export const SPREAD_ROWS_WORKGROUP = [8, 8, 1] as const;

export const spreadRowsShader = /* wgsl */ `
override WIDTH: u32;
override HEIGHT: u32;
override CHANNELS: u32;
override PER_BLOCK: u32;

@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> map: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	if (id.x >= WIDTH || id.y >= HEIGHT) {
		return;
	}
	let row = map[(id.y / PER_BLOCK) * (WIDTH / PER_BLOCK) + id.x / PER_BLOCK];
	result[(id.z * HEIGHT + id.y) * WIDTH + id.x] = table[row * CHANNELS + id.z];
}
`;
