import { readSequenceHeader } from "../bitstream/sequence-header.ts";
import type { AudioTrack, BaseTrack, ColourSpace, EnhancementTrack, Track } from "../track.ts";
import { boxesIn, type BoxView, FieldReader, findBox, invalid, requireBox } from "./box-reader.ts";

/** The track that a sample entry describes; undefined for a codec that this package does not use. */
export const readSampleEntry = (entry: BoxView): Track | undefined => {
	switch (entry.type) {
		case "avc1":
			return readBase(entry, "avcC", avcCodecString);
		case "vp09":
			return readBase(entry, "vpcC", vp9CodecString);
		case "av01":
			return readBase(entry, "av1C", av1CodecString);
		case "sve1":
			return readEnhancement(entry);
		case "mp4a":
		case "Opus":
			return readAudio(entry);
		default:
			return undefined;
	}
};

const readVisual = (entry: BoxView) => {
	const fields = new FieldReader(entry.body, entry.type);
	fields.skip(24); // reserved, data_reference_index, pre_defined, reserved
	const width = fields.u16();
	const height = fields.u16();
	fields.skip(50); // resolutions, frame_count, compressorname, depth, pre_defined
	return { width, height, boxes: boxesIn(fields.rest()) };
};

const readBase = (entry: BoxView, type: string, codecString: (record: Uint8Array) => string): BaseTrack => {
	const { width, height, boxes } = readVisual(entry);
	if (width < 1 || height < 1) throw invalid(`Sample entry "${entry.type}" is ${width}x${height}.`);
	const { body } = requireBox(boxes, type, entry.type);
	const description = type === "vpcC" ? body.slice(4) : body.slice(); // vpcC alone is a FullBox
	return { kind: "base", codec: codecString(description), width, height, description, colour: readColour(boxes) };
};

const readColour = (boxes: readonly BoxView[]): ColourSpace => {
	const colr = findBox(boxes, "colr");
	if (colr !== undefined) {
		const fields = new FieldReader(colr.body, "colr");
		if (fields.fourCC() === "nclx") {
			const primaries = fields.u16();
			const transfer = fields.u16();
			const matrix = fields.u16();
			return { primaries, transfer, matrix, fullRange: fields.u8() >= 0x80 };
		}
	}
	return { primaries: 2, transfer: 2, matrix: 2, fullRange: false };
};

const hex = (value: number): string => value.toString(16).padStart(2, "0");
const decimal = (value: number): string => String(value).padStart(2, "0");

/** RFC 6381 string of an AVCDecoderConfigurationRecord: `avc1.PPCCLL`. */
export const avcCodecString = (record: Uint8Array): string => {
	const fields = new FieldReader(record, "avcC");
	fields.skip(1); // configurationVersion
	return `avc1.${hex(fields.u8())}${hex(fields.u8())}${hex(fields.u8())}`;
};

/** Codec string of a VPCodecConfigurationRecord: `vp09.PP.LL.DD`. */
export const vp9CodecString = (record: Uint8Array): string => {
	const fields = new FieldReader(record, "vpcC");
	return `vp09.${decimal(fields.u8())}.${decimal(fields.u8())}.${decimal(fields.u8() >> 4)}`;
};

/** Codec string of an AV1CodecConfigurationRecord: `av01.P.LLT.DD`. */
export const av1CodecString = (record: Uint8Array): string => {
	const fields = new FieldReader(record, "av1C");
	fields.skip(1); // marker, version
	const profileAndLevel = fields.u8();
	const flags = fields.u8(); // seq_tier_0, high_bitdepth, twelve_bit, ...
	const depth = (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12;
	const tier = flags >= 0x80 ? "H" : "M";
	return `av01.${profileAndLevel >> 5}.${decimal(profileAndLevel & 31)}${tier}.${decimal(depth)}`;
};

const readEnhancement = (entry: BoxView): EnhancementTrack => {
	const { width, height, boxes } = readVisual(entry);
	const description = requireBox(boxes, "sveC", "sve1").body.slice();
	const header = readSequenceHeader(description);
	if (header.width !== width || header.height !== height) {
		throw invalid(`Sample entry "sve1" is ${width}x${height}, its configuration ${header.width}x${header.height}.`);
	}
	return { kind: "enhancement", codec: "sve1.01", width, height, q: header.q, modelId: header.modelId, description };
};

const readAudio = (entry: BoxView): AudioTrack => {
	const fields = new FieldReader(entry.body, entry.type);
	fields.skip(16); // reserved, data_reference_index, version, reserved
	const channels = fields.u16();
	fields.skip(6); // samplesize, pre_defined, reserved
	const sampleRate = fields.u16();
	fields.skip(2); // fraction
	const boxes = boxesIn(fields.rest());
	if (channels < 1 || sampleRate < 1)
		throw invalid(`Sample entry "${entry.type}" has no channels or no sample rate.`);
	if (entry.type === "Opus") {
		const description = requireBox(boxes, "dOps", "Opus").body.slice();
		return { kind: "audio", codec: "opus", sampleRate, channels, description };
	}
	const description = readAudioSpecificConfig(requireBox(boxes, "esds", "mp4a"));
	const objectType = (description[0] ?? 0) >> 3;
	const configured = channelsOf(description) ?? channels; // some writers put 2 into every sample entry
	return { kind: "audio", codec: `mp4a.40.${objectType}`, sampleRate, channels: configured, description };
};

/** channelConfiguration of an AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1), where it says a number of channels. */
const channelsOf = (config: Uint8Array): number | undefined => {
	const bits = ((config[0] ?? 0) << 8) | (config[1] ?? 0); // object type 5, frequency index 4, channels 4, ...
	const explicitFrequency = ((bits >> 7) & 15) === 15;
	const channels = (bits >> 3) & 15;
	if (bits >> 11 === 31 || explicitFrequency || channels < 1 || channels > 7) return undefined;
	return channels === 7 ? 8 : channels;
};

/** DecoderSpecificInfo in DecoderConfigDescriptor in ES_Descriptor (ISO/IEC 14496-1 section 7.2.6). */
const readAudioSpecificConfig = (esds: BoxView): Uint8Array => {
	const fields = new FieldReader(esds.body, "esds");
	fields.versionAndFlags();
	const elementaryStream = readDescriptor(fields, 0x03);
	elementaryStream.skip(2); // ES_ID
	const flags = elementaryStream.u8();
	if ((flags & 0x80) !== 0) elementaryStream.skip(2); // dependsOn_ES_ID
	if ((flags & 0x40) !== 0) elementaryStream.skip(elementaryStream.u8()); // URL
	if ((flags & 0x20) !== 0) elementaryStream.skip(2); // OCR_ES_Id
	const decoderConfig = readDescriptor(elementaryStream, 0x04);
	decoderConfig.skip(13); // objectTypeIndication, streamType, bufferSizeDB, bitrates
	const config = readDescriptor(decoderConfig, 0x05).rest().slice();
	if (config.length < 2) throw invalid("The AudioSpecificConfig is shorter than two bytes.");
	return config;
};

const readDescriptor = (fields: FieldReader, tag: number): FieldReader => {
	if (fields.u8() !== tag) throw invalid(`Box "esds" has no descriptor ${tag} where there must be one.`);
	let length = 0;
	for (let count = 0, byte = 0x80; count < 4 && byte >= 0x80; count++) {
		byte = fields.u8();
		length = length * 128 + (byte & 0x7f);
	}
	return new FieldReader(fields.bytes(length), "esds");
};
