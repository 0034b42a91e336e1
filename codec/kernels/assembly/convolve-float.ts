// The convolutions in float32, for networks that run on one side only: nothing has to come out bit for bit the same on
// another device. A vector holds four pixels of one channel, a step does eight pixels of four outputs.

import { PIXEL_SHIFT, storePixels } from "./pixels";

/** Weights of one tap and one channel, for the four outputs of a block: bytes. */
const TAP_BYTES: i32 = 16;

/** Four pixels from their sums: slope under zero, then what is added to them. */
// @ts-ignore: decorator
@inline
function pixelsFromSums(sums: v128, slope: v128, residual: usize): v128 {
	const pixels = v128.bitselect(f32x4.mul(sums, slope), sums, f32x4.lt(sums, f32x4.splat(0)));
	return residual ? f32x4.add(pixels, v128.load(residual)) : pixels;
}

export function convolveFloat(
	input: usize,
	inputRowBytes: i32,
	inputPlaneBytes: i32,
	channels: i32,
	output: usize,
	outputRowBytes: i32,
	outputPlaneBytes: i32,
	blocks: i32,
	width: i32,
	height: i32,
	size: i32,
	weights: usize,
	biases: usize,
	slope: f32,
	residual: usize,
	residualRowBytes: i32,
	residualPlaneBytes: i32,
): void {
	const reach = size >> 1;
	const corner = input - reach * inputRowBytes - (reach << PIXEL_SHIFT);
	/** From the end of a line of taps to the next, and from behind the last line to the next channel. */
	const nextLine = inputRowBytes - (size << PIXEL_SHIFT);
	const nextPlane = inputPlaneBytes - size * inputRowBytes;
	const slopes = f32x4.splat(slope);
	for (let y: i32 = 0; y < height; y++) {
		for (let x: i32 = 0; x < width; x += 8) {
			const count = width - x;
			const column = x << PIXEL_SHIFT;
			const source = corner + y * inputRowBytes + column;
			let target = output + y * outputRowBytes + column;
			let added = residual ? residual + y * residualRowBytes + column : 0;
			const addedStep = residual ? residualPlaneBytes : 0;
			const addedRight = residual ? 16 : 0;
			let weight = weights;
			let bias = biases;
			for (let block: i32 = 0; block < blocks; block++) {
				let a0 = v128.load32_splat(bias, 0);
				let a1 = v128.load32_splat(bias, 4);
				let a2 = v128.load32_splat(bias, 8);
				let a3 = v128.load32_splat(bias, 12);
				bias += 16;
				let plane = source;
				if (count > 4) {
					let b0 = a0;
					let b1 = a1;
					let b2 = a2;
					let b3 = a3;
					if (size == 1) {
						for (let channel: i32 = 0; channel < channels; channel++) {
							const a = v128.load(plane);
							const b = v128.load(plane, 16);
							const w0 = v128.load32_splat(weight, 0);
							a0 = f32x4.add(a0, f32x4.mul(a, w0));
							b0 = f32x4.add(b0, f32x4.mul(b, w0));
							const w1 = v128.load32_splat(weight, 4);
							a1 = f32x4.add(a1, f32x4.mul(a, w1));
							b1 = f32x4.add(b1, f32x4.mul(b, w1));
							const w2 = v128.load32_splat(weight, 8);
							a2 = f32x4.add(a2, f32x4.mul(a, w2));
							b2 = f32x4.add(b2, f32x4.mul(b, w2));
							const w3 = v128.load32_splat(weight, 12);
							a3 = f32x4.add(a3, f32x4.mul(a, w3));
							b3 = f32x4.add(b3, f32x4.mul(b, w3));
							weight += TAP_BYTES;
							plane += inputPlaneBytes;
						}
					} else {
						// One loop for three: around an inner loop, engines put the eight sums into memory and back.
						let kx = size;
						let ky = size;
						for (let left = channels * size * size; left > 0; left--) {
							const a = v128.load(plane);
							const b = v128.load(plane, 16);
							const w0 = v128.load32_splat(weight, 0);
							a0 = f32x4.add(a0, f32x4.mul(a, w0));
							b0 = f32x4.add(b0, f32x4.mul(b, w0));
							const w1 = v128.load32_splat(weight, 4);
							a1 = f32x4.add(a1, f32x4.mul(a, w1));
							b1 = f32x4.add(b1, f32x4.mul(b, w1));
							const w2 = v128.load32_splat(weight, 8);
							a2 = f32x4.add(a2, f32x4.mul(a, w2));
							b2 = f32x4.add(b2, f32x4.mul(b, w2));
							const w3 = v128.load32_splat(weight, 12);
							a3 = f32x4.add(a3, f32x4.mul(a, w3));
							b3 = f32x4.add(b3, f32x4.mul(b, w3));
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
					v128.store(target, pixelsFromSums(a0, slopes, added));
					storePixels(target + 16, pixelsFromSums(b0, slopes, added + addedRight), count - 4);
					added += addedStep;
					target += outputPlaneBytes;
					v128.store(target, pixelsFromSums(a1, slopes, added));
					storePixels(target + 16, pixelsFromSums(b1, slopes, added + addedRight), count - 4);
					added += addedStep;
					target += outputPlaneBytes;
					v128.store(target, pixelsFromSums(a2, slopes, added));
					storePixels(target + 16, pixelsFromSums(b2, slopes, added + addedRight), count - 4);
					added += addedStep;
					target += outputPlaneBytes;
					v128.store(target, pixelsFromSums(a3, slopes, added));
					storePixels(target + 16, pixelsFromSums(b3, slopes, added + addedRight), count - 4);
				} else {
					for (let channel: i32 = 0; channel < channels; channel++) {
						let line = plane;
						for (let ky: i32 = 0; ky < size; ky++) {
							let tap = line;
							for (let kx: i32 = 0; kx < size; kx++) {
								const a = v128.load(tap);
								a0 = f32x4.add(a0, f32x4.mul(a, v128.load32_splat(weight, 0)));
								a1 = f32x4.add(a1, f32x4.mul(a, v128.load32_splat(weight, 4)));
								a2 = f32x4.add(a2, f32x4.mul(a, v128.load32_splat(weight, 8)));
								a3 = f32x4.add(a3, f32x4.mul(a, v128.load32_splat(weight, 12)));
								weight += TAP_BYTES;
								tap += 1 << PIXEL_SHIFT;
							}
							line += inputRowBytes;
						}
						plane += inputPlaneBytes;
					}
					storePixels(target, pixelsFromSums(a0, slopes, added), count);
					added += addedStep;
					target += outputPlaneBytes;
					storePixels(target, pixelsFromSums(a1, slopes, added), count);
					added += addedStep;
					target += outputPlaneBytes;
					storePixels(target, pixelsFromSums(a2, slopes, added), count);
					added += addedStep;
					target += outputPlaneBytes;
					storePixels(target, pixelsFromSums(a3, slopes, added), count);
				}
				added += addedStep;
				target += outputPlaneBytes;
			}
		}
	}
}

export function convolveHalfFloat(
	input: usize,
	inputRowBytes: i32,
	inputPlaneBytes: i32,
	channels: i32,
	output: usize,
	outputRowBytes: i32,
	outputPlaneBytes: i32,
	blocks: i32,
	width: i32,
	height: i32,
	_size: i32,
	weights: usize,
	biases: usize,
	slope: f32,
	residual: usize,
	residualRowBytes: i32,
	residualPlaneBytes: i32,
): void {
	const slopes = f32x4.splat(slope);
	const addedStep = residual ? residualPlaneBytes : 0;
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
				for (let channel: i32 = 0; channel < channels; channel++) {
					let line = plane;
					for (let ky: i32 = 0; ky < 2; ky++) {
						const first = v128.load(line);
						const last = v128.load(line, 16);
						const left = i32x4.shuffle(first, last, 0, 2, 4, 6);
						const right = i32x4.shuffle(first, last, 1, 3, 5, 7);
						a0 = f32x4.add(a0, f32x4.mul(left, v128.load32_splat(weight, 0)));
						a1 = f32x4.add(a1, f32x4.mul(left, v128.load32_splat(weight, 4)));
						a2 = f32x4.add(a2, f32x4.mul(left, v128.load32_splat(weight, 8)));
						a3 = f32x4.add(a3, f32x4.mul(left, v128.load32_splat(weight, 12)));
						a0 = f32x4.add(a0, f32x4.mul(right, v128.load32_splat(weight, 16)));
						a1 = f32x4.add(a1, f32x4.mul(right, v128.load32_splat(weight, 20)));
						a2 = f32x4.add(a2, f32x4.mul(right, v128.load32_splat(weight, 24)));
						a3 = f32x4.add(a3, f32x4.mul(right, v128.load32_splat(weight, 28)));
						weight += 2 * TAP_BYTES;
						line += inputRowBytes;
					}
					plane += inputPlaneBytes;
				}
				storePixels(target, pixelsFromSums(a0, slopes, added), count);
				added += addedStep;
				target += outputPlaneBytes;
				storePixels(target, pixelsFromSums(a1, slopes, added), count);
				added += addedStep;
				target += outputPlaneBytes;
				storePixels(target, pixelsFromSums(a2, slopes, added), count);
				added += addedStep;
				target += outputPlaneBytes;
				storePixels(target, pixelsFromSums(a3, slopes, added), count);
				added += addedStep;
				target += outputPlaneBytes;
			}
		}
	}
}

