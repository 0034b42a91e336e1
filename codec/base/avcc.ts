/**
 * H.264 between its two forms: the byte stream (Annex B: start codes, parameter sets in the stream) and the samples of a file
 * (ISO/IEC 14496-15: four length bytes, parameter sets in `avcC`).
 */
import { CodecError } from "../errors.ts";
import { concatenate, u16, u32 } from "../mp4/box.ts";

/** nal_unit_type of ITU-T H.264 table 7-1, as far as it is told apart here. */
const NAL_IDR = 5;
const NAL_SPS = 7;
const NAL_PPS = 8;
const NAL_ACCESS_UNIT_DELIMITER = 9;

/** Slices (and data partitions); nothing else carries picture data. */
const isSlice = (type: number): boolean => type >= 1 && type <= NAL_IDR;

const nalType = (unit: Uint8Array): number => (unit[0] ?? 0) & 31;

/** The NAL units of a byte stream, without start codes. */
export const splitNalUnits = (stream: Uint8Array): Uint8Array[] => {
	const units: Uint8Array[] = [];
	for (let start = afterStartCode(stream, 0); start < stream.length;) {
		const next = afterStartCode(stream, start);
		// The start code takes 3 bytes; zeros in front of it (a long start code, trailing zeros) belong to no unit.
		let end = next === Number.POSITIVE_INFINITY ? stream.length : next - 3;
		while (end > start && stream[end - 1] === 0) end--;
		if (end > start) units.push(stream.subarray(start, end));
		start = next;
	}
	return units;
};

/** Position behind the next start code from `from` on; Infinity where there is none. */
const afterStartCode = (stream: Uint8Array, from: number): number => {
	for (let at = stream.indexOf(1, from + 2); at !== -1; at = stream.indexOf(1, at + 1)) {
		if (stream[at - 1] === 0 && stream[at - 2] === 0) return at + 1;
	}
	return Number.POSITIVE_INFINITY;
};

/** One picture as a file stores it. */
export type AvcSample = {
	/** Slices behind four length bytes each; delimiters, parameter sets and SEI messages are left out. */
	readonly data: Uint8Array<ArrayBuffer>;
	/** An IDR picture. */
	readonly sync: boolean;
	/** Parameter sets that stood in front of it. */
	readonly sps: readonly Uint8Array[];
	readonly pps: readonly Uint8Array[];
};

/** One access unit of a byte stream in the form of a file. */
export const toAvcSample = (accessUnit: Uint8Array): AvcSample => {
	const units = splitNalUnits(accessUnit);
	const slices = units.filter((unit) => isSlice(nalType(unit)));
	return {
		data: concatenate(slices.flatMap((unit) => [u32(unit.length), unit])),
		sync: slices.some((unit) => nalType(unit) === NAL_IDR),
		sps: units.filter((unit) => nalType(unit) === NAL_SPS),
		pps: units.filter((unit) => nalType(unit) === NAL_PPS),
	};
};

/**
 * AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1): the payload of `avcC`.
 * @throws CodecError `unsupported-format` for anything but 8-bit 4:2:0.
 */
export const writeAvcConfiguration = (
	sps: readonly Uint8Array[],
	pps: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> => {
	const [first] = sps;
	if (first === undefined || first.length < 5 || pps.length === 0 || sps.length > 31 || pps.length > 255) {
		throw new CodecError(
			"unsupported-format",
			"The H.264 stream has no parameter sets in front of its first picture.",
		);
	}
	const profile = first[1] ?? 0;
	// High profiles tell chroma format and depth twice: in the parameter set and here.
	const extended = [100, 110, 122, 144, 244].includes(profile);
	if (extended) requirePlain420(first);
	return raiseLevel1b(
		concatenate([
			[1, profile, first[2] ?? 0, first[3] ?? 0], // configurationVersion, profile, compatibility, level
			[0xff], // reserved, lengthSizeMinusOne = 3
			[0xe0 | sps.length], // reserved, numOfSequenceParameterSets
			...sps.flatMap((unit) => [u16(unit.length), unit]),
			[pps.length], // numOfPictureParameterSets
			...pps.flatMap((unit) => [u16(unit.length), unit]),
			extended ? [0xfc | 1, 0xf8, 0xf8, 0] : [], // chroma_format = 4:2:0, depths = 8, no extensions
		]),
	);
};

/**
 * A record that announces level 1.1 where it announced level 1b as level_idc 9, as high profiles do: browsers know no codec
 * string `avc1.64xx09`. A record may announce a higher level than its parameter sets (ISO/IEC 14496-15 section 5.3.3.1.2).
 */
export const raiseLevel1b = (record: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
	record[3] === 9 ? record.with(3, 11) : record;

/** seq_parameter_set_data of a high profile (H.264 section 7.3.2.1.1) up to the depths. */
const requirePlain420 = (sps: Uint8Array): void => {
	const bits = withoutEmulationPrevention(sps.subarray(4, 24));
	let position = 0;
	const bit = () => ((bits[position >> 3] ?? 0) >> (7 - (position++ & 7))) & 1;
	const ue = (): number => {
		let zeros = 0;
		while (zeros < 32 && bit() === 0) zeros++;
		let value = 1;
		for (let index = 0; index < zeros; index++) value = value * 2 + bit();
		return value - 1;
	};
	ue(); // seq_parameter_set_id
	const chroma = ue(); // chroma_format_idc
	if (chroma !== 1 || ue() !== 0 || ue() !== 0) {
		throw new CodecError("unsupported-format", "The H.264 stream is not 8-bit 4:2:0.");
	}
};

/** Drops the 3 of every 0 0 3 (H.264 section 7.4.1). */
const withoutEmulationPrevention = (bytes: Uint8Array): Uint8Array =>
	bytes.filter((byte, index) => !(byte === 3 && index >= 2 && bytes[index - 1] === 0 && bytes[index - 2] === 0));

/**
 * Cuts a byte stream into access units; every one must begin with an access unit delimiter. Holds one access unit and one
 * chunk. @throws CodecError `backend-failed` for a stream that begins otherwise.
 */
export async function* splitAccessUnits(
	chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
	let pending: Uint8Array = new Uint8Array(0);
	let scanned = 0;
	for await (const chunk of chunks) {
		pending = concatenate([pending, chunk]);
		for (;;) {
			const next = findDelimiter(pending, Math.max(scanned, 4));
			if (next === undefined) break;
			yield requireDelimiter(pending.subarray(0, next));
			pending = pending.slice(next);
			scanned = 0;
		}
		scanned = Math.max(pending.length - 4, 0); // a delimiter may be cut between two chunks
	}
	if (pending.length > 0) yield requireDelimiter(pending);
}

/** Position of the start code of the next delimiter from `from` on. */
const findDelimiter = (stream: Uint8Array, from: number): number | undefined => {
	for (let at = stream.indexOf(1, from); at !== -1; at = stream.indexOf(1, at + 1)) {
		const type = stream[at + 1];
		if (type === undefined) return undefined;
		if (stream[at - 1] === 0 && stream[at - 2] === 0 && (type & 31) === NAL_ACCESS_UNIT_DELIMITER) {
			return stream[at - 3] === 0 ? at - 3 : at - 2;
		}
	}
	return undefined;
};

const requireDelimiter = (accessUnit: Uint8Array): Uint8Array => {
	const [first] = splitNalUnits(accessUnit);
	if (first === undefined || nalType(first) !== NAL_ACCESS_UNIT_DELIMITER) {
		throw new CodecError("backend-failed", "The H.264 encoder's stream has no access unit delimiters.");
	}
	return accessUnit;
};
