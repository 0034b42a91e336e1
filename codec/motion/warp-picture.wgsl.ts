/**
 * The picture warp of SPEC section 4.3 in WGSL, twin of `warpPicture` in `warp.ts`: `i32` arithmetic throughout, so it is
 * exact on every device.
 *
 * One invocation makes one sample of the folded picture `[24, HEIGHT, WIDTH]`; the grid is `(WIDTH, HEIGHT, 24)` samples.
 * `vectors` holds one word per 1/8 cell: x in the low half, y in the high half, both signed.
 */
export const WARP_PICTURE_WORKGROUP = [8, 8, 1] as const;

export const warpPictureShader = /* wgsl */ `
override WIDTH: i32;
override HEIGHT: i32;

@group(0) @binding(0) var<storage, read> previous: array<f32>;
@group(0) @binding(1) var<storage, read> vectors: array<i32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

const TAPS = array<i32, 24>(
	0, 0, 64, 0, 0, 0,
	3, -10, 58, 17, -5, 1,
	3, -11, 40, 40, -11, 3,
	1, -5, 17, 58, -10, 3,
);

fn luma(x: i32, y: i32) -> i32 {
	let cx = clamp(x, 0, 4 * WIDTH - 1);
	let cy = clamp(y, 0, 4 * HEIGHT - 1);
	let plane = 4 * (cy & 3) + (cx & 3);
	return i32(previous[(plane * HEIGHT + (cy >> 2u)) * WIDTH + (cx >> 2u)]);
}

fn chroma(first: i32, x: i32, y: i32) -> i32 {
	let cx = clamp(x, 0, 2 * WIDTH - 1);
	let cy = clamp(y, 0, 2 * HEIGHT - 1);
	let plane = first + 2 * (cy & 1) + (cx & 1);
	return i32(previous[(plane * HEIGHT + (cy >> 1u)) * WIDTH + (cx >> 1u)]);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let x = i32(id.x);
	let y = i32(id.y);
	let c = i32(id.z);
	if (x >= WIDTH || y >= HEIGHT) {
		return;
	}
	let word = vectors[(y >> 1u) * (WIDTH >> 1u) + (x >> 1u)];
	let mx = (word << 16u) >> 16u;
	let my = word >> 16u;
	var value: i32;
	if (c < 16) {
		let left = 4 * x + (c & 3) + (mx >> 2u);
		let top = 4 * y + (c >> 2u) + (my >> 2u);
		let px = mx & 3;
		let py = my & 3;
		if ((px | py) == 0) {
			value = luma(left, top);
		} else {
			var taps = TAPS;
			var sum = 0;
			for (var j = 0; j < 6; j++) {
				let weight = taps[6 * py + j];
				if (weight == 0) {
					continue;
				}
				var row = 0;
				for (var i = 0; i < 6; i++) {
					row += taps[6 * px + i] * luma(left + i - 2, top + j - 2);
				}
				sum += weight * row;
			}
			value = clamp((sum + 2048) >> 12u, 0, 255);
		}
	} else {
		let first = 16 + 4 * ((c - 16) >> 2u);
		let left = 2 * x + (c & 1) + (mx >> 3u);
		let top = 2 * y + ((c >> 1u) & 1) + (my >> 3u);
		let fx = mx & 7;
		let fy = my & 7;
		let upper = (8 - fx) * chroma(first, left, top) + fx * chroma(first, left + 1, top);
		let lower = (8 - fx) * chroma(first, left, top + 1) + fx * chroma(first, left + 1, top + 1);
		value = ((8 - fy) * upper + fy * lower + 32) >> 6u;
	}
	result[(c * HEIGHT + y) * WIDTH + x] = f32(value - 128);
}
`;
