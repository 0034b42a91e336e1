/** Protocol buffers on the wire, as far as ONNX files need them: fields out of bytes, and bytes out of fields. */
import { CodecError } from "../errors.ts";

/** One field of a message. */
export type Field = {
	readonly number: number;
	/** Of a varint; 0 otherwise. */
	readonly value: bigint;
	/** Of a string, a message, a packed list or a fixed number; empty otherwise. */
	readonly bytes: Uint8Array;
};

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Splits a message. @throws CodecError `model-invalid` where it is cut short */
export function* fields(bytes: Uint8Array): Generator<Field> {
	let at = 0;
	const varint = (): bigint => {
		let value = 0n;
		for (let shift = 0n; ; shift += 7n) {
			const byte = bytes[at++];
			if (byte === undefined || shift > 63n) {
				throw new CodecError("model-invalid", "The ONNX file is cut short or damaged.");
			}
			value |= BigInt(byte & 127) << shift;
			if (byte < 128) return value;
		}
	};
	const take = (count: number): Uint8Array => {
		if (count > bytes.length - at) throw new CodecError("model-invalid", "The ONNX file is cut short.");
		at += count;
		return bytes.subarray(at - count, at);
	};
	while (at < bytes.length) {
		const key = Number(varint());
		const wire = key & 7;
		let value = 0n;
		let payload = NO_BYTES;
		if (wire === 0) value = varint();
		else if (wire === 1) payload = take(8);
		else if (wire === 2) payload = take(Number(varint()));
		else if (wire === 5) payload = take(4);
		else throw new CodecError("model-invalid", `The ONNX file has wire type ${wire}.`);
		yield { number: key >>> 3, value, bytes: payload };
	}
}

/** A varint as int64. */
export function signed(value: bigint): number {
	return Number(BigInt.asIntN(64, value));
}

/** Appends the values of a repeated int64, packed or one by one. */
export function integersOf(field: Field, into: number[]): void {
	if (field.bytes.length === 0) {
		into.push(signed(field.value));
		return;
	}
	let value = 0n;
	let shift = 0n;
	for (const byte of field.bytes) {
		value |= BigInt(byte & 127) << shift;
		shift += 7n;
		if (byte < 128) {
			into.push(signed(value));
			value = 0n;
			shift = 0n;
		}
	}
}

function varintBytes(value: number): number[] {
	const bytes: number[] = [];
	let rest = value;
	for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
	bytes.push(rest);
	return bytes;
}

/** A varint field. @param value not negative */
export function varintField(number: number, value: number): Uint8Array {
	return Uint8Array.from([...varintBytes(number * 8), ...varintBytes(value)]);
}

/** A string, message or bytes field. */
export function bytesField(number: number, bytes: Uint8Array): Uint8Array {
	return concatenate([Uint8Array.from([...varintBytes(number * 8 + 2), ...varintBytes(bytes.length)]), bytes]);
}

/** A string field. */
export function textField(number: number, value: string): Uint8Array {
	return bytesField(number, new TextEncoder().encode(value));
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
	const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}
