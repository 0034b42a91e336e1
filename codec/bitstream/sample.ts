/** A whole enhancement sample (SPEC section 3): header, payload, check sum. */
import { CodecError } from "../errors.ts";
import { crc32c } from "../hash/crc32c.ts";
import { ByteReader } from "./bytes.ts";
import { type FrameHeader, readFrameHeader, writeFrameHeader } from "./frame-header.ts";

const CRC_BYTES = 4;

export type SampleParts = FrameHeader & {
	/** rANS bytes of block motion and latents; none where the frame has neither. */
	readonly payload: Uint8Array;
};

/** @throws RangeError where the payload does not fit the header; see {@link writeFrameHeader} */
export function writeSample(parts: SampleParts): Uint8Array {
	const { payload } = parts;
	if (!fits(parts, payload)) throw new RangeError("A sample has a payload exactly where it has motion or latents.");
	const header = writeFrameHeader(parts);
	const end = header.length + payload.length;
	const bytes = new Uint8Array(end + CRC_BYTES);
	bytes.set(header);
	bytes.set(payload, header.length);
	new DataView(bytes.buffer).setUint32(end, crc32c(bytes.subarray(0, end)));
	return bytes;
}

/**
 * Takes a sample apart. The check sum is looked at first, in every version, so that damage is never mistaken for a
 * newer version.
 *
 * @returns the payload as a view of `bytes`
 * @throws CodecError `damaged-sample`, `unsupported-version`
 */
export function readSample(bytes: Uint8Array): SampleParts {
	const end = bytes.length - CRC_BYTES;
	if (end < 0) throw new CodecError("damaged-sample", `A sample of ${bytes.length} bytes is cut short.`);
	const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end);
	if (sum !== crc32c(bytes.subarray(0, end))) {
		throw new CodecError("damaged-sample", "The sample's check sum does not fit its bytes.");
	}
	const reader = new ByteReader(bytes.subarray(0, end));
	const header = readFrameHeader(reader);
	const payload = bytes.subarray(reader.position, end);
	if (!fits(header, payload)) {
		throw new CodecError("damaged-sample", "The sample's payload is not what its header announces.");
	}
	return { ...header, payload };
}

function fits({ hasMotion, hasLatents }: FrameHeader, payload: Uint8Array): boolean {
	return payload.length > 0 === (hasMotion || hasLatents);
}
