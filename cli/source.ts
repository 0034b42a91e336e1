import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { FfmpegProcess } from "../codec/base/ffmpeg.ts";
import { CodecError } from "../codec/errors.ts";
import { chromaSide } from "../codec/picture/geometry.ts";
import type { Picture } from "../codec/picture/picture.ts";
import { readY4m, type Y4mFormat, type Y4mReader } from "../codec/picture/y4m.ts";
import type { ColourSpace } from "../codec/track.ts";
import { inputArguments, probeMedia } from "./probe.ts";

/** Pictures to encode. */
export type VideoSource = {
	readonly format: Y4mFormat;
	readonly colour: ColourSpace;
	/** Frames, where they can be told beforehand. */
	readonly frames: number | undefined;
	/** Codec of the audio beside, for ffmpeg to read; undefined where there is none. */
	readonly audioCodec: string | undefined;
	/** In order, at a constant rate; to be read once. */
	readonly pictures: AsyncGenerator<Picture, void, undefined>;
};

/**
 * Opens a video: y4m itself (`-` is standard input), anything else through an ffmpeg on PATH.
 * @throws CodecError for what cannot be read, the file system's error where there is no such file
 */
export const openSource = async (path: string, signal: AbortSignal): Promise<VideoSource> => {
	if (path === "-") return fromY4m(await readY4m(process.stdin), undefined);
	const { size } = await requireFile(path);
	if (await isY4m(path)) {
		const reader = await readY4m(createReadStream(path, { signal }));
		const { width, height } = reader.format;
		const frameBytes = 6 + width * height + 2 * chromaSide(width) * chromaSide(height);
		return fromY4m(reader, Math.floor(size / frameBytes));
	}
	const { colour, frames, audioCodec } = await probeMedia(path, signal);
	// Constant rate, upright, 8-bit 4:2:0, in the range that it has.
	const pixels = colour.fullRange ? "yuvj420p" : "yuv420p";
	const child = new FfmpegProcess(
		[
			...inputArguments(path),
			...[
				"-map",
				"0:v:0",
				"-fps_mode",
				"cfr",
				"-pix_fmt",
				pixels,
				"-strict",
				"-1",
				"-f",
				"yuv4mpegpipe",
				"pipe:1",
			],
		],
		{ signal },
	);
	child.end();
	const { format, pictures } = await readY4m(child.output()).catch((error: unknown) => {
		throw child.killed ? error : withoutPicture(path, error);
	});
	return { format, colour, frames, audioCodec, pictures };
};

/**
 * What ffmpeg ends with before the first picture is mostly the file's fault: a header alone, a download that was cut. Its own words
 * say more: a decoder that it was built without, for one.
 */
const withoutPicture = (path: string, error: unknown): unknown => {
	if (!(error instanceof CodecError) || error.code !== "backend-failed") return error;
	return new CodecError("invalid-file", `${path} has no picture that ffmpeg can decode; ${error.message}.`, {
		hint: "The file may have been cut short, or need a decoder that this ffmpeg lacks.",
		cause: error,
	});
};

const fromY4m = ({ format, pictures }: Y4mReader, frames: number | undefined): VideoSource => ({
	format,
	colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: format.fullRange },
	frames,
	audioCodec: undefined,
	pictures,
});

/** The file's size. @throws CodecError `invalid-file` for what is no file; the file system's error */
const requireFile = async (path: string): Promise<{ readonly size: number }> => {
	const found = await stat(path);
	if (!found.isFile()) throw new CodecError("invalid-file", `${path} is no regular file.`);
	if (found.size === 0) throw new CodecError("invalid-file", `${path} is empty.`);
	return found;
};

const isY4m = async (path: string): Promise<boolean> => {
	const handle = await open(path);
	try {
		const { buffer, bytesRead } = await handle.read(new Uint8Array(9), 0, 9, 0);
		return bytesRead === 9 && String.fromCharCode(...buffer) === "YUV4MPEG2";
	} finally {
		await handle.close();
	}
};
