import { DOWNSCALE_FIRST_TAP, DOWNSCALE_TAPS } from "./downscale.ts";
import { packedPlanesReader, packedPlanesWriter } from "./packed-planes.wgsl.ts";

/**
 * `downscalePicture` in WGSL, equal to it: `i32` throughout, below 2^26. One invocation makes four samples beside each other;
 * the grid is `(words of a luma row, TO_HEIGHT, 3 planes)`.
 */
export const downscaleShader = /* wgsl */ `
@group(0) @binding(0) var<storage, read> planes: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;
${packedPlanesReader}${packedPlanesWriter}
const TAPS = array<i32, 16>(${DOWNSCALE_TAPS.join(", ")});

fn narrow(plane: i32, x: i32, y: i32) -> i32 {
	var taps = TAPS;
	var sum = 0;
	for (var i = 1; i < 15; i++) {
		sum += taps[i] * sample_at(plane, 4 * x + i + ${DOWNSCALE_FIRST_TAP}, y);
	}
	return sum;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let plane = i32(id.z);
	let size = result_size(plane);
	let x = 4 * i32(id.x);
	let y = i32(id.y);
	if (x >= size.x || y >= size.y) {
		return;
	}
	var taps = TAPS;
	var sums = vec4<i32>(32768);
	for (var j = 1; j < 15; j++) {
		let row = 4 * y + j + ${DOWNSCALE_FIRST_TAP};
		sums += taps[j] * vec4<i32>(
			narrow(plane, x, row),
			narrow(plane, x + 1, row),
			narrow(plane, x + 2, row),
			narrow(plane, x + 3, row),
		);
	}
	write_word(plane, i32(id.x), y, clamp(sums >> vec4<u32>(16u), vec4<i32>(0), vec4<i32>(255)));
}
`;
