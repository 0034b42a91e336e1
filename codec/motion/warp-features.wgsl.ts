/** Invocations of a workgroup. */
export const WARP_FEATURES_WORKGROUP = [8, 8, 1] as const;

/** Channels that one invocation moves: enough to share the address arithmetic, few enough to fill a device. */
export const WARP_FEATURES_CHANNELS_EACH = 8;

/**
 * The feature warp of SPEC section 4.4 in WGSL, twin of `warpFeatures` in `warp.ts`: `i32` arithmetic throughout, so it is
 * exact on every device. Features below 2^15 in magnitude times weights that sum to 2^8 stay below 2^23.
 *
 * One invocation moves one cell in `CHANNELS_EACH` channels; the grid is `(WIDTH, HEIGHT, channels / CHANNELS_EACH)`.
 * `vectors` holds one word per 1/8 cell: x in the low half, y in the high half, both signed.
 */
export const warpFeaturesShader = /* wgsl */ `
override WIDTH: i32;
override HEIGHT: i32;
override CHANNELS: i32;

@group(0) @binding(0) var<storage, read> features: array<f32>;
@group(0) @binding(1) var<storage, read> vectors: array<i32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

const CHANNELS_EACH = ${WARP_FEATURES_CHANNELS_EACH};

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let x = i32(id.x);
	let y = i32(id.y);
	if (x >= WIDTH || y >= HEIGHT) {
		return;
	}
	let plane = WIDTH * HEIGHT;
	let cell = y * WIDTH + x;
	let word = vectors[(y >> 1u) * (WIDTH >> 1u) + (x >> 1u)];
	let mx = (word << 16u) >> 16u;
	let my = word >> 16u;
	let x0 = clamp(x + (mx >> 4u), 0, WIDTH - 1);
	let x1 = clamp(x + (mx >> 4u) + 1, 0, WIDTH - 1);
	let y0 = clamp(y + (my >> 4u), 0, HEIGHT - 1) * WIDTH;
	let y1 = clamp(y + (my >> 4u) + 1, 0, HEIGHT - 1) * WIDTH;
	let fx = mx & 15;
	let fy = my & 15;
	let first = i32(id.z) * CHANNELS_EACH;
	for (var c = first; c < min(first + CHANNELS_EACH, CHANNELS); c++) {
		let start = c * plane;
		let upper = (16 - fx) * i32(features[start + y0 + x0]) + fx * i32(features[start + y0 + x1]);
		let lower = (16 - fx) * i32(features[start + y1 + x0]) + fx * i32(features[start + y1 + x1]);
		result[start + cell] = f32(((16 - fy) * upper + fy * lower + 128) >> 8u);
	}
}
`;
