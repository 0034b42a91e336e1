import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { frameTypeOf } from "../../codec/bitstream/frame-header.ts";
import { readSample } from "../../codec/bitstream/sample.ts";
import { codingUnits } from "../../codec/enhancement/coding-units.ts";
import { bytesSource, FragmentedFileReader } from "../../codec/mp4/reader.ts";
import type { Sample } from "../../codec/sample.ts";
import type { ResultCache } from "./cache.ts";
import type { Measurement } from "./measure-opponent.ts";
import type { Quality } from "./metrics.ts";
import { MotionShares } from "./motion-shares.ts";
import { quarterSize, writeQuarter } from "./quarter.ts";
import { type ClipFacts, measure } from "./video.ts";

const run = promisify(execFile);
const tool = fileURLToPath(new URL("../../cli/crescendo.ts", import.meta.url));

/** Where the bytes of one file are. Their sum is the size of the file. */
export interface Shares {
	readonly base: number;
	readonly motion: number;
	readonly latents: number;
	/** Frame headers, hashes and check sums of the enhancement. */
	readonly headers: number;
	/** Everything that is no sample: boxes. */
	readonly container: number;
}

/** One file of ours. */
export interface CrescendoMeasurement extends Measurement {
	readonly shares: Shares;
	/** PSNR-Y in dB of the base alone, bicubically enlarged to full size. */
	readonly basePsnrY: number;
	/** Quality of the base against the source at base size. */
	readonly base: Quality;
}

/**
 * Encodes `clip` by the command line tool at every q, decodes the files with it and measures the result.
 *
 * @param flags more of the tool's
 */
export async function measureCrescendo(
	clip: string,
	facts: ClipFacts,
	qualities: readonly number[],
	version: string,
	cache: ResultCache,
	frames?: number,
	flags: readonly string[] = [],
): Promise<CrescendoMeasurement[]> {
	const results: CrescendoMeasurement[] = [];
	for (const q of qualities) {
		const name = `${basename(clip, ".mp4")}-crescendo-${q}`;
		const key = { clip: basename(clip), q, version, frames, ...(flags.length > 0 && { flags }) };
		results.push(await cache.get(name, key, () => encodeAndMeasure(clip, facts, q, frames, flags)));
	}
	return results;
}

async function encodeAndMeasure(
	clip: string,
	facts: ClipFacts,
	q: number,
	frames: number | undefined,
	flags: readonly string[],
): Promise<CrescendoMeasurement> {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-rd-"));
	try {
		const path = (name: string) => join(folder, name);
		const [file, full, base, quarter] = [path("out.mp4"), path("full.y4m"), path("base.y4m"), path("quarter.y4m")];
		const limit = [...(frames === undefined ? [] : ["--frames", String(frames)]), ...flags];
		await crescendo("encode", clip, "-o", file, "--q", String(q), "--audio", "none", ...limit);
		await crescendo("decode", file, "--layer", "full", "-o", full);
		await crescendo("decode", file, "--layer", "base", "-o", base);
		const bytes = await readFile(file);
		const options = frames === undefined ? {} : { limit: frames };
		const enlarge = `scale=iw*4:ih*4:flags=bicubic,crop=${facts.width}:${facts.height}:0:0`;
		await writeQuarter(clip, facts, quarter, frames);
		const enlarged = await measure(clip, base, facts, { ...options, filter: enlarge });
		return {
			setting: q,
			bytes: bytes.length,
			...(await measure(clip, full, facts, options)),
			shares: await sharesOf(bytes),
			basePsnrY: enlarged.psnrY,
			base: await measure(quarter, base, quarterSize(facts)),
		};
	} finally {
		await rm(folder, { recursive: true });
	}
}

async function crescendo(...parameters: string[]): Promise<void> {
	await run(process.execPath, [tool, ...parameters], { maxBuffer: 64 * 2 ** 20 });
}

/** Reads the file again and counts. */
export async function sharesOf(file: Uint8Array): Promise<Shares> {
	const reader = await FragmentedFileReader.open(bytesSource(file));
	let [base, motion, latents, headers] = [0, 0, 0, 0];
	for (const { id, track } of reader.tracks) {
		if (track.kind === "base") for await (const { data } of reader.samples(id)) base += data.length;
		if (track.kind !== "enhancement") continue;
		const shares = new MotionShares(track.width, track.height);
		const isBidirectional = ({ data }: Sample) => frameTypeOf(data) === "bidirectional";
		for await (const unit of codingUnits(reader.samples(id), isBidirectional)) {
			for (const { data } of unit) {
				const parts = readSample(data);
				const moved = shares.bytesOf(parts);
				motion += moved;
				latents += parts.payload.length - moved;
				headers += data.length - parts.payload.length;
			}
		}
	}
	return { base, motion, latents, headers, container: file.length - base - motion - latents - headers };
}
