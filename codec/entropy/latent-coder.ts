/**
 * Latents and hyper latents of a frame in one rANS stream (SPEC section 5): hyper latents, first pass, second pass.
 * One decoder lives over all three; the parser's networks run in between.
 */
import { getGolomb, putGolomb } from "./golomb.ts";
import { FREQUENCY_BITS, FREQUENCY_TOTAL, type RansDecoder, type RansEncoder } from "./rans.ts";
import {
	ENTRY_BITS,
	entryOf,
	ESCAPE_ENTRY,
	ESCAPE_ORDERS,
	FREQUENCIES,
	LARGEST_DIRECT,
	LARGEST_SYMBOL,
	SCALES,
	slotEntries,
	STARTS,
} from "./tables.ts";

/** Size of a latent tensor `[channels, height, width]`. */
export type LatentGeometry = { readonly channels: number; readonly width: number; readonly height: number };

/** 0: positions where `x + y + c` is even; 1: the others. */
export type LatentPass = 0 | 1;

function checkLengths(geometry: LatentGeometry, symbols: Int16Array, scales: Uint8Array): void {
	const positions = geometry.channels * geometry.height * geometry.width;
	if (symbols.length !== positions || scales.length !== positions) {
		throw new RangeError(
			`Latents have ${positions} positions, not ${symbols.length} symbols and ${scales.length} scales.`,
		);
	}
}

/** Puts one symbol of a scale index 1..63. */
function putSymbol(encoder: RansEncoder, symbol: number, scale: number): void {
	const first = scale << ENTRY_BITS;
	const magnitude = Math.abs(symbol);
	const direct = LARGEST_DIRECT[scale] as number;
	if (magnitude <= direct) {
		const i = first + entryOf(symbol);
		encoder.put(STARTS[i] as number, FREQUENCIES[i] as number);
		return;
	}
	if (magnitude > LARGEST_SYMBOL) throw new RangeError(`Symbol ${symbol} is beyond ${LARGEST_SYMBOL}.`);
	encoder.put(STARTS[first + ESCAPE_ENTRY] as number, FREQUENCIES[first + ESCAPE_ENTRY] as number);
	putGolomb(encoder, magnitude - direct - 1, ESCAPE_ORDERS[scale] as number);
	encoder.putBits(symbol < 0 ? 1 : 0, 1);
}

/** What follows an escape. Damage sets the decoder's `error`. */
function getEscaped(decoder: RansDecoder, scale: number): number {
	const magnitude = (LARGEST_DIRECT[scale] as number) + 1 + getGolomb(decoder, ESCAPE_ORDERS[scale] as number);
	const negative = decoder.bits(1) === 1;
	if (magnitude > LARGEST_SYMBOL) {
		decoder.error = true;
		return 0;
	}
	return negative ? -magnitude : magnitude;
}

/**
 * Puts the symbols of one pass, channel by channel, row by row; positions of scale 0 are not coded.
 *
 * @param symbols -255..255, `[channels, height, width]`; those of the other pass are not looked at
 * @param scales scale indices 0..63, same layout
 * @throws RangeError where a symbol is out of range, or not 0 at scale 0
 */
export function encodeLatentPass(
	encoder: RansEncoder,
	symbols: Int16Array,
	scales: Uint8Array,
	geometry: LatentGeometry,
	pass: LatentPass,
): void {
	checkLengths(geometry, symbols, scales);
	const { channels, width, height } = geometry;
	let row = 0;
	for (let c = 0; c < channels; c++) {
		for (let y = 0; y < height; y++, row += width) {
			for (let x = (c + y + pass) & 1; x < width; x += 2) {
				const symbol = symbols[row + x] as number;
				const scale = scales[row + x] as number;
				if (scale === 0) {
					if (symbol !== 0)
						throw new RangeError(`Symbol ${symbol} at (${c}, ${y}, ${x}) has scale 0: it cannot be coded.`);
				} else if (scale >= SCALES) {
					throw new RangeError(`There is no scale index ${scale}.`);
				} else {
					putSymbol(encoder, symbol, scale);
				}
			}
		}
	}
}

/**
 * Reads one pass into `symbols`; writes every position of the pass (0 where the scale is 0) and no other.
 *
 * @param scales scale indices 0..63, `[channels, height, width]`
 */
export function decodeLatentPass(
	decoder: RansDecoder,
	scales: Uint8Array,
	symbols: Int16Array,
	geometry: LatentGeometry,
	pass: LatentPass,
): void {
	checkLengths(geometry, symbols, scales);
	const { channels, width, height } = geometry;
	for (let c = 0; c < channels; c++) {
		decodePlane(decoder, scales, symbols, c * height * width, width, height, (c + pass) & 1, 2);
	}
}

