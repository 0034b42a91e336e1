import { ByteReader } from "../../codec/bitstream/bytes.ts";
import { readFrameHeader } from "../../codec/bitstream/frame-header.ts";
import { BITSTREAM_VERSION } from "../../codec/bitstream/version.ts";
import { CodecError } from "../../codec/errors.ts";
import type { Sample } from "../../codec/sample.ts";
import { fromBase64 } from "../../protocol/base64.ts";
import type { TrackJson } from "../../protocol/track.ts";

/** Bytes of the check sum at the end of an enhancement sample; the part's digest has covered it already. */
const CHECK_SUM_BYTES = 4;

/** NAL unit type of a slice of an IDR picture (H.264, table 7-1). */
const IDR_SLICE = 5;

/**
 * What is wrong with a sample of a track, as one sentence; undefined if nothing. Headers and sizes only: the edge decodes no
 * pictures, but what it stores has at least the form that it claims.
 */
export const findSampleFault = (track: TrackJson, sample: Sample): string | undefined => {
	switch (track.kind) {
		case "audio":
			return sample.sync ? undefined : "An audio sample is always a sync sample.";
		case "enhancement":
			return findEnhancementFault(fromBase64(track.description)?.[0], sample);
		case "base":
			return track.codec.startsWith("avc1.") ? findAvcFault(sample, lengthBytesOf(track.description)) : undefined;
	}
};

/**
 * An upload may have begun before the edge learnt a new bitstream, and goes on in its own: of that the edge knows no more than where the
 * version stands. `version`: the track's, the first byte of its sequence header.
 */
const findEnhancementFault = (version: number | undefined, { data, sync }: Sample): string | undefined => {
	const own = (data[0] ?? 0) >> 4;
	if (own !== version) return `A sample of bitstream version ${own} in a track of version ${version}.`;
	if (version !== BITSTREAM_VERSION) return undefined;
	try {
		const reader = new ByteReader(data);
		const header = readFrameHeader(reader);
		const payload = data.length - reader.position - CHECK_SUM_BYTES;
		if (payload < 0 || payload > 0 !== (header.hasMotion || header.hasLatents)) {
			return "An enhancement sample's payload is not what its header announces.";
		}
		return (header.type === "intra") === sync ? undefined : "An enhancement's sync samples are its intra frames.";
	} catch (error) {
		if (error instanceof CodecError) return error.message;
		throw error;
	}
};

/** ISO/IEC 14496-15, 5.3.3.1: `lengthSizeMinusOne` is the last two bits of the fifth byte. */
const lengthBytesOf = (avcC: string): number => ((fromBase64(avcC)?.[4] ?? 3) & 3) + 1;

/** A sample is NAL units, each behind its length in `lengthBytes` bytes. */
const findAvcFault = ({ data, sync }: Sample, lengthBytes: number): string | undefined => {
	let idr = false;
	let offset = 0;
	while (offset < data.length) {
		let length = 0;
		if (offset + lengthBytes > data.length) return "A NAL unit's length is cut short.";
		for (let index = 0; index < lengthBytes; index++) length = length * 256 + (data[offset + index] ?? 0);
		offset += lengthBytes;
		if (length === 0 || length > data.length - offset)
			return `A NAL unit claims ${length} bytes in a sample of ${data.length}.`;
		idr ||= ((data[offset] ?? 0) & 31) === IDR_SLICE;
		offset += length;
	}
	return idr === sync ? undefined : "A base's sync samples are its IDR pictures.";
};