export function convolveDepthwiseFloat(
	input: usize,
	inputRowBytes: i32,
	inputPlaneBytes: i32,
	channels: i32,
	output: usize,
	outputRowBytes: i32,
	outputPlaneBytes: i32,
	width: i32,
	height: i32,
	weights: usize,
	biases: usize,
	slope: f32,
): void {
	const slopes = f32x4.splat(slope);
	const corner = input - inputRowBytes - (1 << PIXEL_SHIFT);
	for (let y: i32 = 0; y < height; y++) {
		for (let channel: i32 = 0; channel < channels; channel++) {
			const weight = weights + channel * 36;
			const bias = v128.load32_splat(biases + (channel << 2));
			let target = output + y * outputRowBytes + channel * outputPlaneBytes;
			let top = corner + y * inputRowBytes + channel * inputPlaneBytes;
			for (let left = width; left > 0; left -= 4) {
				const middle = top + inputRowBytes;
				const bottom = middle + inputRowBytes;
				let sums = f32x4.add(bias, f32x4.mul(v128.load(top), v128.load32_splat(weight)));
				sums = f32x4.add(sums, f32x4.mul(v128.load(top, 4), v128.load32_splat(weight, 4)));
				sums = f32x4.add(sums, f32x4.mul(v128.load(top, 8), v128.load32_splat(weight, 8)));
				sums = f32x4.add(sums, f32x4.mul(v128.load(middle), v128.load32_splat(weight, 12)));
				sums = f32x4.add(sums, f32x4.mul(v128.load(middle, 4), v128.load32_splat(weight, 16)));
				sums = f32x4.add(sums, f32x4.mul(v128.load(middle, 8), v128.load32_splat(weight, 20)));
				sums = f32x4.add(sums, f32x4.mul(v128.load(bottom), v128.load32_splat(weight, 24)));
				sums = f32x4.add(sums, f32x4.mul(v128.load(bottom, 4), v128.load32_splat(weight, 28)));
				sums = f32x4.add(sums, f32x4.mul(v128.load(bottom, 8), v128.load32_splat(weight, 32)));
				storePixels(target, pixelsFromSums(sums, slopes, 0), left);
				top += 16;
				target += 16;
			}
		}
	}
}
