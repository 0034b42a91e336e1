/** Big-endian fields, read and written in syntax order. */

/** LEB128 lengths take at most this many bytes. */
const LONGEST_LEB128 = 4;
/** Largest value of such a length. */
export const LARGEST_LENGTH = 2 ** (7 * LONGEST_LEB128) - 1;

/**
 * Reads fields one after the other. Past the end it returns zeros and sets `error`, so that callers read straight
 * through and ask once at the end.
 */
export class ByteReader {
	private readonly bytes: Uint8Array;
	/** Next byte to read. */
	position = 0;
	/** Set once a field was missing or malformed; never reset. */
	error = false;

	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
	}

	u8(): number {
		const byte = this.bytes[this.position];
		if (byte === undefined) {
			this.error = true;
			return 0;
		}
		this.position++;
		return byte;
	}

	u16(): number {
		return this.u8() * 0x100 + this.u8();
	}

	u32(): number {
		return this.u16() * 0x10000 + this.u16();
	}

	/** Unsigned LEB128 in shortest form, 0..2^28-1. */
	leb128(): number {
		let value = 0;
		for (let i = 0; i < LONGEST_LEB128; i++) {
			const byte = this.u8();
			value |= (byte & 127) << (7 * i);
			if (byte < 128) {
				// A last byte of 0 says nothing: the same number has a shorter form.
				if (byte === 0 && i > 0) this.error = true;
				return value;
			}
		}
		this.error = true;
		return 0;
	}

	/** The next `length` bytes, not copied; empty, and `error`, where there are fewer. */
	take(length: number): Uint8Array {
		if (length > this.bytes.length - this.position) {
			this.error = true;
			return new Uint8Array(0);
		}
		const from = this.position;
		this.position += length;
		return this.bytes.subarray(from, this.position);
	}
}

/** Collects fields; the counterpart of {@link ByteReader}. */
export class ByteWriter {
	private readonly bytes: number[] = [];

	u8(value: number): this {
		this.bytes.push(value & 255);
		return this;
	}

	u16(value: number): this {
		return this.u8(value >>> 8).u8(value);
	}

	u32(value: number): this {
		return this.u16(value >>> 16).u16(value);
	}

	/** @throws RangeError beyond 2^28-1 */
	leb128(value: number): this {
		if (!(value >= 0 && value <= LARGEST_LENGTH)) throw new RangeError(`A length of ${value} cannot be written.`);
		let rest = value;
		for (; rest >= 128; rest >>>= 7) this.u8(rest | 128);
		return this.u8(rest);
	}

	finish(): Uint8Array {
		return Uint8Array.from(this.bytes);
	}
}
