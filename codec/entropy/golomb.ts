/** Exp-Golomb codes in bits of probability one half (SPEC section 5): for what is rare and may be large. */
import type { RansDecoder, RansEncoder } from "./rans.ts";

/** More than any value here needs; a longer prefix is damage. */
const LONGEST_PREFIX = 13;

/**
 * Exp-Golomb of order `order`: with `v = value + 2^order` of `n` bits, `n - 1 - order` ones, a zero, then the `n - 1`
 * lower bits of `v`.
 *
 * @param value 0..2^13-1
 */
export function putGolomb(encoder: RansEncoder, value: number, order: number): void {
	const v = value + (1 << order);
	const bits = 31 - Math.clz32(v);
	for (let i = order; i < bits; i++) encoder.putBits(1, 1);
	encoder.putBits(0, 1);
	encoder.putBits(v - (1 << bits), bits);
}

/** The inverse of {@link putGolomb}. Damage sets the decoder's `error`. */
export function getGolomb(decoder: RansDecoder, order: number): number {
	let bits = order;
	while (decoder.bits(1) === 1) {
		if (++bits > LONGEST_PREFIX) {
			decoder.error = true;
			return 0;
		}
	}
	return (1 << bits) + decoder.bits(bits) - (1 << order);
}

/** Length of the code in bits. */
export function golombBits(value: number, order: number): number {
	const bits = 31 - Math.clz32(value + (1 << order));
	return bits - order + 1 + bits;
}
