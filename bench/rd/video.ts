import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { compareFrames, type FrameSize, frameBytes, meanQuality, type Quality } from "./metrics.ts";

const run = promisify(execFile);

/** What the bench must know of a clip. */
export interface ClipFacts extends FrameSize {
	/** Frames a second. */
	readonly rate: number;
}

/** Size and rate of a video file, by ffprobe. */
export async function probe(path: string): Promise<ClipFacts> {
	const { stdout } = await run("ffprobe", [
		...["-v", "error", "-select_streams", "v:0", "-of", "json"],
		...["-show_entries", "stream=width,height,r_frame_rate", path],
	]);
	const parsed: { streams?: { width: number; height: number; r_frame_rate: string }[] } = JSON.parse(stdout);
	const stream = parsed.streams?.[0];
	if (stream === undefined) throw new Error(`${path}: no video stream`);
	const [numerator, denominator] = stream.r_frame_rate.split("/").map(Number);
	return { width: stream.width, height: stream.height, rate: (numerator ?? 0) / (denominator ?? 1) };
}

/** The pictures of any file that ffmpeg reads, one after the other, as 8-bit planar 4:2:0. */
export async function* pictures(path: string, size: FrameSize, limit?: number): AsyncGenerator<Uint8Array> {
	const bytes = frameBytes(size);
	const child = spawn(
		"ffmpeg",
		[
			...["-v", "error", "-threads", "1", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough"],
			...(limit === undefined ? [] : ["-frames:v", String(limit)]),
			...["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"],
		],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	const exit = new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject));
	let held = Buffer.alloc(0);
	try {
		for await (const chunk of child.stdout) {
			held = Buffer.concat([held, chunk as Buffer]);
			for (; held.length >= bytes; held = held.subarray(bytes)) yield held.subarray(0, bytes);
		}
		if ((await exit) !== 0) throw new Error(`ffmpeg could not decode ${path}`);
		if (held.length > 0) throw new Error(`${path}: the pictures are not ${size.width}x${size.height}`);
	} finally {
		child.kill();
	}
}

/** Mean quality of `decoded` against `source` over all their frames, which must be as many in both. */
export async function measure(source: string, decoded: string, size: FrameSize, limit?: number): Promise<Quality> {
	const frames: Quality[] = [];
	const test = pictures(decoded, size);
	for await (const picture of pictures(source, size, limit)) {
		const next = await test.next();
		if (next.done === true) throw new Error(`${decoded} ends after ${frames.length} frames`);
		frames.push(compareFrames(picture, next.value, size));
	}
	const surplus = await test.next();
	if (surplus.done !== true) throw new Error(`${decoded} has more frames than its source`);
	return meanQuality(frames);
}
