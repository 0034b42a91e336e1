// ONNX DepthToSpace, mode CRD, block size 2: out(c, 2y + dy, 2x + dx) = in(4c + 2dy + dx, y, x). The two channels of
// input pair 2c + dy, side by side as they lie, are the output line of channel c already; two such lines are zipped.

import { PIXEL_SHIFT, storePixels } from "./pixels";

export function depthToSpace(
	input: usize,
	inputRowBytes: i32,
	inputPlaneBytes: i32,
	output: usize,
	outputRowBytes: i32,
	outputPlaneBytes: i32,
	channels: i32,
	width: i32,
	height: i32,
): void {
	for (let y: i32 = 0; y < 2 * height; y++) {
		for (let channel: i32 = 0; channel < channels; channel += 2) {
			let even = input + (y >> 1) * inputRowBytes + (2 * channel + (y & 1)) * inputPlaneBytes;
			let odd = even + 2 * inputPlaneBytes;
			const hasOdd = channel + 1 < channels;
			let target = output + y * outputRowBytes + (channel >> 1) * outputPlaneBytes;
			for (let left = 2 * width; left > 0; left -= 8) {
				const evens = v128.load(even);
				let odds = i32x4.splat(0);
				if (hasOdd) odds = v128.load(odd);
				storePixels(target, i16x8.shuffle(evens, odds, 0, 8, 1, 9, 2, 10, 3, 11), left);
				if (left > 4) {
					storePixels(target + 16, i16x8.shuffle(evens, odds, 4, 12, 5, 13, 6, 14, 7, 15), left - 4);
				}
				even += 16;
				odd += 16;
				target += 8 << PIXEL_SHIFT;
			}
		}
	}
}
