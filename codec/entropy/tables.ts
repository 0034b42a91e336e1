/** The static distributions of latents, ready to use (SPEC section 5). */
import { golombBits } from "./golomb.ts";
import { LAPLACE_TABLES } from "./laplace-tables.generated.ts";
import { FREQUENCY_BITS, FREQUENCY_TOTAL } from "./rans.ts";

/** Scale indices 0..63; 0 means "not coded". */
export const SCALE_BITS = 6;
export const SCALES = 1 << SCALE_BITS;
/** Largest magnitude of a symbol. */
export const LARGEST_SYMBOL = 255;

/**
 * Slots of a table go to 0, +1, -1, +2, -2, ..., escape. An *entry* is the place in that order, except that the escape
 * has entry 63 in every table.
 */
export const ESCAPE_ENTRY = 63;
/** log2 of the entries per table in {@link STARTS} and {@link FREQUENCIES}. */
export const ENTRY_BITS = 6;

/** First slot, by `scale << 6 | entry`. */
export const STARTS = new Uint16Array(SCALES << ENTRY_BITS);
/** Number of slots, by `scale << 6 | entry`; 0 where the table has no such entry. */
export const FREQUENCIES = new Uint16Array(SCALES << ENTRY_BITS);
/** Largest magnitude without escape, by scale. */
export const LARGEST_DIRECT = new Uint8Array(SCALES);
/** Golomb order of the escape, by scale. */
export const ESCAPE_ORDERS = new Uint8Array(SCALES);

/** The entry that symbol `s` without escape has. */
export function entryOf(symbol: number): number {
	return symbol > 0 ? 2 * symbol - 1 : -symbol << 1;
}

LAPLACE_TABLES.forEach(([order, escape, ...sides], row) => {
	const scale = row + 1;
	const first = scale << ENTRY_BITS;
	if (order === undefined || escape === undefined) throw new Error(`Laplace table ${scale} is incomplete.`);
	LARGEST_DIRECT[scale] = sides.length;
	ESCAPE_ORDERS[scale] = order;
	const zero = FREQUENCY_TOTAL - escape - 2 * sides.reduce((sum, f) => sum + f, 0);
	let start = 0;
	const add = (entry: number, frequency: number) => {
		STARTS[first + entry] = start;
		FREQUENCIES[first + entry] = frequency;
		start += frequency;
	};
	add(0, zero);
	sides.forEach((frequency, i) => {
		add(2 * i + 1, frequency);
		add(2 * i + 2, frequency);
	});
	add(ESCAPE_ENTRY, escape);
});

let entries: Uint8Array | undefined;

/** The entry that owns a slot, by `scale << 14 | slot`. One megabyte, made when first asked for. */
export function slotEntries(): Uint8Array {
	if (entries !== undefined) return entries;
	const made = new Uint8Array(SCALES << FREQUENCY_BITS);
	for (let scale = 1; scale < SCALES; scale++) {
		for (let entry = 0; entry <= ESCAPE_ENTRY; entry++) {
			const i = (scale << ENTRY_BITS) + entry;
			const from = (scale << FREQUENCY_BITS) + (STARTS[i] as number);
			made.fill(entry, from, from + (FREQUENCIES[i] as number));
		}
	}
	entries = made;
	return made;
}

let costs: Float32Array | undefined;

/**
 * Bits that a symbol costs, sign and escape included, by `scale << 8 | magnitude`. At scale 0 a zero is free and
 * everything else impossible (infinite).
 */
export function symbolCosts(): Float32Array {
	if (costs !== undefined) return costs;
	const made = new Float32Array(SCALES * (LARGEST_SYMBOL + 1));
	made.fill(Number.POSITIVE_INFINITY, 1, LARGEST_SYMBOL + 1);
	for (let scale = 1; scale < SCALES; scale++) {
		const direct = LARGEST_DIRECT[scale] as number;
		const order = ESCAPE_ORDERS[scale] as number;
		for (let magnitude = 0; magnitude <= LARGEST_SYMBOL; magnitude++) {
			const escaped = magnitude > direct;
			const frequency = FREQUENCIES[(scale << ENTRY_BITS) + (escaped ? ESCAPE_ENTRY : entryOf(magnitude))] as number;
			made[(scale << 8) | magnitude] =
				FREQUENCY_BITS - Math.log2(frequency) + (escaped ? golombBits(magnitude - direct - 1, order) + 1 : 0);
		}
	}
	costs = made;
	return made;
}
