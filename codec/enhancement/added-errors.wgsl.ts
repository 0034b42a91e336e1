/**
 * `addedErrors` of `copied-blocks.ts` in WGSL. One invocation compares one 16x16 block: 16 cells of the 1/4 grid in 24 planes. The
 * grid is `(COLUMNS / 4, ROWS / 4)` blocks, where `COLUMNS x ROWS` is the 1/4 grid.
 */
export const addedErrorsShader = /* wgsl */ `
override COLUMNS: i32;
override ROWS: i32;
/** Taken from samples to have those of coded. */
override OFFSET: f32;

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read> coded: array<f32>;
@group(0) @binding(2) var<storage, read> copied: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<vec2<i32>>;

fn added(block: vec2<i32>, first: i32, end: i32) -> i32 {
	var sum = 0;
	for (var c = first; c < end; c++) {
		for (var y = 4 * block.y; y < 4 * block.y + 4; y++) {
			for (var x = 4 * block.x; x < 4 * block.x + 4; x++) {
				let i = (c * ROWS + y) * COLUMNS + x;
				let stays = i32(source[i] - copied[i]);
				let coding = i32(source[i] + 128.0 - OFFSET - coded[i]);
				sum += stays * stays - coding * coding;
			}
		}
	}
	return sum;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let block = vec2<i32>(id.xy);
	if (4 * block.x >= COLUMNS || 4 * block.y >= ROWS) {
		return;
	}
	result[block.y * (COLUMNS >> 2u) + block.x] = vec2<i32>(added(block, 0, 16), added(block, 16, 24));
}
`;
