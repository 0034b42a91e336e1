/**
 * `copyBlocks` of `copy-blocks.ts` in WGSL. One invocation takes one cell of the 1/4 grid in one channel; the grid is
 * `(WIDTH, HEIGHT, channels)`. `flags` holds a word per 16x16 block.
 */
export const COPY_BLOCKS_WORKGROUP = [8, 8, 1] as const;

export const copyBlocksShader = /* wgsl */ `
override WIDTH: i32;
override HEIGHT: i32;
override OFFSET: f32;

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read> flags: array<i32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let x = i32(id.x);
	let y = i32(id.y);
	if (x >= WIDTH || y >= HEIGHT || flags[(y >> 2u) * (WIDTH >> 2u) + (x >> 2u)] == 0) {
		return;
	}
	let i = (i32(id.z) * HEIGHT + y) * WIDTH + x;
	result[i] = source[i] + OFFSET;
}
`;
