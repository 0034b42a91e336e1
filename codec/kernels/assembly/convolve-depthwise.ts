// 3 x 3 taps, channel by channel, over integer rows. The dot instruction adds two neighbouring int16: here they have to
// be two taps of one channel, so that two vectors of pairs are regrouped into one of either channel.

import { PIXEL_SHIFT, pixelsFromSums, storePixels } from "./pixels";

/** Weight words of one channel: five couples of taps. */
const CHANNEL_BYTES: i32 = 20;

/** The even channel of two taps, side by side. */
// @ts-ignore: decorator
@inline
function evenTaps(first: v128, second: v128): v128 {
	return i16x8.shuffle(first, i32x4.shl(second, 16), 0, 9, 2, 11, 4, 13, 6, 15);
}

/** The odd channel of two taps, side by side. */
// @ts-ignore: decorator
@inline
function oddTaps(first: v128, second: v128): v128 {
	return i16x8.shuffle(i32x4.shr_u(first, 16), second, 0, 9, 2, 11, 4, 13, 6, 15);
}

export function convolveDepthwise(
	input: usize,
	inputRowBytes: i32,
	inputPlaneBytes: i32,
	pairs: i32,
	output: usize,
	outputRowBytes: i32,
	outputPlaneBytes: i32,
	width: i32,
	height: i32,
	weights: usize,
	biases: usize,
	shift: i32,
	leak: i32,
	low: i32,
	high: i32,
): void {
	const lowest = i16x8.splat(<i16>low);
	const highest = i16x8.splat(<i16>high);
	const corner = input - inputRowBytes - (1 << PIXEL_SHIFT);
	for (let y: i32 = 0; y < height; y++) {
		for (let pair: i32 = 0; pair < pairs; pair++) {
			const even = weights + pair * 2 * CHANNEL_BYTES;
			const odd = even + CHANNEL_BYTES;
			const bias = biases + (pair << 3);
			const target = output + y * outputRowBytes + pair * outputPlaneBytes;
			let top = corner + y * inputRowBytes + pair * inputPlaneBytes;
			for (let x: i32 = 0; x < width; x += 4) {
				const middle = top + inputRowBytes;
				const bottom = middle + inputRowBytes;
				let first = v128.load(top);
				let second = v128.load(top, 4);
				let evens = i32x4.add(
					v128.load32_splat(bias),
					i32x4.dot_i16x8_s(evenTaps(first, second), v128.load32_splat(even)),
				);
				let odds = i32x4.add(
					v128.load32_splat(bias, 4),
					i32x4.dot_i16x8_s(oddTaps(first, second), v128.load32_splat(odd)),
				);
				first = v128.load(top, 8);
				second = v128.load(middle);
				evens = i32x4.add(evens, i32x4.dot_i16x8_s(evenTaps(first, second), v128.load32_splat(even, 4)));
				odds = i32x4.add(odds, i32x4.dot_i16x8_s(oddTaps(first, second), v128.load32_splat(odd, 4)));
				first = v128.load(middle, 4);
				second = v128.load(middle, 8);
				evens = i32x4.add(evens, i32x4.dot_i16x8_s(evenTaps(first, second), v128.load32_splat(even, 8)));
				odds = i32x4.add(odds, i32x4.dot_i16x8_s(oddTaps(first, second), v128.load32_splat(odd, 8)));
				first = v128.load(bottom);
				second = v128.load(bottom, 4);
				evens = i32x4.add(evens, i32x4.dot_i16x8_s(evenTaps(first, second), v128.load32_splat(even, 12)));
				odds = i32x4.add(odds, i32x4.dot_i16x8_s(oddTaps(first, second), v128.load32_splat(odd, 12)));
				// The ninth tap has none beside it: its word's upper half is zero, whatever the other channel holds.
				first = v128.load(bottom, 8);
				evens = i32x4.add(evens, i32x4.dot_i16x8_s(first, v128.load32_splat(even, 16)));
				odds = i32x4.add(odds, i32x4.dot_i16x8_s(i32x4.shr_u(first, 16), v128.load32_splat(odd, 16)));
				storePixels(
					target + (x << PIXEL_SHIFT),
					pixelsFromSums(evens, odds, shift, leak, 0, lowest, highest),
					width - x,
				);
				top += 16;
			}
		}
	}
}
