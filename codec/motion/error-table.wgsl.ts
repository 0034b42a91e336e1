import { blockCompare } from "./block-compare.wgsl.ts";

/** Vectors of one 32x32 block whose errors are told. */
export const TABLE_VECTORS = 24;
/** Words of one: the vector, then the errors of its 16 cells, two in a word, the first lower. */
export const TABLE_WORDS = 9;
/** Errors are told in units of this, as many as 16 bits hold. */
export const TABLE_UNIT = 4;

/**
 * Squared errors, by cell, of the vectors that a 32x32 block may come to have: zero first, then those that the search found in it and
 * in its neighbours, each once. One workgroup has one block.
 */
export const errorTableShader = /* wgsl */ `
@group(0) @binding(0) var<storage, read> current: array<f32>;
@group(0) @binding(1) var<storage, read> planes: array<u32>;
@group(0) @binding(2) var<storage, read> previous: array<i32>;
@group(0) @binding(3) var<storage, read> field: array<i32>;
@group(0) @binding(4) var<storage, read> blocks: array<i32>;
@group(0) @binding(5) var<storage, read_write> result: array<u32>;
${blockCompare}
const VECTORS = ${TABLE_VECTORS}u;

var<workgroup> list: array<i32, ${TABLE_VECTORS}>;
var<workgroup> listed: u32;

fn add(word: i32) {
	for (var i = 0u; i < listed; i++) {
		if (list[i] == word) {
			return;
		}
	}
	if (listed < VECTORS) {
		list[listed] = word;
		listed++;
	}
}

fn add_found(cell: vec2<i32>) {
	if (all(cell >= vec2<i32>(0)) && cell.x < 4 * COLUMNS && cell.y < 4 * ROWS) {
		add(field[cell.y * 4 * COLUMNS + cell.x]);
	}
}

fn add_all(place: vec2<i32>) {
	let root = place.y * COLUMNS + place.x;
	let cell = 4 * place;
	listed = 0u;
	add(0);
	add(blocks[5 * root]);
	add_found(cell + vec2<i32>(-1, 0));
	add_found(cell + vec2<i32>(0, -1));
	add_found(cell + vec2<i32>(4, -1));
	for (var i = 1; i < 5; i++) {
		add(blocks[5 * root + i]);
	}
	for (var i = 0; i < 16; i++) {
		add_found(cell + cell_place(i));
	}
	for (var i = 1; i < 4; i++) {
		add_found(cell + vec2<i32>(-1, i));
		add_found(cell + vec2<i32>(i, -1));
	}
	add_found(cell - 1);
	for (var i = 0; i < 16; i += 4) {
		let at = cell + cell_place(i);
		add(previous[at.y * 4 * COLUMNS + at.x]);
	}
	// What is left over stands still: known already.
	while (listed < VECTORS) {
		list[listed] = 0;
		listed++;
	}
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) id: vec3<u32>) {
	let place = vec2<i32>(id.xy);
	load_samples(place, i32(lane));
	if (lane == 0u) {
		add_all(place);
	}
	workgroupBarrier();
	let first = u32(place.y * COLUMNS + place.x) * VECTORS;
	for (var batch = 0u; batch < VECTORS; batch += BATCH) {
		for (var k = 0u; k < BATCH; k++) {
			partial[64u * k + lane] = distance_at(unpack(list[batch + k]));
		}
		sum_cells(lane);
		let at = ${TABLE_WORDS}u * (first + batch + (lane >> 3u));
		let pair = 16u * (lane >> 3u) + 2u * (lane & 7u);
		let low = min(u32(cell_errors[pair]) / ${TABLE_UNIT}u, 65535u);
		let high = min(u32(cell_errors[pair + 1u]) / ${TABLE_UNIT}u, 65535u);
		result[at + 1u + (lane & 7u)] = low | (high << 16u);
		if (lane < BATCH) {
			result[${TABLE_WORDS}u * (first + batch + lane)] = bitcast<u32>(list[batch + lane]);
		}
		workgroupBarrier();
	}
}
`;
