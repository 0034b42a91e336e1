import type { BaseEncoder } from "../../codec/base/base-codec.ts";
import { avcLevel } from "../../codec/base/webcodecs-candidates.ts";
import { avcCodecString } from "../../codec/mp4/sample-entry-reader.ts";
import type { BaseTrack } from "../../codec/track.ts";

/** H.264 levels (ITU-T H.264 table A-1) that a base is announced with, and their rates in bits a second (Main profile, the least). */
const LEVELS = [
	[21, 4_000_000],
	[30, 10_000_000],
	[31, 14_000_000],
	[32, 20_000_000],
	[42, 50_000_000],
	[52, 240_000_000],
] as const;

/** The level that a base of this size is announced with, and the rate that it must not exceed. */
export const steadyLevel = (
	width: number,
	height: number,
	framesPerSecond: number,
): { readonly level: number; readonly mostBits: number } => {
	const needed = avcLevel(width, height, framesPerSecond);
	const [level, mostBits] = LEVELS.find(([candidate]) => candidate >= needed) ?? LEVELS[5];
	return { level, mostBits };
};

/**
 * An AVC decoder configuration record (ISO/IEC 14496-15 section 5.3.3.1.2) that announces `level`, in itself and in its sequence
 * parameter sets.
 */
export const withLevel = (record: Uint8Array, level: number): Uint8Array<ArrayBuffer> => {
	const out = Uint8Array.from(record);
	out[3] = level;
	let at = 6;
	for (let left = (out[5] ?? 0) & 31; left > 0; left--) {
		const length = ((out[at] ?? 0) << 8) | (out[at + 1] ?? 0);
		// nal_unit_header, profile_idc, constraint flags, level_idc
		if (length >= 4 && at + 2 + length <= out.length) {
			out[at + 5] = level;
		}
		at += 2 + length;
	}
	return out;
};

/**
 * An encoder whose H.264 track has one level, whatever the rate: encoders choose the level by the rate, which differs from group to
 * group, and all groups share one description.
 */
export const atLevel = (encoder: BaseEncoder, level: number): BaseEncoder => ({
	encode: (picture) => encoder.encode(picture),
	finish: () => encoder.finish(),
	samples: () => encoder.samples(),
	close: () => encoder.close(),
	track: async (): Promise<BaseTrack> => {
		const track = await encoder.track();
		if (!track.codec.startsWith("avc1")) {
			return track;
		}
		const description = withLevel(track.description, level);
		return { ...track, description, codec: avcCodecString(description) };
	},
});
