import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { bytesSource, FragmentedFileReader } from "../codec/mp4/reader.ts";
import { table, writeSection } from "./results.ts";

/**
 * `npm run bench:bitrate [-- --clips FOLDER --bitrate N --frames N]`: every evaluation clip, forth and back until it is long enough, and all
 * of them one after the other, coded at a target bitrate: how far any ten seconds are from it, and how full a player's buffer gets.
 */
const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
	options: {
		clips: { type: "string", default: join(root, "../shared/data/eval") },
		bitrate: { type: "string", default: "120000" },
		frames: { type: "string", default: "300" },
	},
});
const [WIDTH, HEIGHT, RATE] = [256, 144, 25];
const WINDOW = 10 * RATE;
/** Boxes of a frame in both layers, as the rate control counts them. */
const CONTAINER_BITS = 8 * 12;
/** Seconds of the target that frames may be beyond it: `RateControlOptions.buffer`. */
const BUFFER_SECONDS = 0.6;
const bitrate = Number(values.bitrate);
const frames = Number(values.frames);
const scaled = `fps=${RATE},scale=${WIDTH}:${HEIGHT}:flags=bicubic,setsar=1,format=yuv420p`;

const clips = (await readdir(values.clips)).filter((name) => name.endsWith(".mp4")).toSorted();
const folder = await mkdtemp(join(tmpdir(), "crescendo-bitrate-"));
const rows: string[][] = [];
try {
	for (const clip of clips) {
		const forthAndBack = `${scaled},split[a][b];[b]reverse[r];[a][r]concat,loop=loop=-1:size=${frames}:start=0`;
		await measure(basename(clip, ".mp4"), ["-i", join(values.clips, clip), "-filter_complex", forthAndBack]);
	}
	const every = clips.flatMap((clip) => ["-i", join(values.clips, clip)]);
	const chains = clips.map((_, i) => `[${i}:v]${scaled},setpts=PTS-STARTPTS[v${i}]`);
	const joined = `${chains.join(";")};${clips.map((_, i) => `[v${i}]`).join("")}concat=n=${clips.length}`;
	await measure("all, one after the other", [...every, "-filter_complex", joined]);
} finally {
	await rm(folder, { recursive: true });
}

/** Codes what ffmpeg makes of `input`, and adds a row. */
async function measure(name: string, input: readonly string[]): Promise<void> {
	const [source, coded] = [join(folder, "source.y4m"), join(folder, "coded.mp4")];
	await run("ffmpeg", [...["-v", "error", "-y"], ...input, "-frames:v", String(frames), "-an", source]);
	await run(process.execPath, [
		...[join(root, "cli/crescendo.ts"), "encode", source, "-o", coded, "--bitrate", values.bitrate, "--quiet"],
	]);
	const bits = await frameBits(coded);
	const total = bits.reduce((sum, size) => sum + size, 0);
	const windows = bits
		.slice(WINDOW - 1)
		.map((_, i) => bits.slice(i, i + WINDOW).reduce((sum, size) => sum + size, 0));
	const worst = Math.max(...windows.map((window) => Math.abs(window / (10 * bitrate) - 1)));
	rows.push([
		name,
		String(bits.length),
		percent(total / bits.length / (bitrate / RATE) - 1),
		windows.length > 0 ? percent(worst) : "too short",
		percent(fullest(bits) / (BUFFER_SECONDS * bitrate)),
	]);
	process.stderr.write(`${rows.at(-1)?.join("  ")}\n`);
}

/** Bits of each frame, in all layers. */
async function frameBits(path: string): Promise<number[]> {
	const reader = await FragmentedFileReader.open(bytesSource(await readFile(path)));
	const bits: number[] = [];
	for (const { id } of reader.tracks) {
		let index = 0;
		for await (const { data } of reader.samples(id)) {
			bits[index] = (bits[index] ?? CONTAINER_BITS) + 8 * data.length;
			index++;
		}
	}
	return bits;
}

/** The most that frames were ever beyond the target, in bits; what was saved counts as far as the buffer is long. */
function fullest(bits: readonly number[]): number {
	let [now, most] = [0, 0];
	for (const size of bits) {
		now = Math.max(now + size - bitrate / RATE, -BUFFER_SECONDS * bitrate);
		most = Math.max(most, now);
	}
	return most;
}

function percent(share: number): string {
	return `${(100 * share).toFixed(1)} %`;
}

const report = [
	"## Target bitrate",
	"",
	`\`npm run bench:bitrate\`: ${WIDTH}x${HEIGHT}, ${RATE} frames a second, \`--bitrate ${values.bitrate}\` for base and enhancement; clips go forth and back.`,
	"Worst: the largest deviation of any ten seconds. Buffer: how far frames were beyond the target, of the bound.",
	"",
	table(["clip", "frames", "mean", "worst ten seconds", "buffer"], rows),
].join("\n");
console.log(report);
await writeSection("bitrate", report);
