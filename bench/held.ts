import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { bytesSource, FragmentedFileReader } from "../codec/mp4/reader.ts";
import { compareFrames, type FrameSize } from "./rd/metrics.ts";
import { pictures } from "./rd/video.ts";
import { table, writeSection } from "./results.ts";

/**
 * `npm run bench:held [-- --clips FOLDER --q N --frames N]`: the first picture of every evaluation clip, its middle 256x192,
 * held: what a frame of a still picture costs after the intra frame, and how much of the intra frame's quality stays.
 */
const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
	options: {
		clips: { type: "string", default: join(root, "../shared/data/eval") },
		q: { type: "string", default: "32" },
		frames: { type: "string", default: "30" },
	},
});
const SIZE: FrameSize = { width: 256, height: 192 };
const RATE = 25;
const frames = Number(values.frames);

const rows: string[][] = [];
const folder = await mkdtemp(join(tmpdir(), "crescendo-held-"));
try {
	for (const file of (await readdir(values.clips)).filter((name) => name.endsWith(".mp4")).toSorted()) {
		const [source, coded, decoded] = ["source.y4m", "coded.mp4", "decoded.y4m"].map((name) =>
			join(folder, name),
		) as [string, string, string];
		const hold = `crop=${SIZE.width}:${SIZE.height},loop=loop=${frames - 1}:size=1:start=0,setpts=N/${RATE}/TB,fps=${RATE}`;
		await run("ffmpeg", [
			...["-v", "error", "-y", "-i", join(values.clips, file), "-vf", hold, "-frames:v", String(frames)],
			...["-pix_fmt", "yuv420p", source],
		]);
		const crescendo = (...parameters: string[]) =>
			run(process.execPath, [join(root, "cli/crescendo.ts"), ...parameters, "--quiet"]);
		await crescendo("encode", source, "-o", coded, "--q", values.q);
		await crescendo("decode", coded, "--layer", "full", "-o", decoded);
		const [first = 0, ...later] = await sampleBytes(coded);
		const quality = await psnrOfFrames(source, decoded);
		const mean = later.reduce((sum, bytes) => sum + bytes, 0) / later.length;
		rows.push([
			basename(file, ".mp4"),
			String(first),
			mean.toFixed(0),
			`${((100 * mean) / first).toFixed(2)} %`,
			(quality[0] ?? 0).toFixed(2),
			(quality.at(-1) ?? 0).toFixed(2),
		]);
		process.stderr.write(`${rows.at(-1)?.join("  ")}\n`);
	}
} finally {
	await rm(folder, { recursive: true });
}

const report = [
	"## Held pictures",
	"",
	`\`npm run bench:held\`: the middle ${SIZE.width}x${SIZE.height} of each clip's first picture, ${frames} times, at q ${values.q}.`,
	"Bytes are samples of the enhancement; PSNR-Y in dB against the source.",
	"",
	table(
		["clip", "intra frame, bytes", "P frame, bytes", "of the intra frame", "PSNR-Y, first", "PSNR-Y, last"],
		rows,
	),
].join("\n");
console.log(report);
await writeSection("held", report);

/** Bytes of each enhancement sample of a file. */
async function sampleBytes(path: string): Promise<number[]> {
	const reader = await FragmentedFileReader.open(bytesSource(await readFile(path)));
	const bytes: number[] = [];
	for (const { id, track } of reader.tracks) {
		if (track.kind !== "enhancement") continue;
		for await (const sample of reader.samples(id)) bytes.push(sample.data.length);
	}
	return bytes;
}

async function psnrOfFrames(source: string, decoded: string): Promise<number[]> {
	const quality: number[] = [];
	const theirs = pictures(decoded, SIZE);
	for await (const picture of pictures(source, SIZE)) {
		const { value } = await theirs.next();
		if (value === undefined) throw new Error(`${decoded} has fewer than ${frames} frames`);
		quality.push(compareFrames(picture, value, SIZE).psnrY);
	}
	return quality;
}