/**
 * One plane, every `step`-th position of a row, the first at `(y + parity) & 1` where `step` is 2. The loop holds the
 * decoder in local variables: this is where a parser's time goes.
 */
function decodePlane(
	decoder: RansDecoder,
	scales: Uint8Array,
	symbols: Int16Array,
	first: number,
	width: number,
	height: number,
	parity: number,
	step: 1 | 2,
): void {
	const entries = slotEntries();
	const { bytes } = decoder;
	const lastWord = bytes.length - 2;
	let current = decoder.current;
	let other = decoder.other;
	let position = decoder.position;
	for (let y = 0, row = first; y < height; y++, row += width) {
		const end = row + width;
		for (let i = row + (step === 2 ? (y + parity) & 1 : 0); i < end; i += step) {
			const scale = (scales[i] as number) & (SCALES - 1);
			if (scale === 0) {
				symbols[i] = 0;
				continue;
			}
			const slot = current & (FREQUENCY_TOTAL - 1);
			let entry = scale << ENTRY_BITS;
			let frequency = FREQUENCIES[entry] as number;
			let next = 0;
			if (slot < frequency) {
				next = (Math.imul(frequency, current >>> FREQUENCY_BITS) + slot) | 0;
				symbols[i] = 0;
			} else {
				const k = entries[(scale << FREQUENCY_BITS) | slot] as number;
				entry += k;
				frequency = FREQUENCIES[entry] as number;
				next = (Math.imul(frequency, current >>> FREQUENCY_BITS) + slot - (STARTS[entry] as number)) | 0;
				if (k === ESCAPE_ENTRY) {
					// Rare: hand the state back, let the decoder's own methods read on, and take it again.
					decoder.position = position;
					decoder.current = current;
					decoder.other = other;
					decoder.advance(STARTS[entry] as number, frequency);
					symbols[i] = getEscaped(decoder, scale);
					position = decoder.position;
					current = decoder.current;
					other = decoder.other;
					continue;
				}
				symbols[i] = k & 1 ? (k + 1) >> 1 : -(k >> 1);
			}
			if (next >>> 16 === 0) {
				if (position <= lastWord) {
					next = (next << 16) | (bytes[position] as number) | ((bytes[position + 1] as number) << 8);
					position += 2;
				} else {
					next <<= 16;
					decoder.error = true;
				}
			}
			current = other;
			other = next;
		}
	}
	decoder.position = position;
	decoder.current = current;
	decoder.other = other;
}

/**
 * Puts hyper latents: per plane one bit whether any symbol is not 0, then, if so, the symbols row by row.
 *
 * @param symbols -255..255, `[channels, height, width]`
 * @param planeScales scale index of each plane, 1..63
 * @throws RangeError where a symbol or a scale is out of range
 */
export function encodeHyper(
	encoder: RansEncoder,
	symbols: Int16Array,
	planeScales: ArrayLike<number>,
	geometry: LatentGeometry,
): void {
	const plane = geometry.width * geometry.height;
	checkPlanes(symbols, planeScales, geometry);
	for (let c = 0; c < geometry.channels; c++) {
		const scale = planeScales[c] as number;
		const values = symbols.subarray(c * plane, (c + 1) * plane);
		const coded = values.some((s) => s !== 0);
		encoder.putBits(coded ? 1 : 0, 1);
		if (coded) for (const symbol of values) putSymbol(encoder, symbol, scale);
	}
}

/** Reads hyper latents into `symbols`; see {@link encodeHyper}. */
export function decodeHyper(
	decoder: RansDecoder,
	planeScales: ArrayLike<number>,
	symbols: Int16Array,
	geometry: LatentGeometry,
): void {
	const { width, height } = geometry;
	const plane = width * height;
	checkPlanes(symbols, planeScales, geometry);
	const scales = new Uint8Array(symbols.length);
	for (let c = 0; c < geometry.channels; c++) {
		if (decoder.bits(1) === 1) scales.fill(planeScales[c] as number, c * plane, (c + 1) * plane);
		decodePlane(decoder, scales, symbols, c * plane, width, height, 0, 1);
	}
}

function checkPlanes(symbols: Int16Array, planeScales: ArrayLike<number>, geometry: LatentGeometry): void {
	const { channels, width, height } = geometry;
	if (symbols.length !== channels * width * height || planeScales.length !== channels) {
		throw new RangeError(
			`${symbols.length} hyper latents and ${planeScales.length} scales do not fit ${channels} planes.`,
		);
	}
	for (let c = 0; c < channels; c++) {
		const scale = planeScales[c] as number;
		if (!(scale >= 1 && scale < SCALES))
			throw new RangeError(`Plane ${c} has scale index ${scale}, not 1..${SCALES - 1}.`);
	}
}
