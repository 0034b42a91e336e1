// Between dense float32 planes (what the rest of the codec hands over), float rows and integer rows.

import { PIXEL_SHIFT, storePixels } from "./pixels";

/** Four pixels of a pair from four whole numbers of either channel. */
// @ts-ignore: decorator
@inline
function pair(evens: v128, odds: v128): v128 {
	return v128.or(
		v128.and(i32x4.trunc_sat_f32x4_s(evens), i32x4.splat(0xffff)),
		i32x4.shl(i32x4.trunc_sat_f32x4_s(odds), 16),
	);
}

// @ts-ignore: decorator
@inline
function evens(pixels: v128): v128 {
	return f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(pixels, 16), 16));
}

// @ts-ignore: decorator
@inline
function odds(pixels: v128): v128 {
	return f32x4.convert_i32x4_s(i32x4.shr_s(pixels, 16));
}

/**
 * Up to four floats of a dense plane: its last ones may be the last of the memory too, where a whole vector would be
 * out of bounds.
 */
// @ts-ignore: decorator
@inline
function loadDense(pointer: usize, count: i32): v128 {
	if (count >= 4) return v128.load(pointer);
	if (count == 1) return v128.load32_zero(pointer);
	const two = v128.load64_zero(pointer);
	return count == 2 ? two : v128.load32_lane(pointer, two, 2, 8);
}

export function integersFromPlanes(
	source: usize,
	channels: i32,
	width: i32,
	height: i32,
	target: usize,
	targetRowBytes: i32,
	targetPlaneBytes: i32,
): void {
	const planeBytes = (width * height) << PIXEL_SHIFT;
	for (let channel: i32 = 0; channel < channels; channel += 2) {
		const hasOdd = channel + 1 < channels;
		let from = source + channel * planeBytes;
		for (let y: i32 = 0; y < height; y++) {
			let to = target + y * targetRowBytes + (channel >> 1) * targetPlaneBytes;
			for (let left = width; left > 0; left -= 4) {
				let second = f32x4.splat(0);
				if (hasOdd) second = loadDense(from + planeBytes, left);
				storePixels(to, pair(loadDense(from, left), second), left);
				from += min(left, 4) << PIXEL_SHIFT;
				to += 16;
			}
		}
	}
}

export function planesFromIntegers(
	source: usize,
	sourceRowBytes: i32,
	sourcePlaneBytes: i32,
	channels: i32,
	width: i32,
	height: i32,
	target: usize,
): void {
	const planeBytes = (width * height) << PIXEL_SHIFT;
	for (let channel: i32 = 0; channel < channels; channel += 2) {
		const hasOdd = channel + 1 < channels;
		let to = target + channel * planeBytes;
		for (let y: i32 = 0; y < height; y++) {
			let from = source + y * sourceRowBytes + (channel >> 1) * sourcePlaneBytes;
			for (let left = width; left > 0; left -= 4) {
				const pixels = v128.load(from);
				storePixels(to, evens(pixels), left);
				if (hasOdd) storePixels(to + planeBytes, odds(pixels), left);
				from += 16;
				to += min(left, 4) << PIXEL_SHIFT;
			}
		}
	}
}

export function floatsFromPlanes(
	source: usize,
	channels: i32,
	width: i32,
	height: i32,
	target: usize,
	targetRowBytes: i32,
	targetPlaneBytes: i32,
): void {
	const lineBytes = width << PIXEL_SHIFT;
	for (let channel: i32 = 0; channel < channels; channel++) {
		for (let y: i32 = 0; y < height; y++) {
			memory.copy(target + y * targetRowBytes + channel * targetPlaneBytes, source, lineBytes);
			source += lineBytes;
		}
	}
}

export function planesFromFloats(
	source: usize,
	sourceRowBytes: i32,
	sourcePlaneBytes: i32,
	channels: i32,
	width: i32,
	height: i32,
	target: usize,
): void {
	const lineBytes = width << PIXEL_SHIFT;
	for (let channel: i32 = 0; channel < channels; channel++) {
		for (let y: i32 = 0; y < height; y++) {
			memory.copy(target, source + y * sourceRowBytes + channel * sourcePlaneBytes, lineBytes);
			target += lineBytes;
		}
	}
}

export function integersFromFloats(
	source: usize,
	sourceRowBytes: i32,
	sourcePlaneBytes: i32,
	target: usize,
	targetRowBytes: i32,
	targetPlaneBytes: i32,
	channels: i32,
	width: i32,
	height: i32,
): void {
	for (let y: i32 = 0; y < height; y++) {
		for (let channel: i32 = 0; channel < channels; channel += 2) {
			const hasOdd = channel + 1 < channels;
			let from = source + y * sourceRowBytes + channel * sourcePlaneBytes;
			let to = target + y * targetRowBytes + (channel >> 1) * targetPlaneBytes;
			for (let left = width; left > 0; left -= 4) {
				let second = f32x4.splat(0);
				if (hasOdd) second = v128.load(from + sourcePlaneBytes);
				storePixels(to, pair(v128.load(from), second), left);
				from += 16;
				to += 16;
			}
		}
	}
}

export function floatsFromIntegers(
	source: usize,
	sourceRowBytes: i32,
	sourcePlaneBytes: i32,
	target: usize,
	targetRowBytes: i32,
	targetPlaneBytes: i32,
	channels: i32,
	width: i32,
	height: i32,
): void {
	for (let y: i32 = 0; y < height; y++) {
		for (let channel: i32 = 0; channel < channels; channel += 2) {
			const hasOdd = channel + 1 < channels;
			let from = source + y * sourceRowBytes + (channel >> 1) * sourcePlaneBytes;
			let to = target + y * targetRowBytes + channel * targetPlaneBytes;
			for (let left = width; left > 0; left -= 4) {
				const pixels = v128.load(from);
				storePixels(to, evens(pixels), left);
				if (hasOdd) storePixels(to + targetPlaneBytes, odds(pixels), left);
				from += 16;
				to += 16;
			}
		}
	}
}

export function repeatEdges(
	pointer: usize,
	rowBytes: i32,
	planeBytes: i32,
	pairs: i32,
	width: i32,
	height: i32,
): void {
	const lineBytes = (width + 4) << PIXEL_SHIFT;
	for (let index: i32 = 0; index < pairs; index++) {
		const top = pointer + index * planeBytes;
		for (let y: i32 = 0; y < height; y++) {
			const first = top + y * rowBytes;
			const end = first + (width << PIXEL_SHIFT);
			const left = load<i32>(first);
			const right = load<i32>(end - 4);
			store<i32>(first - 8, left);
			store<i32>(first - 4, left);
			store<i32>(end, right);
			store<i32>(end, right, 4);
		}
		const bottom = top + (height - 1) * rowBytes;
		for (let row: i32 = 1; row <= 2; row++) {
			memory.copy(top - row * rowBytes - 8, top - 8, lineBytes);
			memory.copy(bottom + row * rowBytes - 8, bottom - 8, lineBytes);
		}
	}
}
