/** Big-endian fields, read and written in syntax order. */

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

	finish(): Uint8Array {
		return Uint8Array.from(this.bytes);
	}
}
