import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runForText } from "../codec/base/ffmpeg.ts";
import { encodePart } from "../protocol/part.ts";
import { inputArguments } from "./probe.ts";

/** What stands beside the tracks of an asset, as the edge takes it: the edge decodes nothing. */
export type Stills = {
	/** JPEG. */
	readonly poster: Uint8Array<ArrayBuffer>;
	/** JPEGs with their times, in the framing of a part. */
	readonly storyboard: Uint8Array<ArrayBuffer>;
};

/** Longest sides, and ffmpeg's qualities (2 is best), about those of the SDK. */
const POSTER = { side: 1280, quality: 4 };
const BOARD = { side: 160, quality: 6 };

/** Pictures of a storyboard, at most one a second. */
const MOST = 120;

/** The first frame is often black: the poster is of a tenth of the video, but not later than this, in seconds. */
const LATEST_POSTER = 10;

/**
 * Poster and storyboard of a video, by ffmpeg.
 * @throws CodecError as ffmpeg ends, `aborted`; the file system's error
 */
export const makeStills = async (path: string, signal: AbortSignal): Promise<Stills> => {
	const seconds = await secondsOf(path, signal);
	const interval = Math.max(1, Math.ceil(seconds / MOST));
	const folder = await mkdtemp(join(tmpdir(), "crescendo-stills-"));
	try {
		const takePoster = (at: number): Promise<string> => {
			const args = ["-ss", String(at), ...inputArguments(path), "-frames:v", "1", ...jpeg(POSTER, [])];
			return runForText([...args, join(folder, "poster.jpg")], { signal });
		};
		// At each time the picture that is shown then.
		const board = jpeg(BOARD, [`fps=1/${interval}:start_time=0:round=up`]);
		const boards = [...inputArguments(path), "-frames:v", String(MOST), ...board, join(folder, "%d.jpg")];
		await takePoster(Math.min(LATEST_POSTER, seconds / 10));
		// Where the sound is much longer than the pictures there is none so late, which ffmpeg does not call an error.
		if ((await readdir(folder)).length === 0) await takePoster(0);
		await runForText(boards, { signal });
		const pictures: Uint8Array<ArrayBuffer>[] = [];
		for (let number = 1; number < (await readdir(folder)).length; number++) {
			pictures.push(await readFile(join(folder, `${number}.jpg`)));
		}
		const duration = interval * 1_000_000;
		return {
			poster: await readFile(join(folder, "poster.jpg")),
			storyboard: encodePart(
				pictures.map((data, index) => ({ data, timestamp: index * duration, duration, sync: true })),
			),
		};
	} finally {
		await rm(folder, { recursive: true });
	}
};

/** 0 where the file does not say it. */
const secondsOf = async (path: string, signal: AbortSignal): Promise<number> => {
	const args = [
		"-show_entries",
		"format=duration",
		"-of",
		"default=noprint_wrappers=1:nokey=1",
		...inputArguments(path),
	];
	const seconds = Number(await runForText(args, { tool: "ffprobe", signal }));
	return Number.isFinite(seconds) ? seconds : 0;
};

/** Square pixels, never enlarged. */
const jpeg = ({ side, quality }: typeof POSTER, filters: readonly string[]): string[] => {
	const within = `scale=w='trunc(iw*sar)':h=ih,scale=w='min(${side},iw)':h='min(${side},ih)':force_original_aspect_ratio=decrease`;
	const chain = [...filters, within, "setsar=1", "format=yuvj420p"].join();
	return ["-map", "0:v:0", "-vf", chain, "-c:v", "mjpeg", "-q:v", String(quality)];
};
