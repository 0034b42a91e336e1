/**
 * Luma averaged over 4x4 samples, as the coarse search of a CPU has it, from the folded picture `[24, HEIGHT, WIDTH]` of
 * samples less `OFFSET`. One invocation makes one value; the grid is `(WIDTH, HEIGHT)`.
 */
export const smallLumaShader = /* wgsl */ `
override WIDTH: i32;
override HEIGHT: i32;
override OFFSET: f32;

@group(0) @binding(0) var<storage, read> picture: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<i32>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let x = i32(id.x);
	let y = i32(id.y);
	if (x >= WIDTH || y >= HEIGHT) {
		return;
	}
	var sum = 8;
	for (var plane = 0; plane < 16; plane++) {
		sum += i32(picture[(plane * HEIGHT + y) * WIDTH + x] + OFFSET);
	}
	result[y * WIDTH + x] = sum >> 4u;
}
`;
