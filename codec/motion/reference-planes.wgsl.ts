import { LUMA_TAPS } from "./warp-planes.ts";

/** Samples beyond each edge that a plane holds; further out the edge repeats. The taps reach three. */
export const PLANE_MARGIN = 4;

/**
 * The reference luma at every quarter-sample phase, as `SubpelReference` has it, from the folded picture `[24, HEIGHT, WIDTH]` of
 * samples. Plane `phaseY << 2 | phaseX` holds the coded size and {@link PLANE_MARGIN} around it, four samples in a word. One invocation makes
 * one word; the grid is `(words of a row, rows, 16)`.
 */
export const referencePlanesShader = /* wgsl */ `
override WIDTH: i32;
override HEIGHT: i32;

@group(0) @binding(0) var<storage, read> picture: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;

const TAPS = array<i32, 24>(${[...LUMA_TAPS].join(", ")});

fn luma(x: i32, y: i32) -> i32 {
	let cx = clamp(x, 0, 4 * WIDTH - 1);
	let cy = clamp(y, 0, 4 * HEIGHT - 1);
	return i32(picture[((4 * (cy & 3) + (cx & 3)) * HEIGHT + (cy >> 2u)) * WIDTH + (cx >> 2u)]);
}

fn interpolated(x: i32, y: i32, phase: i32) -> u32 {
	if (phase == 0) {
		return u32(luma(x, y));
	}
	var taps = TAPS;
	var sum = 2048;
	for (var j = 0; j < 6; j++) {
		let weight = taps[6 * (phase >> 2u) + j];
		if (weight == 0) {
			continue;
		}
		for (var i = 0; i < 6; i++) {
			let tap = taps[6 * (phase & 3) + i];
			if (tap != 0) {
				sum += weight * tap * luma(x + i - 2, y + j - 2);
			}
		}
	}
	return u32(clamp(sum >> 12u, 0, 255));
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let words = WIDTH + ${PLANE_MARGIN / 2};
	let rows = 4 * HEIGHT + ${2 * PLANE_MARGIN};
	let column = i32(id.x);
	let row = i32(id.y);
	if (column >= words || row >= rows) {
		return;
	}
	var word = 0u;
	for (var i = 0; i < 4; i++) {
		let sample = interpolated(4 * column + i - ${PLANE_MARGIN}, row - ${PLANE_MARGIN}, i32(id.z));
		word |= sample << (8u * u32(i));
	}
	result[(i32(id.z) * rows + row) * words + column] = word;
}
`;
