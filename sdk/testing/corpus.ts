import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ffmpeg = (folder: string, args: readonly string[]): void => {
	execFileSync("ffmpeg", ["-v", "error", "-y", "-nostdin", ...args], { cwd: folder });
};

/** Input of ffmpeg: a picture that moves. */
const picture = (size: string, rate: number | string, seconds: number): string[] =>
	words(`-f lavfi -i testsrc2=size=${size}:rate=${rate}:duration=${seconds}`);

/** Input of ffmpeg: a tone. */
const tone = (seconds: number, layout = "stereo", rate = 48_000): string[] =>
	words(`-f lavfi -i sine=frequency=440:sample_rate=${rate}:duration=${seconds},aformat=channel_layouts=${layout}`);

/** Arguments that need no quotes, as one would type them. */
const words = (line: string): string[] => line.split(" ");

const H264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";
const VP8 = "-c:v libvpx -deadline realtime";
const VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8";
/** Ten bits in the wide gamut of HDR; what is missing is the transfer function. */
const WIDE_GAMUT = "-profile:v 2 -pix_fmt yuv420p10le -color_primaries bt2020 -colorspace bt2020nc";
const SMALL = picture("160x120", 25, 1);

/** One file of these inputs, with these arguments. */
const made =
	(name: string, inputs: readonly string[], line: string) =>
	(folder: string): void =>
		ffmpeg(folder, [...inputs, ...words(line), name]);

const bytesOf = (folder: string, name: string): Buffer => readFileSync(join(folder, name));

/** The beginning of a file that breaks off. */
const most = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length * 0.6));

