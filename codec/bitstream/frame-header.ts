/** The header of a sample (SPEC section 3), up to the payload. */
import { CodecError } from "../errors.ts";
import { type ByteReader, ByteWriter } from "./bytes.ts";
import { LARGEST_Q } from "./sequence-header.ts";
import { BITSTREAM_VERSION, unsupportedVersion } from "./version.ts";

/** In the first byte, below version and type. */
const FLAG_MOTION = 2;
const FLAG_LATENTS = 1;
const TYPE_SHIFT = 2;
/** In the second byte, above the quality. */
const FLAG_PICTURE_HASH = 128;
const FLAG_BASE_HASH = 64;
const TYPES = ["intra", "inter", "bidirectional"] as const;

/**
 * What a frame is predicted from: its base alone; the intra or inter frame before it as well; or the ones before and after it, which are
 * decoded first.
 */
export type FrameType = (typeof TYPES)[number];

/** The type that a sample says it has, unchecked: enough to know in which order to decode. */
export function frameTypeOf(sample: Uint8Array): FrameType | undefined {
	return TYPES[((sample[0] ?? 0xff) >> TYPE_SHIFT) & 3];
}

export type FrameHeader = {
	readonly type: FrameType;
	/** Quality index, 0..63. */
	readonly q: number;
	/** Whether the payload has block motion: never in an intra frame, and not where every block is still. */
	readonly hasMotion: boolean;
	/** Whether it has latents, behind the motion: not where every symbol is 0 and every block of an inter frame copied. */
	readonly hasLatents: boolean;
	/** Hash of the base picture (SPEC section 6); always there in an intra frame. */
	readonly baseHash: number | undefined;
	/** Hash of the decoded picture. */
	readonly pictureHash: number | undefined;
};

/** @throws RangeError where a field is out of range or an intra frame has no base hash */
export function writeFrameHeader(header: FrameHeader): Uint8Array {
	const { type, q, hasMotion, hasLatents, baseHash, pictureHash } = header;
	if (!Number.isInteger(q) || q < 0 || q > LARGEST_Q) throw new RangeError(`Quality is 0..${LARGEST_Q}, not ${q}.`);
	if (type === "intra" && baseHash === undefined) throw new RangeError("An intra frame needs the hash of its base.");
	if (type === "intra" && hasMotion) throw new RangeError("An intra frame has no motion.");
	const writer = new ByteWriter();
	const parts = (hasMotion ? FLAG_MOTION : 0) | (hasLatents ? FLAG_LATENTS : 0);
	writer.u8((BITSTREAM_VERSION << 4) | (TYPES.indexOf(type) << TYPE_SHIFT) | parts); // version, type, motion, latents
	const hashes = (pictureHash === undefined ? 0 : FLAG_PICTURE_HASH) | (baseHash === undefined ? 0 : FLAG_BASE_HASH);
	writer.u8(hashes | q); // hashes, q
	if (baseHash !== undefined) writer.u32(baseHash); // base hash
	if (pictureHash !== undefined) writer.u32(pictureHash); // picture hash
	return writer.finish();
}

/**
 * Reads the header and leaves `reader` at the payload.
 *
 * @throws CodecError `unsupported-version`, `damaged-sample`
 */
export function readFrameHeader(reader: ByteReader): FrameHeader {
	const first = reader.u8();
	const version = first >> 4;
	if (!reader.error && version !== BITSTREAM_VERSION) throw unsupportedVersion("The sample", version);
	const type = TYPES[(first >> TYPE_SHIFT) & 3];
	const hasMotion = (first & FLAG_MOTION) !== 0;
	const hasLatents = (first & FLAG_LATENTS) !== 0;
	const second = reader.u8();
	const q = second & LARGEST_Q;
	const baseHash = second & FLAG_BASE_HASH ? reader.u32() : undefined;
	const pictureHash = second & FLAG_PICTURE_HASH ? reader.u32() : undefined;
	const damaged = (what: string) => new CodecError("damaged-sample", `The frame header ${what}.`);
	if (reader.error) throw damaged("is cut short");
	if (type === undefined) throw damaged("has frame type 3");
	if (type === "intra" && baseHash === undefined) throw damaged("of an intra frame has no base hash");
	if (type === "intra" && hasMotion) throw damaged("of an intra frame announces motion");
	return { type, q, hasMotion, hasLatents, baseHash, pictureHash };
}
