/** The two passes of latents (SPEC section 5.3): symbols by static tables, chosen by scale index and neighbours. */
import { getGolomb, putGolomb } from "./golomb.ts";
import { contextAt, eachContext, type LatentGeometry, type LatentPass, Significance } from "./latent-contexts.ts";
import { FREQUENCY_BITS, FREQUENCY_TOTAL, type RansDecoder, type RansEncoder } from "./rans.ts";
import {
	ENTRY_BITS,
	entryOf,
	ESCAPE_ENTRY,
	ESCAPE_ORDERS,
	FREQUENCIES,
	LARGEST_DIRECT,
	LARGEST_SYMBOL,
	SCALE_BITS,
	SCALES,
	slotEntries,
	STARTS,
} from "./tables.ts";

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
 * @param symbols -255..255, `[channels, height, width]`: those of this pass and the one before
 * @param scales scale indices 0..63, same layout
 * @param corrected scale index to code with, by `context << 6 | scale index`, 1..63 (see {@link ScaleOffsets})
 * @throws RangeError where a symbol is out of range, or not 0 at scale 0
 */
export function encodeLatentPass(
	encoder: RansEncoder,
	symbols: Int16Array,
	scales: Uint8Array,
	geometry: LatentGeometry,
	pass: LatentPass,
	corrected: Uint8Array,
): void {
	checkLengths(geometry, symbols, scales);
	eachContext(symbols, scales, geometry, pass, (i, context, scale) => {
		if (scale >= SCALES) throw new RangeError(`There is no scale index ${scale}.`);
		putSymbol(encoder, symbols[i] as number, corrected[(context << SCALE_BITS) | scale] as number);
	});
}

/**
 * Reads one pass into `symbols`; writes every position of the pass (0 where the scale is 0) and no other. The loop holds
 * the decoder in local variables: this is where a parser's time goes.
 *
 * @param symbols those of the pass before are there already
 * @param scales scale indices 0..63, `[channels, height, width]`
 * @param corrected as for {@link encodeLatentPass}
 */
export function decodeLatentPass(
	decoder: RansDecoder,
	scales: Uint8Array,
	symbols: Int16Array,
	geometry: LatentGeometry,
	pass: LatentPass,
	corrected: Uint8Array,
): void {
	checkLengths(geometry, symbols, scales);
	const { channels, width, height } = geometry;
	const seen = new Significance(width, height);
	for (let c = 0; c < channels; c++) {
		seen.start(symbols, c * height * width, c, pass);
		decodePlane(decoder, scales, symbols, c * height * width, geometry, c, pass, corrected, seen);
	}
}

function decodePlane(
	decoder: RansDecoder,
	scales: Uint8Array,
	symbols: Int16Array,
	first: number,
	{ width, height }: LatentGeometry,
	channel: number,
	pass: LatentPass,
	corrected: Uint8Array,
	seen: Significance,
): void {
	const entries = slotEntries();
	const { bytes } = decoder;
	const { flags, stride } = seen;
	const lastWord = bytes.length - 2;
	let current = decoder.current;
	let other = decoder.other;
	let position = decoder.position;
	for (let y = 0, row = first; y < height; y++, row += width) {
		const end = row + width;
		const toFlags = seen.at(y) - row;
		for (let i = row + ((channel + y + pass) & 1); i < end; i += 2) {
			const predicted = (scales[i] as number) & (SCALES - 1);
			if (predicted === 0) {
				symbols[i] = 0;
				continue;
			}
			const context = contextAt(flags, stride, i + toFlags, pass);
			const scale = corrected[(context << SCALE_BITS) | predicted] as number;
			const slot = current & (FREQUENCY_TOTAL - 1);
			let entry = scale << ENTRY_BITS;
			let frequency = FREQUENCIES[entry] as number;
			let next = 0;
			if (slot < frequency) {
				next = (Math.imul(frequency, current >>> FREQUENCY_BITS) + slot) | 0;
				symbols[i] = 0;
			} else {
				const k = entries[(scale << FREQUENCY_BITS) | slot] as number;
				flags[i + toFlags] = 1;
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
