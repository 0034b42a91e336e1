/** The encoders to compare with, by ffmpeg: all with the same closed GOP, at constant quality, on one thread. */

/** One encoder of the bench. */
export interface Opponent {
	/** Short name, also part of file names. */
	readonly name: string;
	/** As in tables. */
	readonly title: string;
	readonly extension: "mp4" | "webm";
	/** The settings of its quality, best first. */
	readonly qualities: readonly number[];
	/** ffmpeg's arguments between input and output for a quality and a GOP in frames. */
	readonly arguments: (quality: number, gop: number) => string[];
}

// The version string that x264 and x265 write into the stream (some 700 bytes) is not picture: at rates like these it
// would flatter us, so it is removed or switched off.
const x264 = (preset: string, tune: string[], quality: number, gop: number): string[] => [
	...["-c:v", "libx264", "-preset", preset, ...tune, "-crf", String(quality), "-threads", "1"],
	...[
		"-x264-params",
		`keyint=${gop}:min-keyint=${gop}:scenecut=0:open-gop=0`,
		"-bsf:v",
		"filter_units=remove_types=6",
	],
];

/** In the order of the tables; the first is the one that BD-rates are given against. */
export const OPPONENTS: readonly Opponent[] = [
	{
		name: "x264-realtime",
		title: "x264 veryfast zerolatency",
		extension: "mp4",
		qualities: [18, 22, 26, 30, 34, 38, 42],
		arguments: (quality, gop) => x264("veryfast", ["-tune", "zerolatency"], quality, gop),
	},
	{
		name: "vp9-realtime",
		title: "VP9 realtime, cpu-used 7",
		extension: "webm",
		qualities: [14, 26, 38, 50, 62],
		arguments: (quality, gop) => [
			...["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "7", "-crf", String(quality), "-b:v", "0"],
			...["-lag-in-frames", "0", "-g", String(gop), "-keyint_min", String(gop), "-threads", "1"],
		],
	},
	{
		name: "av1-realtime",
		title: "AV1 realtime, cpu-used 8",
		extension: "webm",
		qualities: [14, 26, 38, 50, 62],
		arguments: (quality, gop) => [
			...["-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-crf", String(quality), "-b:v", "0"],
			...["-lag-in-frames", "0", "-g", String(gop), "-keyint_min", String(gop), "-threads", "1"],
		],
	},
	{
		name: "x264-medium",
		title: "x264 medium",
		extension: "mp4",
		qualities: [18, 24, 30, 36, 42],
		arguments: (quality, gop) => x264("medium", [], quality, gop),
	},
	{
		name: "x265-medium",
		title: "x265 medium",
		extension: "mp4",
		qualities: [18, 24, 30, 36, 42],
		arguments: (quality, gop) => [
			...["-c:v", "libx265", "-preset", "medium", "-crf", String(quality)],
			"-x265-params",
			`keyint=${gop}:min-keyint=${gop}:scenecut=0:open-gop=0:info=0:pools=1:frame-threads=1:log-level=error`,
		],
	},
];

/** Frames of a closed GOP of two seconds. */
export function gopFrames(rate: number): number {
	return Math.max(1, Math.round(2 * rate));
}
