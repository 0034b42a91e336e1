import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { x264CrfFor } from "../codec/base/base-quality.ts";
import { ResultCache } from "./rd/cache.ts";
import { codecVersion } from "./rd/codec-version.ts";
import { type Curves, clipsNamed, gainOver, measureVariant, signedPercent } from "./rd/variants.ts";
import { table, writeSection } from "./results.ts";

/**
 * `npm run bench:base-allocation [-- --clips FOLDER --only NAME,NAME --frames N]`: how good the base should be for an enhancement. The rule of
 * `codec/base/base-quality.ts` against the same rule shifted: bytes of real files at equal full-size quality.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
	options: {
		clips: { type: "string", default: join(root, "../shared/data/eval") },
		only: { type: "string", default: "basketball,car-roundabout,walk" },
		frames: { type: "string", default: "24" },
	},
});
const QUALITIES = [8, 32, 56];
const SHIFTS = [-6, -4, -2, 0, 2, 4, 6];

const on = {
	clips: await clipsNamed(values.clips, values.only.split(",")),
	qualities: QUALITIES,
	frames: Number(values.frames),
	version: await codecVersion(root),
	cache: new ResultCache(join(root, ".crescendo/bench")),
};

const curves = new Map<number, Curves>();
for (const shift of SHIFTS) {
	const flags = (q: number) => (shift === 0 ? [] : ["--base-crf", (x264CrfFor(q) + shift).toFixed(1)]);
	curves.set(shift, await measureVariant({ title: `${shift}`, flags }, on));
	process.stderr.write(`crf ${shift}\n`);
}
const rule = curves.get(0);
if (rule === undefined) throw new Error("the rule itself was not measured");

const rows = [...curves].map(([shift, shifted]) => {
	const { psnrYuv, msSsim } = gainOver(rule, shifted);
	const bytes = shifted.flat().reduce((sum, { shares }) => sum + shares.base, 0);
	const all = shifted.flat().reduce((sum, point) => sum + point.bytes, 0);
	const name = shift === 0 ? "**the rule**" : `${shift > 0 ? "+" : ""}${shift}`;
	return [name, signedPercent(psnrYuv), signedPercent(msSsim), `${((100 * bytes) / all).toFixed(1)} %`];
});
const titles = on.clips.map((clip) => basename(clip, ".mp4"));
const report = [
	"## Base allocation",
	"",
	`\`npm run bench:base-allocation\`: ${titles.join(", ")}, the first ${on.frames} frames, q ${QUALITIES.join(", ")}; the base's crf shifted against the rule.`,
	"Rate of the files (base, enhancement and container) at equal full-size quality against the rule, mean of the clips; share of the base in the bytes.",
	"",
	table(["crf", "PSNR-YUV", "MS-SSIM", "base"], rows),
].join("\n");
console.log(report);
await writeSection("base-allocation", report);
