import { blockCompare } from "./block-compare.wgsl.ts";
import { HIGHEST_VECTOR, LARGEST_CANDIDATES, LOWEST_VECTOR } from "./motion-field.ts";

/**
 * Searches for every 32x32 block and its parts at once, each by squared error + lambda * bits. The bits are those of the coder before
 * the frame, with neighbours as `before` has them: a field that comes ever closer to what is chosen when the search runs again over its
 * own result. One workgroup has one 32x32 block.
 *
 * Fields hold a word for each 8x8 cell, row by row: x in the low half, y in the high half. `costs` is lambda, then `LeafCosts.tables()`,
 * then leaf and split of 32x32, leaf and split of 16x16. `blocks` gets the best of the block and of its quarters, five words.
 */
export const blockSearchShader = /* wgsl */ `
/** Widest step of the descent in quarter samples, a power of two, and how often each width is tried. */
override STEP: i32;
override ROUNDS: i32;

@group(0) @binding(0) var<storage, read> current: array<f32>;
@group(0) @binding(1) var<storage, read> planes: array<u32>;
@group(0) @binding(2) var<storage, read> coarse: array<i32>;
@group(0) @binding(3) var<storage, read> previous: array<i32>;
@group(0) @binding(4) var<storage, read> before: array<i32>;
@group(0) @binding(5) var<storage, read> costs: array<f32>;
@group(0) @binding(6) var<storage, read_write> field: array<i32>;
@group(0) @binding(7) var<storage, read_write> blocks: array<i32>;
${blockCompare}
const CANDIDATES = ${LARGEST_CANDIDATES};
const MODES = ${LARGEST_CANDIDATES + 2};
const DIFFERENCE_X = 1 + 3 * (CANDIDATES + 1) * MODES;
const DIFFERENCE_Y = DIFFERENCE_X + 16;
const SPLIT = DIFFERENCE_Y + 48;
const AROUND = array<vec2<i32>, 8>(
	vec2<i32>(1, 0), vec2<i32>(-1, 0), vec2<i32>(0, 1), vec2<i32>(0, -1),
	vec2<i32>(1, 1), vec2<i32>(-1, 1), vec2<i32>(1, -1), vec2<i32>(-1, -1),
);

/** Of the blocks of one size: what is tried (by place in the batch, then block), what neighbours have. */
var<workgroup> tried: array<vec2<i32>, 128>;
var<workgroup> candidates: array<vec2<i32>, 64>;
var<workgroup> counts: array<i32, 16>;
var<workgroup> predicted: array<vec2<i32>, 16>;
/** The block, its quarters, its cells. */
var<workgroup> best: array<vec2<i32>, 21>;
var<workgroup> best_cost: array<f32, 21>;
var<workgroup> better: array<u32, 16>;
var<workgroup> any_better: u32;
var<workgroup> split_quarter: array<bool, 4>;
var<workgroup> quarter_cost: array<f32, 4>;

fn cell_index(cell: vec2<i32>) -> i32 {
	return clamp(cell.y, 0, 4 * ROWS - 1) * 4 * COLUMNS + clamp(cell.x, 0, 4 * COLUMNS - 1);
}

fn before_at(cell: vec2<i32>) -> vec2<i32> {
	return unpack(before[cell_index(cell)]);
}

fn previous_at(cell: vec2<i32>) -> vec2<i32> {
	return unpack(previous[cell_index(cell)]);
}

fn add_candidate(block: i32, vector: vec2<i32>) {
	if (all(vector == vec2<i32>(0))) {
		return;
	}
	let count = counts[block];
	for (var i = 0; i < count; i++) {
		if (all(candidates[CANDIDATES * block + i] == vector)) {
			return;
		}
	}
	candidates[CANDIDATES * block + count] = vector;
	counts[block] = count + 1;
}

/** As MotionField.look. */
fn look(block: i32, cell: vec2<i32>, side: i32) {
	let has_left = cell.x > 0;
	let has_up = cell.y > 0;
	let right = cell.x + side < 4 * COLUMNS;
	let left = select(vec2<i32>(0), before_at(cell + vec2<i32>(-1, 0)), has_left);
	let up = select(vec2<i32>(0), before_at(cell + vec2<i32>(0, -1)), has_up);
	let place = select(vec2<i32>(-1, -1), vec2<i32>(side, -1), right);
	let far = select(vec2<i32>(0), before_at(cell + place), has_up && (right || has_left));
	counts[block] = 0;
	add_candidate(block, left);
	add_candidate(block, up);
	add_candidate(block, far);
	add_candidate(block, previous_at(cell + (side >> 1u)));
	if (has_left && has_up) {
		predicted[block] = max(min(left, up), min(max(left, up), far));
	} else {
		predicted[block] = left + up;
	}
}

fn class_of(difference: i32) -> i32 {
	let magnitude = abs(difference);
	return select(36 - i32(countLeadingZeros(u32(magnitude))), magnitude, magnitude < 8);
}

/** Bits of a leaf; as LeafCosts.leaf. */
fn rate(size: i32, block: i32, vector: vec2<i32>) -> f32 {
	let count = counts[block];
	let first = 1 + ((CANDIDATES + 1) * size + count) * MODES;
	if (all(vector == vec2<i32>(0))) {
		return costs[first];
	}
	for (var i = 0; i < count; i++) {
		if (all(candidates[CANDIDATES * block + i] == vector)) {
			return costs[first + 1 + i];
		}
	}
	let difference = vector - predicted[block];
	let class_x = class_of(difference.x);
	let context = select(select(2, 1, class_x < 8), 0, class_x == 0);
	return costs[first + MODES - 1] + costs[DIFFERENCE_X + class_x] +
		costs[DIFFERENCE_Y + 16 * context + class_of(difference.y)];
}

/** Compares what is tried for the blocks of a size, and keeps what is better. */
fn score(size: i32, slot: i32, lane: i32) {
	workgroupBarrier();
	let block = lane >> u32(2 * size + 2);
	for (var k = 0; k < 8; k++) {
		partial[64 * k + lane] = distance_at(tried[16 * k + block]);
	}
	sum_cells(u32(lane));
	if (lane < (16 >> u32(2 * size))) {
		let cells = 1 << u32(2 * size);
		better[lane] = 0u;
		for (var k = 0; k < 8; k++) {
			let vector = tried[16 * k + lane];
			if (any(vector < vec2<i32>(${LOWEST_VECTOR})) || any(vector > vec2<i32>(${HIGHEST_VECTOR}))) {
				continue;
			}
			var sum = 0;
			for (var i = cells * lane; i < cells * (lane + 1); i++) {
				sum += cell_errors[16 * k + i];
			}
			let cost = f32(sum) + costs[0] * rate(size, lane, vector);
			if (cost < best_cost[slot + lane]) {
				best_cost[slot + lane] = cost;
				best[slot + lane] = vector;
				better[lane] = 1u;
			}
		}
	}
	workgroupBarrier();
	if (lane == 0) {
		any_better = 0u;
		for (var i = 0; i < (16 >> u32(2 * size)); i++) {
			any_better |= better[i];
		}
	}
	workgroupBarrier();
}

/** The vectors that a block begins with. */
fn begin(size: i32, block: i32, cell: vec2<i32>, root: i32, second: bool) {
	let side = 1 << u32(size);
	if (second) {
		let half = max(side >> 1u, 1);
		for (var i = 0; i < 4; i++) {
			let part = cell + vec2<i32>(half * (i & 1), half * (i >> 1u));
			tried[16 * i + block] = previous_at(part);
			tried[16 * (4 + i) + block] = before_at(part);
		}
		return;
	}
	tried[block] = vec2<i32>(0);
	for (var i = 0; i < CANDIDATES; i++) {
		tried[16 * (1 + i) + block] = select(vec2<i32>(0), candidates[CANDIDATES * block + i], i < counts[block]);
	}
	tried[80 + block] = predicted[block];
	if (size == 2) {
		tried[96 + block] = unpack(coarse[5 * root]);
		tried[112 + block] = before_at(cell);
	} else if (size == 1) {
		tried[96 + block] = best[0];
		tried[112 + block] = unpack(coarse[5 * root + 1 + block]);
	} else {
		tried[96 + block] = best[1 + (block >> 2u)];
		tried[112 + block] = before_at(cell);
	}
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) id: vec3<u32>) {
	let lane = i32(index);
	let place = vec2<i32>(id.xy);
	let root = place.y * COLUMNS + place.x;
	load_samples(place, lane);
	if (lane < 21) {
		best_cost[lane] = 3e38;
	}
	workgroupBarrier();
	for (var size = 2; size >= 0; size--) {
		let count = 16 >> u32(2 * size);
		let slot = select(select(5, 1, size == 1), 0, size == 2);
		let cell = 4 * place + cell_place(lane << u32(2 * size));
		// Two batches to begin with, then the descent. One place that compares: compilers inline it.
		var step = STEP;
		var round = 0;
		for (var turn = 0; step > 0; turn++) {
			if (lane < count) {
				if (turn == 0) {
					look(lane, cell, 1 << u32(size));
				}
				if (turn < 2) {
					begin(size, lane, cell, root, turn == 1);
				} else {
					var around = AROUND;
					for (var k = 0; k < 8; k++) {
						tried[16 * k + lane] = best[slot + lane] + step * around[k];
					}
				}
			}
			score(size, slot, lane);
			if (turn >= 2) {
				round++;
				if (workgroupUniformLoad(&any_better) == 0u || round == ROUNDS) {
					step >>= 1u;
					round = 0;
				}
			}
		}
	}
	if (lane < 4) {
		var parts = costs[0] * costs[SPLIT + 3];
		for (var i = 0; i < 4; i++) {
			parts += best_cost[5 + 4 * lane + i];
		}
		let whole = best_cost[1 + lane] + costs[0] * costs[SPLIT + 2];
		split_quarter[lane] = parts < whole;
		quarter_cost[lane] = min(parts, whole);
	}
	workgroupBarrier();
	if (lane < 16) {
		let parts = quarter_cost[0] + quarter_cost[1] + quarter_cost[2] + quarter_cost[3] + costs[0] * costs[SPLIT + 1];
		let quarter = lane >> 2u;
		var vector = best[0];
		if (parts < best_cost[0] + costs[0] * costs[SPLIT]) {
			vector = best[select(1 + quarter, 5 + lane, split_quarter[quarter])];
		}
		field[cell_index(4 * place + cell_place(lane))] = pack(vector);
	}
	if (lane < 5) {
		blocks[5 * root + lane] = pack(best[lane]);
	}
}
`;
