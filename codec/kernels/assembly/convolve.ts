// Dense convolutions over integer rows, stride 1. One step of the inner loop takes eight pixels of one pair (two
// vectors) and the weights of four output channels, and does 64 multiplications: eight accumulators, two vectors and a
// splatted weight are what sixteen vector registers hold.

import { PIXEL_SHIFT, pixelsFromSums, storePixels } from "./pixels";

/** Weight words of one tap and one pair, for the four outputs of a block: bytes. */
const TAP_BYTES: i32 = 16;

export function convolve(
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
	size: i32,
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
	const reach = size >> 1;
	const corner = input - reach * inputRowBytes - (reach << PIXEL_SHIFT);
	/** From the end of a line of taps to the next, and from behind the last line to the next pair. */
	const nextLine = inputRowBytes - (size << PIXEL_SHIFT);
	const nextPlane = inputPlaneBytes - size * inputRowBytes;
	const lowest = i16x8.splat(<i16>low);
	const highest = i16x8.splat(<i16>high);
	for (let y: i32 = 0; y < height; y++) {
		for (let x: i32 = 0; x < width; x += 8) {
			const count = width - x;
			const column = x << PIXEL_SHIFT;
			const source = corner + y * inputRowBytes + column;
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
				if (count > 4) {
					let b0 = a0;
					let b1 = a1;
					let b2 = a2;
					let b3 = a3;
					let plane = source;
					if (size == 1) {
						for (let pair: i32 = 0; pair < pairs; pair++) {
							const a = v128.load(plane);
							const b = v128.load(plane, 16);
							const w0 = v128.load32_splat(weight, 0);
							a0 = i32x4.add(a0, i32x4.dot_i16x8_s(a, w0));
							b0 = i32x4.add(b0, i32x4.dot_i16x8_s(b, w0));
							const w1 = v128.load32_splat(weight, 4);
							a1 = i32x4.add(a1, i32x4.dot_i16x8_s(a, w1));
							b1 = i32x4.add(b1, i32x4.dot_i16x8_s(b, w1));
							const w2 = v128.load32_splat(weight, 8);
							a2 = i32x4.add(a2, i32x4.dot_i16x8_s(a, w2));
							b2 = i32x4.add(b2, i32x4.dot_i16x8_s(b, w2));
							const w3 = v128.load32_splat(weight, 12);
							a3 = i32x4.add(a3, i32x4.dot_i16x8_s(a, w3));
							b3 = i32x4.add(b3, i32x4.dot_i16x8_s(b, w3));
							weight += TAP_BYTES;
							plane += inputPlaneBytes;
						}
					} else {
						// One loop for three: around an inner loop, engines put the eight sums into memory and back.
						let kx = size;
						let ky = size;
						for (let left = pairs * size * size; left > 0; left--) {
							const a = v128.load(plane);
							const b = v128.load(plane, 16);
							const w0 = v128.load32_splat(weight, 0);
							a0 = i32x4.add(a0, i32x4.dot_i16x8_s(a, w0));
							b0 = i32x4.add(b0, i32x4.dot_i16x8_s(b, w0));
							const w1 = v128.load32_splat(weight, 4);
							a1 = i32x4.add(a1, i32x4.dot_i16x8_s(a, w1));
							b1 = i32x4.add(b1, i32x4.dot_i16x8_s(b, w1));
							const w2 = v128.load32_splat(weight, 8);
							a2 = i32x4.add(a2, i32x4.dot_i16x8_s(a, w2));
							b2 = i32x4.add(b2, i32x4.dot_i16x8_s(b, w2));
							const w3 = v128.load32_splat(weight, 12);
							a3 = i32x4.add(a3, i32x4.dot_i16x8_s(a, w3));
							b3 = i32x4.add(b3, i32x4.dot_i16x8_s(b, w3));
							weight += TAP_BYTES;
							plane += 1 << PIXEL_SHIFT;
							if (--kx == 0) {
								kx = size;
								plane += nextLine;
								if (--ky == 0) {
									ky = size;
									plane += nextPlane;
								}
							}
						}
					}
					const second = target + outputPlaneBytes;
					const addedSecond = added ? added + residualPlaneBytes : 0;
					v128.store(target, pixelsFromSums(a0, a1, shift, leak, added, lowest, highest));
					v128.store(second, pixelsFromSums(a2, a3, shift, leak, addedSecond, lowest, highest));
					const addedNext = added ? added + 16 : 0;
					const addedSecondNext = added ? addedSecond + 16 : 0;
					storePixels(target + 16, pixelsFromSums(b0, b1, shift, leak, addedNext, lowest, highest), count - 4);
					storePixels(second + 16, pixelsFromSums(b2, b3, shift, leak, addedSecondNext, lowest, highest), count - 4);
				} else {
					let plane = source;
					for (let pair: i32 = 0; pair < pairs; pair++) {
						let line = plane;
						for (let ky: i32 = 0; ky < size; ky++) {
							let tap = line;
							for (let kx: i32 = 0; kx < size; kx++) {
								const a = v128.load(tap);
								a0 = i32x4.add(a0, i32x4.dot_i16x8_s(a, v128.load32_splat(weight, 0)));
								a1 = i32x4.add(a1, i32x4.dot_i16x8_s(a, v128.load32_splat(weight, 4)));
								a2 = i32x4.add(a2, i32x4.dot_i16x8_s(a, v128.load32_splat(weight, 8)));
								a3 = i32x4.add(a3, i32x4.dot_i16x8_s(a, v128.load32_splat(weight, 12)));
								weight += TAP_BYTES;
								tap += 1 << PIXEL_SHIFT;
							}
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
				}
				target += 2 * outputPlaneBytes;
				if (added) added += 2 * residualPlaneBytes;
			}
		}
	}
}
