/**
 * rANS with two interleaved 32-bit states (SPEC section 5).
 *
 * Three things to know first:
 * - rANS is a stack: the encoder takes symbols in decoding order, keeps them, and encodes them backwards in `finish`.
 * - Two states take turns step by step, so that the next step need not wait for the multiplication of the last one.
 * - The encoder starts from 2^16 in both states, so a decoder that does not end there has read something else.
 *
 * With frequency `f`, start `s` and M = 2^14: encoding is `x' = (x div f) * M + s + (x mod f)`, decoding its inverse
 * `x = f * (x' div M) + (x' mod M) - s`. States stay in `2^16 .. 2^32 - 1` by moving 16-bit words out and in.
 */
import { CodecError } from "../errors.ts";

/** log2 of the sum of frequencies of every distribution. */
export const FREQUENCY_BITS = 14;
/** Sum of frequencies of every distribution. */
export const FREQUENCY_TOTAL = 1 << FREQUENCY_BITS;

/** Lower bound of a state. */
const LOWEST_STATE = 0x10000;
/** A record packs `start << 15 | frequency`, because a frequency may be 2^14 itself. */
const RECORD_FREQUENCY_BITS = 15;

/** Takes symbols in decoding order and writes them in `finish`, backwards. */
export class RansEncoder {
	private records = new Int32Array(1024);
	private count = 0;

	/**
	 * Takes one step.
	 *
	 * @param start first slot of the symbol, 0..2^14-1
	 * @param frequency number of its slots, at least 1, `start + frequency <= 2^14`
	 */
	put(start: number, frequency: number): void {
		if (frequency < 1 || start < 0 || start + frequency > FREQUENCY_TOTAL) {
			throw new RangeError(`No symbol has ${frequency} slots from ${start}.`);
		}
		if (this.count === this.records.length) {
			const larger = new Int32Array(2 * this.count);
			larger.set(this.records);
			this.records = larger;
		}
		this.records[this.count++] = (start << RECORD_FREQUENCY_BITS) | frequency;
	}

	/** Takes one step of `count` (0..14; 0 is no step) bits of probability one half. */
	putBits(value: number, count: number): void {
		if (count === 0) return;
		const shift = FREQUENCY_BITS - count;
		this.put(value << shift, 1 << shift);
	}

	/** Nothing was taken. */
	get isEmpty(): boolean {
		return this.count === 0;
	}

	/** An encoder that has taken the same steps, and goes on by itself. */
	copy(): RansEncoder {
		const copy = new RansEncoder();
		copy.records = this.records.slice();
		copy.count = this.count;
		return copy;
	}

	/** Encodes everything taken. The encoder is empty again afterwards. */
	finish(): Uint8Array {
		const states = [LOWEST_STATE, LOWEST_STATE];
		const words = new Uint16Array(2 * Math.ceil(this.count / 2));
		let from = words.length;
		for (let i = this.count - 1; i >= 0; i--) {
			const record = this.records[i] as number;
			const frequency = record & ((1 << RECORD_FREQUENCY_BITS) - 1);
			const start = record >>> RECORD_FREQUENCY_BITS;
			let x = states[i & 1] as number;
			// A step multiplies by 2^14 / frequency: move a word out where the result would pass 2^32.
			if (x >= frequency * 0x40000) {
				words[--from] = x & 0xffff;
				x >>>= 16;
			}
			const quotient = Math.floor(x / frequency);
			states[i & 1] = quotient * FREQUENCY_TOTAL + start + (x - quotient * frequency);
		}
		this.count = 0;
		const bytes: number[] = [];
		for (const state of states) putState(bytes, state - LOWEST_STATE);
		const out = new Uint8Array(bytes.length + 2 * (words.length - from));
		out.set(bytes);
		for (let i = from, to = bytes.length; i < words.length; i++) {
			const word = words[i] as number;
			out[to++] = word & 255;
			out[to++] = word >>> 8;
		}
		return out;
	}
}

/** LEB128: short streams end with small states, which would otherwise cost four bytes each. */
function putState(bytes: number[], value: number): void {
	let rest = value;
	while (rest >= 128) {
		bytes.push((rest % 128) | 128);
		rest = Math.floor(rest / 128);
	}
	bytes.push(rest);
}

/**
 * Reads what {@link RansEncoder} wrote. It never throws before `finish` and never reads outside its bytes: where they
 * are exhausted it sets `error` and goes on with zeros, so that callers check once, at the end.
 *
 * The fields are public for loops that hold them in local variables (see `latent-coder.ts`); everybody else calls the
 * methods.
 */
export class RansDecoder {
	readonly bytes: Uint8Array;
	/** Next byte to read. */
	position = 0;
	/** The state whose turn it is, and the other one; as int32, to be read as uint32. */
	current: number;
	other: number;
	/** Set once anything was wrong; never reset. */
	error = false;

	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
		this.current = this.readState();
		this.other = this.readState();
	}

	private readState(): number {
		let value = 0;
		// No state takes more than five bytes.
		for (let i = 0, unit = 1; i < 5; i++, unit *= 128) {
			const byte = this.bytes[this.position++];
			if (byte === undefined || (byte === 0 && i > 0)) break;
			value += (byte & 127) * unit;
			if (value + LOWEST_STATE > 0xffffffff) break;
			if (byte < 128) return (value + LOWEST_STATE) | 0;
		}
		this.error = true;
		return LOWEST_STATE;
	}

	/** The slot of the symbol to come, 0..2^14-1. */
	slot(): number {
		return this.current & (FREQUENCY_TOTAL - 1);
	}

	/** Takes the step that {@link slot} announced: the symbol that owns the slot has these. */
	advance(start: number, frequency: number): void {
		const x = this.current;
		let next = (Math.imul(frequency, x >>> FREQUENCY_BITS) + (x & (FREQUENCY_TOTAL - 1)) - start) | 0;
		if (next >>> 16 === 0) next = (next << 16) | this.readWord();
		this.current = this.other;
		this.other = next;
	}

	/** The next word, little-endian; 0 and `error` past the end. */
	readWord(): number {
		const { bytes, position } = this;
		if (position + 2 > bytes.length) {
			this.error = true;
			return 0;
		}
		this.position = position + 2;
		return (bytes[position] as number) | ((bytes[position + 1] as number) << 8);
	}

	/** One step of `count` (0..14; 0 is no step) bits of probability one half. */
	bits(count: number): number {
		if (count === 0) return 0;
		const shift = FREQUENCY_BITS - count;
		const value = this.slot() >>> shift;
		this.advance(value << shift, 1 << shift);
		return value;
	}

	/**
	 * To be called after the last symbol.
	 *
	 * @throws CodecError `damaged-sample` where bytes were missing, are left over, or the states are not the first ones
	 */
	finish(): void {
		if (
			this.error ||
			this.position !== this.bytes.length ||
			this.current !== LOWEST_STATE ||
			this.other !== LOWEST_STATE
		) {
			throw new CodecError("damaged-sample", "The entropy-coded data do not end where their symbols end.");
		}
	}
}
