/**
 * `CoarseSearch` in WGSL: for every 32x32 block and its four quarters the best match on luma averaged over 4x4 samples, a ring of two
 * around the block included; every second position up to 16 away, then the eight around the best. One workgroup searches for
 * one 32x32 block; the grid is `(COLUMNS, ROWS)` workgroups. Five words for each: the block, then its quarters.
 */
export const coarseSearchShader = /* wgsl */ `
override COLUMNS: i32;
override ROWS: i32;

@group(0) @binding(0) var<storage, read> now: array<i32>;
@group(0) @binding(1) var<storage, read> before: array<i32>;
@group(0) @binding(2) var<storage, read_write> result: array<i32>;

const RANGE = 16;
const SIDE = 2 * RANGE + 1;

/** Difference in the upper bits, position in the lower eleven. */
var<workgroup> best: array<atomic<u32>, 5>;

fn at(x: i32, y: i32) -> i32 {
	return clamp(y, 0, 8 * ROWS - 1) * 8 * COLUMNS + clamp(x, 0, 8 * COLUMNS - 1);
}

/** @param part 0 the block, 1 to 4 its quarters. */
fn difference(root: vec2<i32>, part: i32, dx: i32, dy: i32) -> u32 {
	let quarter = max(part - 1, 0);
	let x = 8 * root.x + 4 * (quarter & 1) - 2;
	let y = 8 * root.y + 4 * (quarter >> 1u) - 2;
	let window = select(8, 12, part == 0);
	var sum = 0;
	for (var j = y; j < y + window; j++) {
		for (var i = x; i < x + window; i++) {
			sum += abs(now[at(i, j)] - before[at(i + dx, j + dy)]);
		}
	}
	return u32(sum);
}

fn offer(root: vec2<i32>, part: i32, dx: i32, dy: i32) {
	let position = u32((dy + RANGE) * SIDE + dx + RANGE);
	atomicMin(&best[part], (difference(root, part, dx, dy) << 11u) | position);
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) id: vec3<u32>) {
	let root = vec2<i32>(id.xy);
	if (lane < 5u) {
		// Nothing moves, unless something is better.
		atomicStore(&best[lane], (difference(root, i32(lane), 0, 0) << 11u) | u32(RANGE * SIDE + RANGE));
	}
	workgroupBarrier();
	for (var i = i32(lane); i < 289; i += 64) {
		for (var part = 0; part < 5; part++) {
			offer(root, part, 2 * (i % 17) - RANGE, 2 * (i / 17) - RANGE);
		}
	}
	workgroupBarrier();
	let part = i32(lane >> 3u);
	var centre = vec2<i32>(0);
	if (part < 5) {
		let position = i32(atomicLoad(&best[part]) & 2047u);
		centre = vec2<i32>(position % SIDE, position / SIDE) - RANGE;
	}
	workgroupBarrier();
	if (part < 5) {
		let k = i32(lane & 7u) + select(0, 1, (lane & 7u) >= 4u);
		let around = clamp(centre + vec2<i32>(k % 3, k / 3) - 1, vec2<i32>(-RANGE), vec2<i32>(RANGE));
		offer(root, part, around.x, around.y);
	}
	workgroupBarrier();
	if (lane < 5u) {
		let position = i32(atomicLoad(&best[lane]) & 2047u);
		// Sixteen quarter samples are one sample here.
		let vector = 16 * (vec2<i32>(position % SIDE, position / SIDE) - RANGE);
		result[5 * (root.y * COLUMNS + root.x) + i32(lane)] = (vector.x & 0xffff) | (vector.y << 16u);
	}
}
`;
