import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { EFFORTS } from "../codec/enhancement/effort.ts";
import { ResultCache } from "./rd/cache.ts";
import { codecVersion } from "./rd/codec-version.ts";
import { type Curves, clipsNamed, gainOver, measureVariant, signedPercent } from "./rd/variants.ts";
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

const on = {
	clips: await clipsNamed(values.clips, values.only.split(",")),
	qualities: QUALITIES,
	frames: Number(values.frames),
	version: await codecVersion(root),
	cache: new ResultCache(join(root, ".crescendo/bench")),
};

const curves = new Map<string, Curves>();
const speeds = new Map<string, number[]>();
for (const { title, flags } of VARIANTS) {
	curves.set(title, await measureVariant({ title, flags: () => flags }, on));
	const framesPerSecond: number[] = [];
	for (const clip of on.clips) framesPerSecond.push(await speedOf(clip, flags));
	speeds.set(title, framesPerSecond);
	process.stderr.write(`${title}\n`);
}
const reference = curves.get(REFERENCE);
if (reference === undefined) throw new Error(`${REFERENCE} was not measured`);

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

const titles = on.clips.map((clip) => basename(clip, ".mp4"));
const rows = [...curves].map(([title, variant]) => {
	const { psnrYuv, msSsim } = gainOver(reference, variant);
	const framesPerSecond = (speeds.get(title) ?? []).map((speed) => speed.toFixed(2));
	return [title, signedPercent(psnrYuv), signedPercent(msSsim), ...framesPerSecond];
});
const report = [
	"## Effort",
	"",
	`\`npm run bench:effort\`: ${titles.join(" and ")}, the first ${on.frames} frames, q ${QUALITIES.join(", ")}; rate at equal quality against \`--effort ${REFERENCE}\`, mean of the clips.`,
	"Frames a second at q 32, with everything that the command does.",
	"",
	table(["", "PSNR-YUV", "MS-SSIM", ...titles.map((title) => `frames/s, ${title}`)], rows),
].join("\n");
console.log(report);
await writeSection("effort", report);
