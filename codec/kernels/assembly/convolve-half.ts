// The dense convolution that halves a picture: 2 x 2 taps, stride 2, over integer rows. Eight outputs of a row need
// sixteen pixels of a line: its even pixels under the left tap, its odd ones under the right.

import { PIXEL_SHIFT, pixelsFromSums, storePixels } from "./pixels";

/** Weight words of one line of taps and one pair, for the four outputs of a block: bytes. */
const LINE_BYTES: i32 = 32;

export function convolveHalf(
	input: usize,
	inputRowBytes: i32,
	inputPlaneBytes: i32,
	pairs: i32,
	output: usize,
	outputRowBytes: i32,
	outputPlaneBytes: i32,
	blocks: i32,
	width: i32,
	height: i32,
	_size: i32,
	weights: usize,
	biases: usize,
	shift: i32,
	leak: i32,
	residual: usize,
	residualRowBytes: i32,
	residualPlaneBytes: i32,
	low: i32,
	high: i32,
): void {
	const lowest = i16x8.splat(<i16>low);
	const highest = i16x8.splat(<i16>high);
	for (let y: i32 = 0; y < height; y++) {
		for (let x: i32 = 0; x < width; x += 4) {
			const count = width - x;
			const column = x << PIXEL_SHIFT;
			const source = input + 2 * y * inputRowBytes + 2 * column;
			let target = output + y * outputRowBytes + column;
			let added = residual ? residual + y * residualRowBytes + column : 0;
			let weight = weights;
			let bias = biases;
			for (let block: i32 = 0; block < blocks; block++) {
				let a0 = v128.load32_splat(bias, 0);
				let a1 = v128.load32_splat(bias, 4);
				let a2 = v128.load32_splat(bias, 8);
				let a3 = v128.load32_splat(bias, 12);
				bias += 16;
				let plane = source;
				for (let pair: i32 = 0; pair < pairs; pair++) {
					let line = plane;
					for (let ky: i32 = 0; ky < 2; ky++) {
						const first = v128.load(line);
						const last = v128.load(line, 16);
						const left = i32x4.shuffle(first, last, 0, 2, 4, 6);
						const right = i32x4.shuffle(first, last, 1, 3, 5, 7);
						a0 = i32x4.add(a0, i32x4.dot_i16x8_s(left, v128.load32_splat(weight, 0)));
						a1 = i32x4.add(a1, i32x4.dot_i16x8_s(left, v128.load32_splat(weight, 4)));
						a2 = i32x4.add(a2, i32x4.dot_i16x8_s(left, v128.load32_splat(weight, 8)));
						a3 = i32x4.add(a3, i32x4.dot_i16x8_s(left, v128.load32_splat(weight, 12)));
						a0 = i32x4.add(a0, i32x4.dot_i16x8_s(right, v128.load32_splat(weight, 16)));
						a1 = i32x4.add(a1, i32x4.dot_i16x8_s(right, v128.load32_splat(weight, 20)));
						a2 = i32x4.add(a2, i32x4.dot_i16x8_s(right, v128.load32_splat(weight, 24)));
						a3 = i32x4.add(a3, i32x4.dot_i16x8_s(right, v128.load32_splat(weight, 28)));
						weight += LINE_BYTES;
						line += inputRowBytes;
					}
					plane += inputPlaneBytes;
				}
				const addedSecond = added ? added + residualPlaneBytes : 0;
				storePixels(target, pixelsFromSums(a0, a1, shift, leak, added, lowest, highest), count);
				storePixels(
					target + outputPlaneBytes,
					pixelsFromSums(a2, a3, shift, leak, addedSecond, lowest, highest),
					count,
				);
				target += 2 * outputPlaneBytes;
				if (added) added += 2 * residualPlaneBytes;
			}
		}
	}
}
