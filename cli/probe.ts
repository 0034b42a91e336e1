import { resolve } from "node:path";
import * as v from "valibot";
import { runForText } from "../codec/base/ffmpeg.ts";
import { CodecError } from "../codec/errors.ts";
import type { ColourSpace } from "../codec/track.ts";

/** What ffprobe says of a file, as far as it matters here. */
const Probe = v.object({
	streams: v.array(
		v.object({
			codec_type: v.optional(v.string()),
			codec_name: v.optional(v.string()),
			pix_fmt: v.optional(v.string()),
			color_range: v.optional(v.string()),
			color_primaries: v.optional(v.string()),
			color_transfer: v.optional(v.string()),
			color_space: v.optional(v.string()),
			nb_frames: v.optional(v.string()),
			duration: v.optional(v.string()),
			avg_frame_rate: v.optional(v.string()),
			disposition: v.optional(v.record(v.string(), v.number())),
		}),
	),
	format: v.optional(v.object({ duration: v.optional(v.string()) })),
});

/** A media file that ffmpeg reads. */
export type MediaInfo = {
	readonly colour: ColourSpace;
	/** Frames, where the file says so or its duration lets guess. */
	readonly frames: number | undefined;
	/** ffmpeg's name of the audio codec, where there is audio. */
	readonly audioCodec: string | undefined;
};

/** ISO/IEC 23091-2 code points of ffmpeg's names. */
const PRIMARIES: Readonly<Record<string, number>> = {
	bt709: 1,
	bt470m: 4,
	bt470bg: 5,
	smpte170m: 6,
	smpte240m: 7,
	bt2020: 9,
};
const TRANSFERS: Readonly<Record<string, number>> = {
	...{
		bt709: 1,
		gamma22: 4,
		gamma28: 5,
		smpte170m: 6,
		smpte240m: 7,
		"iec61966-2-1": 13,
		"bt2020-10": 14,
		"bt2020-12": 15,
	},
};
const MATRICES: Readonly<Record<string, number>> = {
	bt709: 1,
	fcc: 4,
	bt470bg: 5,
	smpte170m: 6,
	smpte240m: 7,
	bt2020nc: 9,
};

/** Transfer functions of high dynamic range: 8 bits would show bands, and nobody tone-maps here. */
const HIGH_DYNAMIC_RANGE = ["smpte2084", "arib-std-b67"];

/** How ffmpeg is told to open a file: never as an address, and nothing but files from there on. */
export const inputArguments = (path: string): string[] => [
	...["-protocol_whitelist", "file,pipe", "-i", `file:${resolve(path)}`],
];

/**
 * Looks at a media file.
 * @throws CodecError `unsupported-format` where there is no video or it has a high dynamic range, `invalid-file` where
 * ffprobe cannot read it, `backend-unavailable` without ffprobe
 */
export const probeMedia = async (path: string, signal: AbortSignal): Promise<MediaInfo> => {
	const args = ["-of", "json", "-show_streams", "-show_format", ...inputArguments(path)];
	const text = await runForText(args, { tool: "ffprobe", signal }).catch((error: unknown) => {
		if (!(error instanceof CodecError) || error.code !== "backend-failed") throw error;
		throw new CodecError("invalid-file", `${path} is no video that ffmpeg reads.`, { cause: error });
	});
	const { streams, format } = v.parse(Probe, JSON.parse(text));
	const isPicture = (stream: (typeof streams)[number]) => stream.disposition?.["attached_pic"] === 1;
	const video = streams.find((stream) => stream.codec_type === "video" && !isPicture(stream));
	if (video === undefined) throw new CodecError("unsupported-format", `${path} has no video.`);
	if (HIGH_DYNAMIC_RANGE.includes(video.color_transfer ?? "")) {
		throw new CodecError("unsupported-format", `${path} has a high dynamic range, which is not coded.`, {
			hint: "Tone-map it to BT.709 first, with ffmpeg's zscale and tonemap filters for example.",
		});
	}
	const seconds = Number(video.duration ?? format?.duration ?? Number.NaN);
	const [numerator = Number.NaN, denominator = 1] = (video.avg_frame_rate ?? "").split("/").map(Number);
	const guess = Math.round((seconds * numerator) / denominator);
	const frames = Number(video.nb_frames ?? guess);
	return {
		colour: {
			primaries: PRIMARIES[video.color_primaries ?? ""] ?? 2,
			transfer: TRANSFERS[video.color_transfer ?? ""] ?? 2,
			matrix: MATRICES[video.color_space ?? ""] ?? 2,
			fullRange: video.color_range === "pc" || (video.pix_fmt ?? "").startsWith("yuvj"),
		},
		frames: Number.isSafeInteger(frames) && frames > 0 ? frames : undefined,
		audioCodec: streams.find((stream) => stream.codec_type === "audio")?.codec_name,
	};
};
