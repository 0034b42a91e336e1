import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { compareFrames, type FrameSize, frameBytes, meanQuality, type Quality } from "./metrics.ts";

const run = promisify(execFile);

/** What the bench must know of a clip. */
export interface ClipFacts extends FrameSize {
	/** Frames a second. */
	readonly rate: number;
	/** Frames in all. */
	readonly frames: number;
}

/** Size and rate of a video file, by ffprobe. */
export async function probe(path: string): Promise<ClipFacts> {
	const { stdout } = await run("ffprobe", [
		...["-v", "error", "-select_streams", "v:0", "-of", "json", "-count_packets"],
		...["-show_entries", "stream=width,height,r_frame_rate,nb_read_packets", path],
	]);
	const parsed: { streams?: { width: number; height: number; r_frame_rate: string; nb_read_packets: string }[] } =
		JSON.parse(stdout);
	const stream = parsed.streams?.[0];
	if (stream === undefined) throw new Error(`${path}: no video stream`);
	const [numerator, denominator] = stream.r_frame_rate.split("/").map(Number);
	return {
		width: stream.width,
		height: stream.height,
		rate: (numerator ?? 0) / (denominator ?? 1),
		frames: Number(stream.nb_read_packets),
	};
}

/** What to take of a file. */
export interface PictureOptions {
	/** Only the first so many frames. */
	readonly limit?: number;
	/** One of ffmpeg's filters, whose result must have the size asked for. */
	readonly filter?: string;
}

/** The pictures of any file that ffmpeg reads, one after the other, as 8-bit planar 4:2:0. */
export async function* pictures(
	path: string,
	size: FrameSize,
	{ limit, filter }: PictureOptions = {},
): AsyncGenerator<Uint8Array> {
	const bytes = frameBytes(size);
	const child = spawn(
		"ffmpeg",
		[
			...["-v", "error", "-threads", "1", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough"],
			...(limit === undefined ? [] : ["-frames:v", String(limit)]),
			...(filter === undefined ? [] : ["-vf", filter]),
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

/**
 * Mean quality of `decoded` (through `filter`, if given) against the first `limit` frames of `source`.
 * @throws Error where the two do not have equally many
 */
export async function measure(
	source: string,
	decoded: string,
	size: FrameSize,
	options: PictureOptions = {},
): Promise<Quality> {
	const { limit, filter } = options;
	const frames: Quality[] = [];
	const test = pictures(decoded, size, filter === undefined ? {} : { filter });
	for await (const picture of pictures(source, size, limit === undefined ? {} : { limit })) {
		const next = await test.next();
		if (next.done === true) throw new Error(`${decoded} ends after ${frames.length} frames`);
		frames.push(compareFrames(picture, next.value, size));
	}
	const surplus = await test.next();
	if (surplus.done !== true) throw new Error(`${decoded} has more frames than its source`);
	return meanQuality(frames);
}
