import { CodecError } from "../errors.ts";
import type { BaseCodecName, BaseEncoderConfig } from "./base-codec.ts";

/** What the browser's encoder needs to know besides. */
export type WebCodecsBaseConfig = BaseEncoderConfig & {
	/** Codecs to try, best first; all three unless given. */
	readonly codecs?: readonly BaseCodecName[] | undefined;
};

/** H.264 levels (ITU-T H.264 table A-1): level_idc, macroblocks a second, macroblocks a frame. */
const AVC_LEVELS = [
	[10, 1485, 99],
	[11, 3000, 396],
	[12, 6000, 396],
	[13, 11_880, 396],
	[21, 19_800, 792],
	[22, 20_250, 1620],
	[30, 40_500, 1620],
	[31, 108_000, 3600],
	[32, 216_000, 5120],
	[40, 245_760, 8192],
	[42, 522_240, 8704],
	[50, 589_824, 22_080],
	[51, 983_040, 36_864],
	[52, 2_073_600, 36_864],
] as const;

/** The lowest H.264 level for a size and rate. */
export const avcLevel = (width: number, height: number, framesPerSecond: number): number => {
	const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16);
	const fits = AVC_LEVELS.find(
		([, second, frame]) => macroblocks <= frame && macroblocks * framesPerSecond <= second,
	);
	return fits?.[0] ?? 52;
};

/**
 * Encoder configurations to try, best first. By default H.264, because everything plays it (high profile, then main, then
 * constrained baseline), VP9 and AV1 where it cannot be encoded. In software first: hardware encoders are made for large pictures, and
 * some refuse ones as small as a base's.
 */
export const encoderCandidates = (config: WebCodecsBaseConfig): VideoEncoderConfig[] => {
	const { width, height, frameRate, rate } = config;
	const framerate = frameRate.numerator / frameRate.denominator;
	const level = avcLevel(width, height, framerate).toString(16).padStart(2, "0");
	const strings = {
		avc: [`avc1.6400${level}`, `avc1.4d00${level}`, `avc1.42e0${level}`],
		vp9: ["vp09.00.30.08"],
		av1: ["av01.0.05M.08"],
	};
	const codecs = config.codecs ?? (["avc", "vp9", "av1"] as const);
	return codecs
		.flatMap((name) => strings[name])
		.flatMap((codec) =>
			(["prefer-software", "no-preference"] as const).map((hardwareAcceleration): VideoEncoderConfig => ({
				codec,
				width,
				height,
				framerate,
				hardwareAcceleration,
				latencyMode: "realtime",
				...("crf" in rate ? { bitrateMode: "quantizer" } : { bitrateMode: "variable", bitrate: rate.bitrate }),
				...(codec.startsWith("avc1") ? { avc: { format: "avc" } } : {}),
			})),
		);
};

/**
 * The first candidate that this browser encodes.
 * @throws CodecError `backend-unavailable` without WebCodecs or without any of the codecs.
 */
export const chooseEncoderConfig = async (config: WebCodecsBaseConfig): Promise<VideoEncoderConfig> => {
	if (typeof VideoEncoder === "undefined") {
		throw new CodecError("backend-unavailable", "This browser has no WebCodecs video encoder.", {
			hint: "Use a current browser, on a page served by https or from localhost.",
		});
	}
	for (const candidate of encoderCandidates(config)) {
		const { supported } = await VideoEncoder.isConfigSupported(candidate);
		if (supported === true) return candidate;
	}
	throw new CodecError("backend-unavailable", `This browser encodes no base of ${config.width}x${config.height}.`, {
		hint:
			"crf" in config.rate
				? "Few browsers encode at a constant quality: give a bitrate."
				: `Tried: ${(config.codecs ?? ["avc", "vp9", "av1"]).join(", ")}.`,
	});
};

/** `vpcC` record (VPCodecConfigurationRecord) of a codec string `vp09.PP.LL.DD`, 4:2:0. */
export const vp9Configuration = (codec: string, config: BaseEncoderConfig): Uint8Array<ArrayBuffer> => {
	const [, profile, level, depth] = codec.split(".").map(Number);
	const { primaries, transfer, matrix, fullRange } = config.colour;
	return Uint8Array.of(
		profile ?? 0,
		level ?? 0,
		((depth ?? 8) << 4) | (1 << 1) | (fullRange ? 1 : 0), // bitDepth, chromaSubsampling: 4:2:0 colocated, range
		primaries,
		transfer,
		matrix,
		0, // codecInitializationDataSize
		0,
	);
};

/** `av1C` record (AV1CodecConfigurationRecord, without configOBUs) of a codec string `av01.P.LLT.DD`, 4:2:0. */
export const av1Configuration = (codec: string): Uint8Array<ArrayBuffer> => {
	const [, profile = "0", levelAndTier = "00M", depth = "08"] = codec.split(".");
	const tier = levelAndTier.endsWith("H") ? 0x80 : 0;
	const deep = depth === "08" ? 0 : depth === "10" ? 0x40 : 0x60;
	return Uint8Array.of(
		0x81, // marker, version
		(Number(profile) << 5) | Number.parseInt(levelAndTier, 10), // seq_profile, seq_level_idx_0
		tier | deep | 0x0c, // seq_tier_0, high_bitdepth, twelve_bit, chroma_subsampling_x and _y
		0, // initial_presentation_delay
	);
};
