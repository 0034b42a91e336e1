/** The sequence header: payload of the `sveC` box in the sample entry (SPEC section 8). */
import { CodecError } from "../errors.ts";
import { geometryOf, MAX_SIDE, MIN_SIDE } from "../picture/geometry.ts";
import type { ColourSpace } from "../track.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { BITSTREAM_VERSION, unsupportedVersion } from "./version.ts";

/** Quality indices are 0..63. */
export const LARGEST_Q = 63;

const MODEL_ID = /^[0-9a-f]{32}$/;

export type SequenceHeader = {
	/** 32 lower-case hex digits. */
	readonly modelId: string;
	/** Visible size of the enhancement, 16..8192. */
	readonly width: number;
	readonly height: number;
	/** Visible size of the base, as it follows from the visible size (SPEC section 1). */
	readonly baseWidth: number;
	readonly baseHeight: number;
	readonly colour: ColourSpace;
	/** Quality index of inter frames, 0..63: for display. */
	readonly q: number;
};

/** What is wrong with a header, if anything. */
function fault(h: SequenceHeader): string | undefined {
	for (const side of [h.width, h.height]) {
		if (!Number.isInteger(side) || side < MIN_SIDE || side > MAX_SIDE) {
			return `a size of ${h.width} x ${h.height}, not ${MIN_SIDE} to ${MAX_SIDE} each way`;
		}
	}
	const { baseWidth, baseHeight } = geometryOf(h.width, h.height);
	if (h.baseWidth !== baseWidth || h.baseHeight !== baseHeight) {
		return `a base of ${h.baseWidth} x ${h.baseHeight}, not ${baseWidth} x ${baseHeight}`;
	}
	for (const point of [h.colour.primaries, h.colour.transfer, h.colour.matrix]) {
		if (!Number.isInteger(point) || point < 0 || point > 255) return `colour code point ${point}`;
	}
	if (!Number.isInteger(h.q) || h.q < 0 || h.q > LARGEST_Q) return `quality ${h.q}, not 0 to ${LARGEST_Q}`;
	if (!MODEL_ID.test(h.modelId)) return `model id "${h.modelId}", not 32 lower-case hex digits`;
	return undefined;
}

/** @throws CodecError `invalid-option` where a field is out of range */
export function writeSequenceHeader(header: SequenceHeader): Uint8Array {
	const wrong = fault(header);
	if (wrong !== undefined) throw new CodecError("invalid-option", `The sequence header has ${wrong}.`);
	const { colour } = header;
	const writer = new ByteWriter();
	writer.u8(BITSTREAM_VERSION); // version
	for (let i = 0; i < 32; i += 2) writer.u8(Number.parseInt(header.modelId.slice(i, i + 2), 16)); // model id
	writer.u16(header.width).u16(header.height);
	writer.u16(header.baseWidth).u16(header.baseHeight);
	writer.u8(colour.primaries).u8(colour.transfer).u8(colour.matrix);
	writer.u8(colour.fullRange ? 1 : 0); // full range
	writer.u8(header.q); // nominal q
	return writer.finish();
}

/** @throws CodecError `unsupported-version`; `invalid-file` where a field is missing, surplus or out of range */
export function readSequenceHeader(bytes: Uint8Array): SequenceHeader {
	const reader = new ByteReader(bytes);
	const version = reader.u8();
	if (!reader.error && version !== BITSTREAM_VERSION) throw unsupportedVersion("The enhancement", version);
	const modelId = Array.from(reader.take(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
	const width = reader.u16();
	const height = reader.u16();
	const baseWidth = reader.u16();
	const baseHeight = reader.u16();
	const primaries = reader.u8();
	const transfer = reader.u8();
	const matrix = reader.u8();
	const fullRange = reader.u8();
	const q = reader.u8();
	if (reader.error || reader.position !== bytes.length) {
		throw new CodecError("invalid-file", `A sequence header of ${bytes.length} bytes is too short or too long.`);
	}
	if (fullRange > 1) throw new CodecError("invalid-file", `The sequence header has range ${fullRange}, not 0 or 1.`);
	const colour = { primaries, transfer, matrix, fullRange: fullRange === 1 };
	const header = { modelId, width, height, baseWidth, baseHeight, colour, q };
	const wrong = fault(header);
	if (wrong !== undefined) throw new CodecError("invalid-file", `The sequence header has ${wrong}.`);
	return header;
}
