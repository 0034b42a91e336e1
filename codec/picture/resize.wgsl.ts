import { packedPlanesReader, packedPlanesProgram } from "./packed-planes.wgsl.ts";

/**
 * One direction of `Resizer` in WGSL, equal to it: `i32` throughout. `taps` holds, for every sample of a luma row (or column),
 * the first source sample and `LUMA_TAPS` weights; from `CHROMA_FIRST` on the same for chroma with `CHROMA_TAPS`.
 * The grid is that of {@link packedPlanesProgram}.
 */
export const resizeShader = /* wgsl */ `
override VERTICAL: bool;
override LUMA_TAPS: i32;
override CHROMA_TAPS: i32;
override CHROMA_FIRST: i32;

@group(0) @binding(0) var<storage, read> planes: array<u32>;
@group(0) @binding(1) var<storage, read> taps: array<i32>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;
${packedPlanesReader}${packedPlanesProgram}
fn resized(plane: i32, x: i32, y: i32) -> i32 {
	let count = select(CHROMA_TAPS, LUMA_TAPS, plane == 0);
	let at = select(CHROMA_FIRST, 0, plane == 0) + select(x, y, VERTICAL) * (count + 1);
	let first = taps[at];
	var sum = 8192;
	for (var k = 0; k < count; k++) {
		let position = select(vec2<i32>(first + k, y), vec2<i32>(x, first + k), VERTICAL);
		sum += taps[at + 1 + k] * sample_at(plane, position.x, position.y);
	}
	return clamp(sum >> 14u, 0, 255);
}

fn four_samples(plane: i32, x: i32, y: i32) -> vec4<i32> {
	// Beyond the last column the last one's taps serve: what they make is padding.
	let last = result_size(plane).x - 1;
	return vec4<i32>(
		resized(plane, x, y),
		resized(plane, min(x + 1, last), y),
		resized(plane, min(x + 2, last), y),
		resized(plane, min(x + 3, last), y),
	);
}
`;