/** For tests only: every kind of source, made by ffmpeg. Each entry writes one file into a folder. */
export const CORPUS = {
	"avc-aac.mp4": made("avc-aac.mp4", [...picture("320x180", 25, 3), ...tone(3)], `${H264} -g 50 -bf 2 -c:a aac`),
	"little.mp4": made("little.mp4", [...picture("96x64", 20, 3), ...tone(3)], `${H264} -g 20 -c:a aac`),
	"stamps.mp4": made("stamps.mp4", picture("64x48", 4, 1), H264),
	"stamp-book.mp4": made("stamp-book.mp4", picture("64x48", 4, 3), H264),
	"moment.mp4": made("moment.mp4", picture("96x64", 20, 0.7), H264),
	"vp9-opus.webm": made("vp9-opus.webm", [...picture("320x180", 30, 2), ...tone(2)], `${VP9} -c:a libopus`),
	"vp8.webm": made("vp8.webm", SMALL, VP8),
	"avc-pcm.mov": made("avc-pcm.mov", [...picture("320x180", 24, 2), ...tone(2)], `${H264} -c:a pcm_s16le`),
	"long-pcm.mov": made(
		"long-pcm.mov",
		[...picture("64x48", 4, 16), ...tone(16, "mono", 8000)],
		`${H264} -g 8 -c:a pcm_s16le`,
	),
	"avc-mp3.mkv": made("avc-mp3.mkv", [...SMALL, ...tone(1)], `${H264} -c:a libmp3lame`),
	"surround.mp4": made("surround.mp4", [...picture("160x120", 25, 2), ...tone(2, "5.1")], `${H264} -c:a aac`),
	"camcorder.ts": made("camcorder.ts", SMALL, `${H264} -flags +ilme+ildct -f mpegts`),
	"odd.webm": made("odd.webm", picture("340x190", 25, 1), `-vf format=yuv444p,crop=333:187,format=yuv420p ${VP9}`),
	"rotated.mp4": (folder: string) => {
		ffmpeg(folder, [...picture("320x180", 25, 1), ...words(H264), "upright.mp4"]);
		const bytes = bytesOf(folder, "upright.mp4");
		// The matrix of the track header (ISO/IEC 14496-12, 8.3.2) for a quarter turn clockwise; ffmpeg's option for it
		// changed its name too often.
		const matrix = bytes.indexOf("tkhd") + 44;
		for (const [index, value] of [0, 0x10000, 0, -0x10000, 0, 0, 180 << 16, 0, 1 << 30].entries()) {
			bytes.writeInt32BE(value, matrix + 4 * index);
		}
		writeFileSync(join(folder, "rotated.mp4"), bytes);
	},
	"variable.mp4": made(
		"variable.mp4",
		picture("160x120", 50, 3),
		`-vf select='lt(n,50)+not(mod(n,10))' -fps_mode vfr ${H264} -video_track_timescale 90000`,
	),
	"anamorphic.mp4": made("anamorphic.mp4", picture("240x180", 25, 1), `-vf setsar=4/3 ${H264}`),
	"full-range.mp4": made(
		"full-range.mp4",
		words("-f lavfi -i color=white:size=160x120:rate=25:duration=1"),
		"-vf scale=out_range=full,format=yuvj420p -c:v libx264 -preset ultrafast -color_range pc",
	),
	"ten-bit.mp4": made("ten-bit.mp4", SMALL, "-c:v libx264 -preset ultrafast -pix_fmt yuv420p10le"),
	"four-four-four.webm": made("four-four-four.webm", SMALL, `${VP9} -pix_fmt yuv444p`),
	"hdr.webm": made("hdr.webm", SMALL, `${VP9} ${WIDE_GAMUT} -color_trc smpte2084`),
	"hlg.webm": made("hlg.webm", SMALL, `${VP9} ${WIDE_GAMUT} -color_trc arib-std-b67`),
	"av1.mp4": made("av1.mp4", SMALL, "-c:v libaom-av1 -cpu-used 8 -b:v 200k"),
	"hevc.mp4": made("hevc.mp4", SMALL, "-c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1"),
	"four-k.mp4": made("four-k.mp4", picture("3840x2160", 25, 0.2), H264),
	"interlaced.mp4": made(
		"interlaced.mp4",
		picture("320x240", 25, 1),
		`-vf tinterlace=interleave_top,setfield=tff ${H264} -flags +ildct+ilme`,
	),
	"alpha.webm": made("alpha.webm", SMALL, `-vf format=yuva420p ${VP9} -pix_fmt yuva420p -auto-alt-ref 0`),
	/** Begins 0.2 s after a sync sample by its edit list, which hides the five frames before. */
	"edited.mp4": (folder: string) => {
		ffmpeg(folder, [...picture("160x120", 25, 3), ...words(H264), "-g", "25", "-bf", "0", "uncut.mp4"]);
		ffmpeg(folder, words("-ss 1.2 -i uncut.mp4 -c copy edited.mp4"));
	},
	/** Twice as wide and high in its second half. */
	"growing.webm": (folder: string) => {
		for (const [name, size] of [
			["small.webm", "160x120"],
			["large.webm", "320x240"],
		] as const) {
			ffmpeg(folder, [...picture(size, 25, 1), ...words(VP8), name]);
		}
		writeFileSync(join(folder, "halves.txt"), "file small.webm\nfile large.webm\n");
		ffmpeg(folder, words("-f concat -i halves.txt -c copy growing.webm"));
	},
	"wide.webm": made("wide.webm", picture("8208x64", 25, 0.2), VP9),
	"vorbis.webm": made("vorbis.webm", [...SMALL, ...tone(1)], `${VP8} -c:a libvorbis`),
	"flac.mkv": made("flac.mkv", [...SMALL, ...tone(1)], `${H264} -c:a flac`),
	"ac3.mp4": made("ac3.mp4", [...SMALL, ...tone(1)], `${H264} -c:a ac3`),
	"silent.mp4": made("silent.mp4", SMALL, H264),
	"offset.mkv": (folder: string) => {
		ffmpeg(folder, [...picture("160x120", 25, 2), ...words(H264), "-bf", "0", "early.mkv"]);
		const late = words("-itsoffset 0.5 -i early.mkv");
		ffmpeg(folder, [...late, ...tone(3), ...words("-c:v copy -c:a aac offset.mkv")]);
	},
	"languages.mp4": made(
		"languages.mp4",
		[...SMALL, ...tone(1), ...tone(1, "mono")],
		`-map 0:v -map 1:a -map 2:a ${H264} -c:a aac`,
	),
	"sound-only.m4a": made("sound-only.m4a", tone(1), "-c:a aac"),
	"tiny.mp4": made("tiny.mp4", picture("8x8", 25, 1), H264),
	"empty.mp4": (folder: string) => writeFileSync(join(folder, "empty.mp4"), ""),
	"text.mp4": (folder: string) => writeFileSync(join(folder, "text.mp4"), "This is not a video. ".repeat(500)),
	"cut.mp4": (folder: string) => {
		const start = words(`${H264} -g 25 -movflags +faststart`);
		ffmpeg(folder, [...picture("320x180", 25, 3), ...start, "whole.mp4"]);
		writeFileSync(join(folder, "cut.mp4"), most(bytesOf(folder, "whole.mp4")));
	},
	"no-index.mp4": (folder: string) => {
		ffmpeg(folder, [...SMALL, ...words(H264), "indexed.mp4"]);
		writeFileSync(join(folder, "no-index.mp4"), most(bytesOf(folder, "indexed.mp4")));
	},
	"scrambled.mp4": (folder: string) => {
		const start = words(`${H264} -g 25 -movflags +faststart`);
		ffmpeg(folder, [...picture("160x120", 25, 2), ...start, "clean.mp4"]);
		const bytes = bytesOf(folder, "clean.mp4");
		const data = bytes.indexOf("mdat") + 4;
		for (let at = data + Math.floor((bytes.length - data) / 2); at < bytes.length; at++) {
			bytes[at] = (at * 2_654_435_761) >>> 24;
		}
		writeFileSync(join(folder, "scrambled.mp4"), bytes);
	},
} as const satisfies Record<string, (folder: string) => void>;

export type CorpusFile = keyof typeof CORPUS;
