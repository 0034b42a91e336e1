/** CRC-32C (Castagnoli): the check sum of samples and the hash of pictures (SPEC sections 3 and 6). */

/** x^32 + x^28 + x^27 + ... bit-reversed, because the register shifts to the right. */
const POLYNOMIAL = 0x82f63b78;

/** `TABLES[256 * k + b]` is the remainder of byte `b` followed by `k` zero bytes, so that eight bytes fold in one step. */
const TABLES = makeTables();

function makeTables(): Int32Array {
	const tables = new Int32Array(8 * 256);
	for (let byte = 0; byte < 256; byte++) {
		let remainder = byte;
		for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
		tables[byte] = remainder;
	}
	for (let i = 256; i < tables.length; i++) {
		const shorter = tables[i - 256] as number;
		tables[i] = (shorter >>> 8) ^ (tables[shorter & 255] as number);
	}
	return tables;
}

/**
 * CRC-32C of `bytes`, 0..2^32-1.
 *
 * @param seed CRC-32C of the bytes before these: `crc32c(b, crc32c(a))` is the value of `a` followed by `b`.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
	const t = TABLES;
	const end = bytes.length;
	const wholeEnd = end - (end & 7);
	let crc = ~seed;
	let i = 0;
	for (; i < wholeEnd; i += 8) {
		crc ^=
			(bytes[i] as number) |
			((bytes[i + 1] as number) << 8) |
			((bytes[i + 2] as number) << 16) |
			((bytes[i + 3] as number) << 24);
		crc =
			(t[0x700 + (crc & 255)] as number) ^
			(t[0x600 + ((crc >>> 8) & 255)] as number) ^
			(t[0x500 + ((crc >>> 16) & 255)] as number) ^
			(t[0x400 + (crc >>> 24)] as number) ^
			(t[0x300 + (bytes[i + 4] as number)] as number) ^
			(t[0x200 + (bytes[i + 5] as number)] as number) ^
			(t[0x100 + (bytes[i + 6] as number)] as number) ^
			(t[bytes[i + 7] as number] as number);
	}
	for (; i < end; i++) crc = (crc >>> 8) ^ (t[(crc ^ (bytes[i] as number)) & 255] as number);
	return ~crc >>> 0;
}
