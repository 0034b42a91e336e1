/** The header of a sample (SPEC section 3), up to the motion bytes. */
import { CodecError } from "../errors.ts";
import { type ByteReader, ByteWriter } from "./bytes.ts";
import { LARGEST_Q } from "./sequence-header.ts";
import { BITSTREAM_VERSION, unsupportedVersion } from "./version.ts";

const FLAG_PICTURE_HASH = 1;
const FLAG_BASE_HASH = 2;
const KNOWN_FLAGS = FLAG_PICTURE_HASH | FLAG_BASE_HASH;
const TYPES = ["intra", "inter", "bidirectional"] as const;

/**
 * What a frame is predicted from: its base alone; the intra or inter frame before it as well; or the ones before and after it, which are
 * decoded first.
 */
export type FrameType = (typeof TYPES)[number];

/** The type that a sample says it has, unchecked: enough to know in which order to decode. */
export function frameTypeOf(sample: Uint8Array): FrameType | undefined {
	return TYPES[(sample[0] ?? 0xff) & 15];
}

export type FrameHeader = {
	readonly type: FrameType;
	/** Quality index, 0..63. */
	readonly q: number;
	/** Bytes; 0 in an intra frame, and where every block is still. */
	readonly motionLength: number;
	/** Bytes; 0 where every latent symbol is 0. */
	readonly latentLength: number;
	/** Hash of the base picture (SPEC section 6); always there in an intra frame. */
	readonly baseHash: number | undefined;
	/** Hash of the decoded picture. */
	readonly pictureHash: number | undefined;
};

/** @throws RangeError where a field is out of range or an intra frame has no base hash */
export function writeFrameHeader(header: FrameHeader): Uint8Array {
	const { type, q, motionLength, latentLength, baseHash, pictureHash } = header;
	if (!Number.isInteger(q) || q < 0 || q > LARGEST_Q) throw new RangeError(`Quality is 0..${LARGEST_Q}, not ${q}.`);
	if (type === "intra" && baseHash === undefined) throw new RangeError("An intra frame needs the hash of its base.");
	if (type === "intra" && motionLength !== 0) throw new RangeError("An intra frame has no motion.");
	const writer = new ByteWriter();
	writer.u8((BITSTREAM_VERSION << 4) | TYPES.indexOf(type)); // version, type
	writer.u8(q); // q
	writer.u8((pictureHash === undefined ? 0 : FLAG_PICTURE_HASH) | (baseHash === undefined ? 0 : FLAG_BASE_HASH)); // flags
	writer.leb128(motionLength); // motion length
	writer.leb128(latentLength); // latent length
	if (baseHash !== undefined) writer.u32(baseHash); // base hash
	if (pictureHash !== undefined) writer.u32(pictureHash); // picture hash
	return writer.finish();
}

/**
 * Reads the header and leaves `reader` at the motion bytes.
 *
 * @throws CodecError `unsupported-version`, `damaged-sample`
 */
export function readFrameHeader(reader: ByteReader): FrameHeader {
	const versionAndType = reader.u8();
	const version = versionAndType >> 4;
	if (!reader.error && version !== BITSTREAM_VERSION) throw unsupportedVersion("The sample", version);
	const type = TYPES[versionAndType & 15];
	const q = reader.u8();
	const flags = reader.u8();
	const motionLength = reader.leb128();
	const latentLength = reader.leb128();
	const baseHash = flags & FLAG_BASE_HASH ? reader.u32() : undefined;
	const pictureHash = flags & FLAG_PICTURE_HASH ? reader.u32() : undefined;
	const damaged = (what: string) => new CodecError("damaged-sample", `The frame header ${what}.`);
	if (reader.error) throw damaged("is cut short");
	if (type === undefined) throw damaged(`has frame type ${versionAndType & 15}`);
	if (q > LARGEST_Q) throw damaged(`has quality ${q}`);
	if ((flags & ~KNOWN_FLAGS) !== 0) throw damaged(`has flags ${flags}`);
	if (type === "intra" && baseHash === undefined) throw damaged("of an intra frame has no base hash");
	if (type === "intra" && motionLength !== 0) throw damaged("of an intra frame announces motion");
	return { type, q, motionLength, latentLength, baseHash, pictureHash };
}
