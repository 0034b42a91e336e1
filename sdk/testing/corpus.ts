import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ffmpeg = (folder: string, args: readonly string[]): void => {
	execFileSync("ffmpeg", ["-v", "error", "-y", "-nostdin", ...args], { cwd: folder });
};

const picture = (size: string, rate: number | string, seconds: number): string[] => [
	"-f",
	"lavfi",
	"-i",
	`testsrc2=size=${size}:rate=${rate}:duration=${seconds}`,
];
const tone = (seconds: number, layout = "stereo", rate = 48_000): string[] => [
	"-f",
	"lavfi",
	"-i",
	`sine=frequency=440:sample_rate=${rate}:duration=${seconds},aformat=channel_layouts=${layout}`,
];
const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

/** For tests only: every kind of source, made by ffmpeg. Each entry writes one file into a folder. */
export const CORPUS = {
	"avc-aac.mp4": (folder: string) =>
		ffmpeg(folder, [
			...picture("320x180", 25, 3),
			...tone(3),
			...h264,
			"-g",
			"50",
			"-bf",
			"2",
			"-c:a",
			"aac",
			"avc-aac.mp4",
		]),
	"little.mp4": (folder: string) =>
		ffmpeg(folder, [...picture("96x64", 20, 3), ...tone(3), ...h264, "-g", "20", "-c:a", "aac", "little.mp4"]),
	"stamps.mp4": (folder: string) => ffmpeg(folder, [...picture("64x48", 4, 1), ...h264, "stamps.mp4"]),
	"moment.mp4": (folder: string) => ffmpeg(folder, [...picture("96x64", 20, 0.7), ...h264, "moment.mp4"]),
	"vp9-opus.webm": (folder: string) =>
		ffmpeg(folder, [
			...picture("320x180", 30, 2),
			...tone(2),
			...["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus", "vp9-opus.webm"],
		]),
	"vp8.webm": (folder: string) =>
		ffmpeg(folder, [...picture("160x120", 25, 1), "-c:v", "libvpx", "-deadline", "realtime", "vp8.webm"]),
	"avc-pcm.mov": (folder: string) =>
		ffmpeg(folder, [...picture("320x180", 24, 2), ...tone(2), ...h264, "-c:a", "pcm_s16le", "avc-pcm.mov"]),
	"avc-mp3.mkv": (folder: string) =>
		ffmpeg(folder, [...picture("160x120", 25, 1), ...tone(1), ...h264, "-c:a", "libmp3lame", "avc-mp3.mkv"]),
	"surround.mp4": (folder: string) =>
		ffmpeg(folder, [...picture("160x120", 25, 2), ...tone(2, "5.1"), ...h264, "-c:a", "aac", "surround.mp4"]),
	"odd.webm": (folder: string) =>
		ffmpeg(folder, [
			...picture("340x190", 25, 1),
			...["-vf", "format=yuv444p,crop=333:187,format=yuv420p"],
			...["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "odd.webm"],
		]),
	"rotated.mp4": (folder: string) => {
		ffmpeg(folder, [...picture("320x180", 25, 1), ...h264, "upright.mp4"]);
		const bytes = readFileSync(join(folder, "upright.mp4"));
		// The matrix of the track header (ISO/IEC 14496-12, 8.3.2) for a quarter turn clockwise; ffmpeg's option for it
		// changed its name too often.
		const matrix = bytes.indexOf("tkhd") + 44;
		for (const [index, value] of [0, 0x10000, 0, -0x10000, 0, 0, 180 << 16, 0, 1 << 30].entries()) {
			bytes.writeInt32BE(value, matrix + 4 * index);
		}
		writeFileSync(join(folder, "rotated.mp4"), bytes);
	},
	"variable.mp4": (folder: string) =>
		ffmpeg(folder, [
			...picture("160x120", 50, 3),
			...[
				"-vf",
				"select='lt(n,50)+not(mod(n,10))'",
				"-fps_mode",
				"vfr",
				...h264,
				"-video_track_timescale",
				"90000",
			],
			"variable.mp4",
		]),
	"anamorphic.mp4": (folder: string) =>
		ffmpeg(folder, [...picture("240x180", 25, 1), "-vf", "setsar=4/3", ...h264, "anamorphic.mp4"]),
	"full-range.mp4": (folder: string) =>
		ffmpeg(folder, [
			...[
				"-f",
				"lavfi",
				"-i",
				"color=white:size=160x120:rate=25:duration=1",
				"-vf",
				"scale=out_range=full,format=yuvj420p",
			],
			...["-c:v", "libx264", "-preset", "ultrafast", "-color_range", "pc", "full-range.mp4"],
		]),
	"ten-bit.mp4": (folder: string) =>
		ffmpeg(folder, [
			...picture("160x120", 25, 1),
			...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "ten-bit.mp4"],
		]),
	"four-four-four.webm": (folder: string) =>
		ffmpeg(folder, [
			...picture("160x120", 25, 1),
			...[
				"-c:v",
				"libvpx-vp9",
				"-deadline",
				"realtime",
				"-cpu-used",
				"8",
				"-pix_fmt",
				"yuv444p",
				"four-four-four.webm",
			],
		]),
	"hdr.webm": (folder: string) =>
		ffmpeg(folder, [
			...picture("160x120", 25, 1),
			...[
				"-c:v",
				"libvpx-vp9",
				"-profile:v",
				"2",
				"-pix_fmt",
				"yuv420p10le",
				"-deadline",
				"realtime",
				"-cpu-used",
				"8",
			],
			...["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "hdr.webm"],
		]),
	"av1.mp4": (folder: string) =>
		ffmpeg(folder, [
			...picture("160x120", 25, 1),
			"-c:v",
			"libaom-av1",
			"-cpu-used",
			"8",
			"-b:v",
			"200k",
			"av1.mp4",
		]),
	"hevc.mp4": (folder: string) =>
		ffmpeg(folder, [
			...picture("160x120", 25, 1),
			...[
				"-c:v",
				"libx265",
				"-preset",
				"ultrafast",
				"-x265-params",
				"log-level=none",
				"-tag:v",
				"hvc1",
				"hevc.mp4",
			],
		]),
	"four-k.mp4": (folder: string) => ffmpeg(folder, [...picture("3840x2160", 25, 0.2), ...h264, "four-k.mp4"]),
	"interlaced.mp4": (folder: string) =>
		ffmpeg(folder, [
			...picture("320x240", 25, 1),
			...["-vf", "tinterlace=interleave_top,setfield=tff", "-c:v", "libx264", "-flags", "+ildct+ilme"],
			...["-preset", "ultrafast", "-pix_fmt", "yuv420p", "interlaced.mp4"],
		]),
	"alpha.webm": (folder: string) =>
		ffmpeg(folder, [
			...picture("160x120", 25, 1),
			...[
				"-vf",
				"format=yuva420p",
				"-c:v",
				"libvpx-vp9",
				"-pix_fmt",
				"yuva420p",
				"-deadline",
				"realtime",
				"-cpu-used",
				"8",
			],
			...["-auto-alt-ref", "0", "alpha.webm"],
		]),
	/** Begins 0.2 s after a sync sample by its edit list, which hides the five frames before. */
	"edited.mp4": (folder: string) => {
		ffmpeg(folder, [...picture("160x120", 25, 3), ...h264, "-g", "25", "-bf", "0", "uncut.mp4"]);
		ffmpeg(folder, ["-ss", "1.2", "-i", "uncut.mp4", "-c", "copy", "edited.mp4"]);
	},
	/** Twice as wide and high in its second half. */
	"growing.webm": (folder: string) => {
		for (const [name, size] of [
			["small.webm", "160x120"],
			["large.webm", "320x240"],
		] as const) {
			ffmpeg(folder, [...picture(size, 25, 1), "-c:v", "libvpx", "-deadline", "realtime", name]);
		}
		writeFileSync(join(folder, "halves.txt"), "file small.webm\nfile large.webm\n");
		ffmpeg(folder, ["-f", "concat", "-i", "halves.txt", "-c", "copy", "growing.webm"]);
	},
	"hlg.webm": (folder: string) =>
		ffmpeg(folder, [
			...picture("160x120", 25, 1),
			...[
				"-c:v",
				"libvpx-vp9",
				"-profile:v",
				"2",
				"-pix_fmt",
				"yuv420p10le",
				"-deadline",
				"realtime",
				"-cpu-used",
				"8",
			],
			...["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc", "hlg.webm"],
		]),
	"wide.webm": (folder: string) =>
		ffmpeg(folder, [
			...picture("8208x64", 25, 0.2),
			...["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "wide.webm"],
		]),
	"vorbis.webm": (folder: string) =>
		ffmpeg(folder, [
			...[...picture("160x120", 25, 1), ...tone(1), "-c:v", "libvpx", "-deadline", "realtime"],
			...["-c:a", "libvorbis", "vorbis.webm"],
		]),
	"flac.mkv": (folder: string) =>
		ffmpeg(folder, [...picture("160x120", 25, 1), ...tone(1), ...h264, "-c:a", "flac", "flac.mkv"]),
	"ac3.mp4": (folder: string) =>
		ffmpeg(folder, [...picture("160x120", 25, 1), ...tone(1), ...h264, "-c:a", "ac3", "ac3.mp4"]),
	"silent.mp4": (folder: string) => ffmpeg(folder, [...picture("160x120", 25, 1), ...h264, "silent.mp4"]),
	"offset.mkv": (folder: string) => {
		ffmpeg(folder, [...picture("160x120", 25, 2), ...h264, "-bf", "0", "early.mkv"]);
		ffmpeg(folder, [
			"-itsoffset",
			"0.5",
			"-i",
			"early.mkv",
			...tone(3),
			"-c:v",
			"copy",
			"-c:a",
			"aac",
			"offset.mkv",
		]);
	},
	"languages.mp4": (folder: string) =>
		ffmpeg(folder, [
			...[...picture("160x120", 25, 1), ...tone(1), ...tone(1, "mono")],
			...["-map", "0:v", "-map", "1:a", "-map", "2:a", ...h264, "-c:a", "aac", "languages.mp4"],
		]),
	"sound-only.m4a": (folder: string) => ffmpeg(folder, [...tone(1), "-c:a", "aac", "sound-only.m4a"]),
	"tiny.mp4": (folder: string) => ffmpeg(folder, [...picture("8x8", 25, 1), ...h264, "tiny.mp4"]),
	"empty.mp4": (folder: string) => writeFileSync(join(folder, "empty.mp4"), ""),
	"text.mp4": (folder: string) => writeFileSync(join(folder, "text.mp4"), "This is not a video. ".repeat(500)),
	"cut.mp4": (folder: string) => {
		ffmpeg(folder, [...picture("320x180", 25, 3), ...h264, "-g", "25", "-movflags", "+faststart", "whole.mp4"]);
		const whole = readFileSync(join(folder, "whole.mp4"));
		writeFileSync(join(folder, "cut.mp4"), whole.subarray(0, Math.floor(whole.length * 0.6)));
	},
	"no-index.mp4": (folder: string) => {
		ffmpeg(folder, [...picture("160x120", 25, 1), ...h264, "indexed.mp4"]);
		const whole = readFileSync(join(folder, "indexed.mp4"));
		writeFileSync(join(folder, "no-index.mp4"), whole.subarray(0, Math.floor(whole.length * 0.6)));
	},
	"scrambled.mp4": (folder: string) => {
		ffmpeg(folder, [...picture("160x120", 25, 2), ...h264, "-g", "25", "-movflags", "+faststart", "clean.mp4"]);
		const bytes = readFileSync(join(folder, "clean.mp4"));
		const start = bytes.indexOf("mdat") + 4;
		for (let at = start + Math.floor((bytes.length - start) / 2); at < bytes.length; at++) {
			bytes[at] = (at * 2_654_435_761) >>> 24;
		}
		writeFileSync(join(folder, "scrambled.mp4"), bytes);
	},
} as const satisfies Record<string, (folder: string) => void>;

export type CorpusFile = keyof typeof CORPUS;
