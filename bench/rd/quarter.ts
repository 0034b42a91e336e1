import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { downscalePicture } from "../../codec/picture/downscale.ts";
import { geometryOf } from "../../codec/picture/geometry.ts";
import { y4mFrame, y4mHeader } from "../../codec/picture/y4m.ts";
import type { ResultCache } from "./cache.ts";
import type { Measurement } from "./measure-opponent.ts";
import { type FrameSize, frameBytes } from "./metrics.ts";
import { gopFrames, OPPONENTS } from "./opponents.ts";
import { type ClipFacts, measure, pictures } from "./video.ts";

/**
 * The base by itself: a stream of a quarter of width and height, against H.264 of the same pictures at the same size. Bytes are those of
 * the samples, quality is that against the source at base size.
 */
const run = promisify(execFile);

/** What the base is compared with. */
const H264 = OPPONENTS[0];

/** Width and height of a clip's base. */
export function quarterSize({ width, height }: FrameSize): FrameSize {
	const { baseWidth, baseHeight } = geometryOf(width, height);
	return { width: baseWidth, height: baseHeight };
}

/** Writes the first `limit` pictures of a clip at base size, as YUV4MPEG2. */
export async function writeQuarter(clip: string, facts: ClipFacts, path: string, limit?: number): Promise<void> {
	const { width, height } = facts;
	const luma = width * height;
	const chroma = (frameBytes(facts) - luma) / 2;
	const rate = { numerator: Math.round(facts.rate * 1000), denominator: 1000 };
	async function* stream(): AsyncGenerator<Uint8Array> {
		yield y4mHeader({ ...quarterSize(facts), rate, chroma: "420jpeg", fullRange: false });
		for await (const bytes of pictures(clip, facts, limit === undefined ? {} : { limit })) {
			const y = bytes.subarray(0, luma);
			const u = bytes.subarray(luma, luma + chroma);
			const v = bytes.subarray(luma + chroma);
			yield* y4mFrame(downscalePicture({ width, height, y, u, v, timestamp: 0 }));
		}
	}
	await pipeline(Readable.from(stream()), createWriteStream(path));
}

/** H.264 of the clip at base size, at every setting; kept results are not computed again. */
export async function measureQuarter(
	clip: string,
	facts: ClipFacts,
	cache: ResultCache,
	frames?: number,
): Promise<Measurement[]> {
	if (H264 === undefined) throw new Error("there is no opponent");
	const size = quarterSize(facts);
	const folder = await mkdtemp(join(tmpdir(), "crescendo-rd-"));
	const [source, file] = [join(folder, "source.y4m"), join(folder, "out.mp4")];
	const encode = async (encoder: readonly string[], setting: number): Promise<Measurement> => {
		await writeQuarter(clip, facts, source, frames);
		await run("ffmpeg", ["-v", "error", "-y", "-i", source, ...encoder, file]);
		return { setting, bytes: await sampleBytes(file), ...(await measure(source, file, size)) };
	};
	try {
		const results: Measurement[] = [];
		for (const setting of H264.qualities) {
			const encoder = H264.arguments(setting, gopFrames(facts.rate));
			const name = `${basename(clip, ".mp4")}-quarter-${H264.name}-${setting}`;
			const key = { clip: basename(clip), quarter: encoder, frames };
			results.push(await cache.get(name, key, () => encode(encoder, setting)));
		}
		return results;
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** Bytes of the samples of a file with one video track. */
async function sampleBytes(file: string): Promise<number> {
	const { stdout } = await run("ffprobe", [
		...["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0", file],
	]);
	return stdout.split("\n").reduce((sum, line) => sum + Number(line.replace(",", "")), 0);
}
