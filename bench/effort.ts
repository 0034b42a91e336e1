import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { EFFORTS } from "../codec/enhancement/effort.ts";
import { bdRate } from "./rd/bd-rate.ts";
import { ResultCache } from "./rd/cache.ts";
import { codecVersion } from "./rd/codec-version.ts";
import { type CrescendoMeasurement, measureCrescendo } from "./rd/measure-crescendo.ts";
import { msSsimDecibel } from "./rd/metrics.ts";
import { probe } from "./rd/video.ts";
import { table, writeSection } from "./results.ts";

/**
 * `npm run bench:effort [-- --clips FOLDER --only NAME,NAME --frames N]`: what each `--effort`, and each thing that an encoder may leave
 * out, costs and gains: rate at equal quality against `normal`, and time.
 */
const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
	options: {
		clips: { type: "string", default: join(root, "../shared/data/eval") },
		only: { type: "string", default: "basketball,car-roundabout" },
		frames: { type: "string", default: "24" },
	},
});
const QUALITIES = [8, 32, 56];
const REFERENCE = "normal";
const VARIANTS: readonly { readonly title: string; readonly flags: readonly string[] }[] = [
	...Object.keys(EFFORTS).map((effort) => ({ title: effort, flags: ["--effort", effort] })),
	{ title: "normal, blocks alike", flags: ["--adaptive-quality", "0"] },
	{ title: "normal, base by x264 veryfast", flags: ["--base-preset", "veryfast"] },
];

const names = values.only.split(",");
const clips = (await readdir(values.clips)).filter((file) => names.some((name) => file.startsWith(name))).toSorted();
const frames = Number(values.frames);
const cache = new ResultCache(join(root, ".crescendo/bench"));
const version = await codecVersion(root);

type Variant = { readonly points: readonly CrescendoMeasurement[][]; readonly framesPerSecond: readonly number[] };
const measured = new Map<string, Variant>();
for (const { title, flags } of VARIANTS) {
	const points: CrescendoMeasurement[][] = [];
	const framesPerSecond: number[] = [];
	for (const file of clips) {
		const clip = join(values.clips, file);
		points.push(await measureCrescendo(clip, await probe(clip), QUALITIES, version, cache, frames, flags));
		framesPerSecond.push(await speedOf(clip, flags));
	}
	measured.set(title, { points, framesPerSecond });
	process.stderr.write(`${title}\n`);
}

/** Frames a second of an encode at the middle quality; one after the other, nothing cached. */
async function speedOf(clip: string, flags: readonly string[]): Promise<number> {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-effort-"));
	try {
		const { stdout } = await run(process.execPath, [
			...[join(root, "cli/crescendo.ts"), "encode", clip, "-o", join(folder, "out.mp4"), "--q", "32"],
			...["--frames", values.frames, "--audio", "none", "--json", "--quiet", ...flags],
		]);
		const { framesPerSecond }: { framesPerSecond: number } = JSON.parse(stdout);
		return framesPerSecond;
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** Mean over clips, in percent, of the rate at equal quality. */
function gain(title: string, quality: (point: CrescendoMeasurement) => number): string {
	const [reference, variant] = [measured.get(REFERENCE), measured.get(title)];
	if (reference === undefined || variant === undefined) throw new Error(`${title} was not measured`);
	const curve = (points: readonly CrescendoMeasurement[] = []) =>
		points.map((point) => ({ rate: point.bytes, quality: quality(point) }));
	const rates = clips.map((_, i) => bdRate(curve(reference.points[i]), curve(variant.points[i])).percent);
	const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
	return `${mean >= 0 ? "+" : ""}${mean.toFixed(1)} %`;
}

const titles = clips.map((file) => basename(file, ".mp4"));
const report = [
	"## Effort",
	"",
	`\`npm run bench:effort\`: ${titles.join(" and ")}, the first ${frames} frames, q ${QUALITIES.join(", ")}; rate at equal quality against \`--effort ${REFERENCE}\`, mean of the clips.`,
	"Frames a second at q 32, with everything that the command does.",
	"",
	table(
		["", "PSNR-YUV", "MS-SSIM", ...titles.map((title) => `frames/s, ${title}`)],
		VARIANTS.map(({ title }) => [
			title,
			gain(title, (point) => point.psnrYuv),
			gain(title, (point) => msSsimDecibel(point.msSsim)),
			...(measured.get(title)?.framesPerSecond ?? []).map((speed) => speed.toFixed(2)),
		]),
	),
].join("\n");
console.log(report);
await writeSection("effort", report);
