import { PLANE_MARGIN } from "./reference-planes.wgsl.ts";

/**
 * For shaders whose workgroups of 64 invocations have a 32x32 block each: the block's samples, two rows of a cell for each invocation,
 * and their squared distance to the reference. Cells come in the quadtree's order. `current` is the folded source, `s - 128`; `planes`
 * as `reference-planes.wgsl.ts` makes them; the picture has `COLUMNS x ROWS` blocks.
 */
export const blockCompare = /* wgsl */ `
override COLUMNS: i32;
override ROWS: i32;

/** Vectors that are looked at in one go. */
const BATCH = 8u;

var<private> corner: vec2<i32>;
var<private> samples: array<i32, 16>;
/** By vector, then by invocation. */
var<workgroup> partial: array<i32, 512>;
/** By vector, then by cell. */
var<workgroup> cell_errors: array<i32, 128>;

fn cell_place(cell: i32) -> vec2<i32> {
	return vec2<i32>((cell & 1) | ((cell >> 1u) & 2), ((cell >> 1u) & 1) | ((cell >> 2u) & 2));
}

fn load_samples(root: vec2<i32>, lane: i32) {
	corner = 32 * root + 8 * cell_place(lane >> 2u) + vec2<i32>(0, 2 * (lane & 3));
	for (var i = 0; i < 16; i++) {
		let x = corner.x + (i & 7);
		let y = corner.y + (i >> 3u);
		let plane = 4 * (y & 3) + (x & 3);
		samples[i] = i32(current[(plane * 8 * ROWS + (y >> 2u)) * 8 * COLUMNS + (x >> 2u)]) + 128;
	}
}

fn distance_at(vector: vec2<i32>) -> i32 {
	let words = 8 * COLUMNS + ${PLANE_MARGIN / 2};
	let rows = 32 * ROWS + ${2 * PLANE_MARGIN};
	let first = (4 * (vector.y & 3) + (vector.x & 3)) * rows;
	let start = corner + (vector >> vec2<u32>(2u)) + ${PLANE_MARGIN};
	var sum = 0;
	for (var j = 0; j < 2; j++) {
		let row = (first + clamp(start.y + j, 0, rows - 1)) * words;
		for (var i = 0; i < 8; i++) {
			let x = clamp(start.x + i, 0, 4 * words - 1);
			let value = i32(extractBits(planes[row + (x >> 2u)], 8u * u32(x & 3), 8u));
			let difference = samples[8 * j + i] - value;
			sum += difference * difference;
		}
	}
	return sum;
}

/** Sums up what each invocation wrote into partial. */
fn sum_cells(lane: u32) {
	workgroupBarrier();
	for (var i = lane; i < 16u * BATCH; i += 64u) {
		let first = (i >> 4u) * 64u + (i & 15u) * 4u;
		cell_errors[i] = partial[first] + partial[first + 1u] + partial[first + 2u] + partial[first + 3u];
	}
	workgroupBarrier();
}

fn unpack(word: i32) -> vec2<i32> {
	return vec2<i32>((word << 16u) >> 16u, word >> 16u);
}

fn pack(vector: vec2<i32>) -> i32 {
	return (vector.x & 0xffff) | (vector.y << 16u);
}
`;
