import { DOWNSCALE_FIRST_TAP, DOWNSCALE_TAPS } from "./downscale.ts";
import { packedPlanesReader, packedPlanesProgram } from "./packed-planes.wgsl.ts";

/**
 * `downscalePicture` in WGSL, equal to it: `i32` throughout, below 2^26. The grid is that of {@link packedPlanesProgram}.
 */
export const downscaleShader = /* wgsl */ `
@group(0) @binding(0) var<storage, read> planes: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;
${packedPlanesReader}${packedPlanesProgram}
const TAPS = array<i32, 16>(${DOWNSCALE_TAPS.join(", ")});

fn narrow(plane: i32, x: i32, y: i32) -> i32 {
	var taps = TAPS;
	var sum = 0;
	for (var i = 1; i < 15; i++) {
		sum += taps[i] * sample_at(plane, 4 * x + i + ${DOWNSCALE_FIRST_TAP}, y);
	}
	return sum;
}

fn four_samples(plane: i32, x: i32, y: i32) -> vec4<i32> {
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
	return clamp(sums >> vec4<u32>(16u), vec4<i32>(0), vec4<i32>(255));
}
`;
