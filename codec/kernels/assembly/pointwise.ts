// Arithmetic over float rows, pixel by pixel.

import { PIXEL_SHIFT, storePixels } from "./pixels";

export function combine(
	operation: i32,
	a: usize,
	aRowBytes: i32,
	aPlaneBytes: i32,
	b: usize,
	bRowBytes: i32,
	bPlaneBytes: i32,
	output: usize,
	outputRowBytes: i32,
	outputPlaneBytes: i32,
	channels: i32,
	width: i32,
	height: i32,
): void {
	const bytes = width << PIXEL_SHIFT;
	for (let y: i32 = 0; y < height; y++) {
		for (let channel: i32 = 0; channel < channels; channel++) {
			const first = a + y * aRowBytes + channel * aPlaneBytes;
			const second = b + y * bRowBytes + channel * bPlaneBytes;
			const target = output + y * outputRowBytes + channel * outputPlaneBytes;
			for (let x: i32 = 0; x < bytes; x += 16) {
				const one = v128.load(first + x);
				const other = v128.load(second + x);
				let result: v128;
				if (operation == 0) result = f32x4.add(one, other);
				else if (operation == 1) result = f32x4.sub(one, other);
				else result = f32x4.mul(one, other);
				storePixels(target + x, result, (bytes - x) >> PIXEL_SHIFT);
			}
		}
	}
}

export function adjust(
	input: usize,
	inputRowBytes: i32,
	inputPlaneBytes: i32,
	output: usize,
	outputRowBytes: i32,
	outputPlaneBytes: i32,
	channels: i32,
	width: i32,
	height: i32,
	scale: f32,
	offset: f32,
	low: f32,
	high: f32,
	floor: i32,
): void {
	const bytes = width << PIXEL_SHIFT;
	const scales = f32x4.splat(scale);
	const offsets = f32x4.splat(offset);
	const lowest = f32x4.splat(low);
	const highest = f32x4.splat(high);
	for (let y: i32 = 0; y < height; y++) {
		for (let channel: i32 = 0; channel < channels; channel++) {
			const source = input + y * inputRowBytes + channel * inputPlaneBytes;
			const target = output + y * outputRowBytes + channel * outputPlaneBytes;
			for (let x: i32 = 0; x < bytes; x += 16) {
				let result = f32x4.add(f32x4.mul(v128.load(source + x), scales), offsets);
				result = f32x4.pmin(f32x4.pmax(result, lowest), highest);
				if (floor) result = f32x4.floor(result);
				storePixels(target + x, result, (bytes - x) >> PIXEL_SHIFT);
			}
		}
	}
}
