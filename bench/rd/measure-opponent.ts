import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { ResultCache } from "./cache.ts";
import type { Quality } from "./metrics.ts";
import { gopFrames, type Opponent } from "./opponents.ts";
import { type ClipFacts, measure } from "./video.ts";

const run = promisify(execFile);

/** One encoded file: its size on disk and its quality. */
export interface Measurement extends Quality {
	/** The quality setting of the encoder. */
	readonly setting: number;
	readonly bytes: number;
}

/** Encodes `clip` at every setting of an opponent and measures the files; kept results are not computed again. */
export async function measureOpponent(
	clip: string,
	facts: ClipFacts,
	opponent: Opponent,
	cache: ResultCache,
	frames?: number,
): Promise<Measurement[]> {
	const results: Measurement[] = [];
	for (const setting of opponent.qualities) {
		const encoder = opponent.arguments(setting, gopFrames(facts.rate));
		const key = { clip: basename(clip), encoder, frames };
		const name = `${basename(clip, ".mp4")}-${opponent.name}-${setting}`;
		results.push(
			await cache.get(name, key, () => encodeAndMeasure(clip, facts, opponent, encoder, setting, frames)),
		);
	}
	return results;
}

async function encodeAndMeasure(
	clip: string,
	facts: ClipFacts,
	opponent: Opponent,
	encoder: readonly string[],
	setting: number,
	frames: number | undefined,
): Promise<Measurement> {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-rd-"));
	try {
		const file = join(folder, `out.${opponent.extension}`);
		const limit = frames === undefined ? [] : ["-frames:v", String(frames)];
		const input = ["-v", "error", "-i", clip, "-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p"];
		await run("ffmpeg", [...input, ...encoder, ...limit, "-map_metadata", "-1", "-fflags", "+bitexact", file]);
		return {
			setting,
			bytes: (await stat(file)).size,
			...(await measure(clip, file, facts, frames === undefined ? {} : { limit: frames })),
		};
	} finally {
		await rm(folder, { recursive: true });
	}
}
