import { CodecError } from "../errors.ts";

/** A box found in a buffer. */
export type BoxView = {
	/** Four characters. */
	readonly type: string;
	/** Of the box header, from the start of the buffer. */
	readonly start: number;
	/** Header and contents, in bytes. */
	readonly size: number;
	/** Contents, without the header. */
	readonly body: Uint8Array;
};

/** Fields of one box in order of their syntax; reading past the end throws `invalid-file`. */
export class FieldReader {
	readonly #view: DataView;
	readonly #bytes: Uint8Array;
	readonly #name: string;
	#offset = 0;

	/** @param name of the box, for the error's sentence. */
	constructor(bytes: Uint8Array, name: string) {
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		this.#name = name;
	}

	/** Bytes not read yet. */
	get remaining(): number {
		return this.#bytes.length - this.#offset;
	}

	#take(count: number): number {
		if (count > this.remaining) throw invalid(`Box "${this.#name}" ends in the middle of a field.`);
		const offset = this.#offset;
		this.#offset += count;
		return offset;
	}

	skip(count: number): void {
		this.#take(count);
	}
	u8(): number {
		return this.#view.getUint8(this.#take(1));
	}
	u16(): number {
		return this.#view.getUint16(this.#take(2));
	}
	u24(): number {
		return this.u8() * 65536 + this.u16();
	}
	u32(): number {
		return this.#view.getUint32(this.#take(4));
	}
	i32(): number {
		return this.#view.getInt32(this.#take(4));
	}
	/** Refuses what a double cannot hold exactly. */
	u64(): number {
		const value = this.u32() * 2 ** 32 + this.u32();
		if (!Number.isSafeInteger(value)) throw invalid(`Box "${this.#name}" holds a number beyond 2^53.`);
		return value;
	}
	fourCC(): string {
		return String.fromCharCode(this.u8(), this.u8(), this.u8(), this.u8());
	}
	/** A view, not a copy. */
	bytes(count: number): Uint8Array {
		const offset = this.#take(count);
		return this.#bytes.subarray(offset, offset + count);
	}
	rest(): Uint8Array {
		return this.bytes(this.remaining);
	}
	/** Version and flags of a FullBox. */
	versionAndFlags(): { version: number; flags: number } {
		return { version: this.u8(), flags: this.u24() };
	}
}

/** The boxes that fill `bytes` from end to end; a box that reaches beyond it throws `invalid-file`. */
export const boxesIn = (bytes: Uint8Array): BoxView[] => {
	const found: BoxView[] = [];
	let start = 0;
	while (start < bytes.length) {
		const header = readBoxHeader(bytes.subarray(start, start + 16), bytes.length - start);
		const body = bytes.subarray(start + header.headerSize, start + header.size);
		found.push({ type: header.type, start, size: header.size, body });
		start += header.size;
	}
	return found;
};

/**
 * Header of a box.
 * @param bytes its first 16 bytes, or all there are. @param available bytes from its start to the end of what holds it.
 */
export const readBoxHeader = (
	bytes: Uint8Array,
	available: number,
): { readonly type: string; readonly headerSize: number; readonly size: number } => {
	const fields = new FieldReader(bytes, "header");
	const size32 = fields.u32();
	const type = fields.fourCC();
	const size = size32 === 1 ? fields.u64() : size32 === 0 ? available : size32; // 1: 64-bit size follows; 0: to the end
	const headerSize = size32 === 1 ? 16 : 8;
	if (size < headerSize || size > available) {
		throw invalid(`Box "${type}" claims ${size} bytes where ${available} are left.`);
	}
	return { type, headerSize, size };
};

/** The first box of a type, or undefined. */
export const findBox = (boxes: readonly BoxView[], type: string): BoxView | undefined =>
	boxes.find((candidate) => candidate.type === type);

/** The first box of a type; `invalid-file` where there is none. */
export const requireBox = (boxes: readonly BoxView[], type: string, parent: string): BoxView => {
	const box = findBox(boxes, type);
	if (box === undefined) throw invalid(`Box "${parent}" has no "${type}".`);
	return box;
};

/** The error of a container that is not what it says. */
export const invalid = (message: string): CodecError =>
	new CodecError("invalid-file", message, { hint: "The file is damaged, cut short, or no fragmented MP4." });
