// What every kernel does with a vector of four pixels. A pixel of either layout takes four bytes: two int16 channels
// side by side, or one float32 channel.

/** Bytes of a pixel; a shift, because the optimiser is not asked to find it. */
export const PIXEL_SHIFT: i32 = 2;

/**
 * Stores the first `count` of four pixels. A line's last vector has to go through here: what follows the line is the
 * margin that the next convolution reads as zeros.
 */
// @ts-ignore: decorator
@inline
export function storePixels(pointer: usize, pixels: v128, count: i32): void {
	if (count >= 4) {
		v128.store(pointer, pixels);
	} else if (count == 1) {
		v128.store32_lane(pointer, pixels, 0);
	} else {
		v128.store64_lane(pointer, pixels, 0);
		if (count == 3) v128.store32_lane(pointer, pixels, 2, 8);
	}
}

/**
 * Four pixels of an output pair from the sums of its two channels: shift, leak, clamp. Saturating to int16 before the
 * clamp changes nothing, as the clamp lies within int16, and the clamp then costs half.
 */
// @ts-ignore: decorator
@inline
export function pixelsFromSums(
	even: v128,
	odd: v128,
	shift: i32,
	leak: i32,
	residual: usize,
	low: v128,
	high: v128,
): v128 {
	even = i32x4.shr_s(even, shift);
	odd = i32x4.shr_s(odd, shift);
	if (leak == 3) {
		// The slope of all our networks, 1/8: a shift by a constant takes a quarter of one by a variable.
		even = i32x4.max_s(even, i32x4.shr_s(even, 3));
		odd = i32x4.max_s(odd, i32x4.shr_s(odd, 3));
	} else if (leak) {
		even = i32x4.max_s(even, i32x4.shr_s(even, leak));
		odd = i32x4.max_s(odd, i32x4.shr_s(odd, leak));
	}
	if (residual) {
		const added = v128.load(residual);
		even = i32x4.add(even, i32x4.shr_s(i32x4.shl(added, 16), 16));
		odd = i32x4.add(odd, i32x4.shr_s(added, 16));
	}
	// Of all ways to bring the two together, the one that is three plain instructions where V8 compiles it for x86.
	const evens = i16x8.narrow_i32x4_s(even, even);
	const odds = i16x8.narrow_i32x4_s(odd, odd);
	return i16x8.min_s(i16x8.max_s(i16x8.shuffle(evens, odds, 0, 8, 1, 9, 2, 10, 3, 11), low), high);
}
