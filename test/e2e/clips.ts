import { join } from "node:path";
import { ffmpeg, ROOT } from "./commands.ts";

/** A tiny video file for the tests. */
export interface Clip {
	readonly path: string;
	readonly width: number;
	readonly height: number;
	readonly frameRate: number;
	readonly frames: number;
}

/** A cut of the sample video, 128x96 with sound: real pictures and real motion, small enough for WASM. */
export async function realClip(folder: string, seconds: number): Promise<Clip> {
	const clip = {
		path: join(folder, `bunny-${seconds}s.mp4`),
		width: 128,
		height: 96,
		frameRate: 12,
		frames: 12 * seconds,
	};
	await ffmpeg(
		...["-ss", "4", "-i", join(ROOT, "examples/sample/bunny.mp4"), "-t", String(seconds)],
		...["-vf", `fps=${clip.frameRate},scale=${clip.width}:${clip.height}:flags=area,setsar=1`],
		...[
			"-c:v",
			"libx264",
			"-crf",
			"12",
			"-pix_fmt",
			"yuv420p",
			"-c:a",
			"aac",
			"-ac",
			"2",
			"-b:a",
			"64k",
			clip.path,
		],
	);
	return clip;
}

/** A drawn clip without sound, its sides odd numbers: its base covers more than the picture, 26x18 times four. */
export async function drawnClip(folder: string): Promise<Clip> {
	const clip = { path: join(folder, "drawn.webm"), width: 99, height: 67, frameRate: 10, frames: 12 };
	await ffmpeg(
		// The source draws even sizes only.
		...[
			"-f",
			"lavfi",
			"-i",
			`testsrc2=size=${clip.width + 1}x${clip.height + 1}:rate=${clip.frameRate}:duration=1.2`,
		],
		...["-vf", `format=yuv444p,crop=${clip.width}:${clip.height}:0:0`],
		...["-c:v", "libvpx-vp9", "-crf", "10", "-b:v", "0", "-pix_fmt", "yuv420p", clip.path],
	);
	return clip;
}
