import type { ColourSpace } from "../track.ts";
import { ascii, box, type Bytes, fixed16_16, fullBox, u16, u24, u32, u8, zeros } from "./box.ts";

/** VisualSampleEntry (ISO/IEC 14496-12 section 12.1.3) of type `format`, with the codec's own boxes behind. */
export const visualSampleEntry = (format: string, width: number, height: number, ...children: readonly Bytes[]) =>
	box(
		format,
		zeros(6), // reserved
		u16(1), // data_reference_index
		zeros(16), // pre_defined, reserved
		u16(width), // width
		u16(height), // height
		fixed16_16(72), // horizresolution
		fixed16_16(72), // vertresolution
		u32(0), // reserved
		u16(1), // frame_count
		zeros(32), // compressorname
		u16(0x18), // depth
		u16(0xffff), // pre_defined
		...children,
	);

/** AudioSampleEntry (section 12.2.3) of type `format`. `sampleRate` in Hz, at most 65535 fits; more is written as 0. */
export const audioSampleEntry = (format: string, channels: number, sampleRate: number, ...children: readonly Bytes[]) =>
	box(
		format,
		zeros(6), // reserved
		u16(1), // data_reference_index
		zeros(8), // reserved
		u16(channels), // channelcount
		u16(16), // samplesize
		u32(0), // pre_defined, reserved
		fixed16_16(sampleRate <= 0xffff ? sampleRate : 0), // samplerate
		...children,
	);

/** Colour information, `nclx`. */
export const colr = (colour: ColourSpace) =>
	box(
		"colr",
		ascii("nclx"), // colour_type
		u16(colour.primaries), // colour_primaries
		u16(colour.transfer), // transfer_characteristics
		u16(colour.matrix), // matrix_coefficients
		u8(colour.fullRange ? 0x80 : 0), // full_range_flag, reserved
	);

/** H.264 configuration: AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1). */
export const avcC = (record: Bytes) => box("avcC", record);

/** VP9 configuration: VPCodecConfigurationRecord, which is the contents of the full box behind version 1 and flags 0. */
export const vpcC = (record: Bytes) => fullBox("vpcC", 1, 0, record);

/** AV1 configuration: AV1CodecConfigurationRecord. */
export const av1C = (record: Bytes) => box("av1C", record);

/** Opus configuration: OpusSpecificBox contents. */
export const dOps = (record: Bytes) => box("dOps", record);

/** Enhancement configuration (codec/SPEC.md section 8). */
export const sveC = (record: Bytes) => box("sveC", record);

/** Elementary stream descriptor of AAC (ISO/IEC 14496-1 section 7.2.6) around an AudioSpecificConfig of at most 90 bytes. */
export const esds = (audioSpecificConfig: Bytes) => {
	const decoderSpecificInfo = descriptor(0x05, audioSpecificConfig);
	const decoderConfig = descriptor(
		0x04,
		u8(0x40), // objectTypeIndication: MPEG-4 audio
		u8(0x15), // streamType audio, upStream 0, reserved 1
		u24(0), // bufferSizeDB
		u32(0), // maxBitrate
		u32(0), // avgBitrate: unknown
		decoderSpecificInfo,
	);
	const slConfig = descriptor(0x06, u8(0x02)); // predefined: MP4 file
	return fullBox(
		"esds",
		0,
		0,
		descriptor(
			0x03,
			u16(0), // ES_ID
			u8(0), // flags
			decoderConfig,
			slConfig,
		),
	);
};

const descriptor = (tag: number, ...contents: readonly Bytes[]): number[] => {
	const payload = contents.flatMap((part) => Array.from(part));
	if (payload.length > 127)
		throw new RangeError(`a descriptor of ${payload.length} bytes needs a longer length field`);
	return [tag, payload.length, ...payload];
};
