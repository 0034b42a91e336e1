/** A whole enhancement sample (SPEC section 3): header, motion bytes, latent bytes, check sum. */
import { CodecError } from "../errors.ts";
import { crc32c } from "../hash/crc32c.ts";
import { ByteReader } from "./bytes.ts";
import { type FrameHeader, readFrameHeader, writeFrameHeader } from "./frame-header.ts";

const CRC_BYTES = 4;

export type SampleParts = Omit<FrameHeader, "motionLength" | "latentLength"> & {
	/** rANS bytes of the block motion; none in an intra frame, and where every block is still. */
	readonly motion: Uint8Array;
	/** rANS bytes of hyper latents and latents; none where every symbol is 0. */
	readonly latents: Uint8Array;
};

/** @throws RangeError, see {@link writeFrameHeader} */
export function writeSample(parts: SampleParts): Uint8Array {
	const { motion, latents } = parts;
	const header = writeFrameHeader({ ...parts, motionLength: motion.length, latentLength: latents.length });
	const end = header.length + motion.length + latents.length;
	const bytes = new Uint8Array(end + CRC_BYTES);
	bytes.set(header);
	bytes.set(motion, header.length);
	bytes.set(latents, header.length + motion.length);
	new DataView(bytes.buffer).setUint32(end, crc32c(bytes.subarray(0, end)));
	return bytes;
}

/**
 * Takes a sample apart. The check sum is looked at first, in every version, so that damage is never mistaken for a
 * newer version.
 *
 * @returns views of `bytes`, and the header's length (check sum included) for statistics
 * @throws CodecError `damaged-sample`, `unsupported-version`
 */
export function readSample(bytes: Uint8Array): SampleParts & { readonly headerBytes: number } {
	const end = bytes.length - CRC_BYTES;
	if (end < 0) throw new CodecError("damaged-sample", `A sample of ${bytes.length} bytes is cut short.`);
	const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end);
	if (sum !== crc32c(bytes.subarray(0, end))) {
		throw new CodecError("damaged-sample", "The sample's check sum does not fit its bytes.");
	}
	const reader = new ByteReader(bytes.subarray(0, end));
	const { motionLength, latentLength, ...header } = readFrameHeader(reader);
	const headerBytes = reader.position + CRC_BYTES;
	const motion = reader.take(motionLength);
	const latents = reader.take(latentLength);
	if (reader.error || reader.position !== end) {
		throw new CodecError("damaged-sample", "The parts of the sample do not add up to its length.");
	}
	return { ...header, motion, latents, headerBytes };
}
