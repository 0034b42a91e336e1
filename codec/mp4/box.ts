/**
 * ISO BMFF boxes as bytes (ISO/IEC 14496-12 section 4.2): fields are plain byte arrays, a box is its fields with size and
 * type in front. All integers are big-endian.
 */

/** The bytes of a field, of several fields, or of a whole box. */
export type Bytes = readonly number[] | Uint8Array;

/** Unsigned 8-bit field. */
export const u8 = (value: number): number[] => [value & 0xff];

/** Unsigned 16-bit field. */
export const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];

/** Unsigned 24-bit field. */
export const u24 = (value: number): number[] => [(value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];

/** Unsigned (or two's complement) 32-bit field. */
export const u32 = (value: number): number[] => [
	(value >>> 24) & 0xff,
	(value >>> 16) & 0xff,
	(value >>> 8) & 0xff,
	value & 0xff,
];

/** Unsigned 64-bit field; `value` must be a safe integer, 0 or more. */
export const u64 = (value: number): number[] => [...u32(Math.floor(value / 2 ** 32)), ...u32(value % 2 ** 32)];

/** Fixed point 16.16. */
export const fixed16_16 = (value: number): number[] => u32(Math.round(value * 65536));

/** Fixed point 8.8. */
export const fixed8_8 = (value: number): number[] => u16(Math.round(value * 256));

/** ASCII text without terminator; four-character codes. */
export const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0) & 0x7f);

/** `count` zero bytes. */
export const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** The parts one after the other. */
export const concatenate = (parts: readonly Bytes[]): Uint8Array<ArrayBuffer> => {
	const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let offset = 0;
	for (const part of parts) {
		result.set(part, offset);
		offset += part.length;
	}
	return result;
};

/** Box: size, type, contents. Contents must be smaller than 4 GiB. */
export const box = (type: string, ...contents: readonly Bytes[]): Uint8Array<ArrayBuffer> => {
	const size = 8 + contents.reduce((sum, part) => sum + part.length, 0);
	return concatenate([
		u32(size), // size
		ascii(type), // type
		...contents,
	]);
};

/** FullBox: a box that opens with version and flags. */
export const fullBox = (
	type: string,
	version: number,
	flags: number,
	...contents: readonly Bytes[]
): Uint8Array<ArrayBuffer> => box(type, u8(version), u24(flags), ...contents);
