import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ResultCache } from "./rd/cache.ts";
import { codecVersion } from "./rd/codec-version.ts";
import { drawCurves } from "./rd/curves.ts";
import { measureCrescendo } from "./rd/measure-crescendo.ts";
import { measureOpponent } from "./rd/measure-opponent.ts";
import { msSsimDecibel } from "./rd/metrics.ts";
import { OPPONENTS } from "./rd/opponents.ts";
import { measureQuarter } from "./rd/quarter.ts";
import { type ClipResult, METRICS, writeReport } from "./rd/report.ts";
import { probe } from "./rd/video.ts";
import { writeSection } from "./results.ts";

/**
 * `npm run bench:rd [-- --quick] [--clips FOLDER] [--q N,N,...] [--frames N] [--opponents N]`: every evaluation clip
 * through our command line tool and through the opponents (the first N of them, on the first N frames, if asked);
 * BD-rates, curves and a table. Results of encoders that have not changed are kept in `.crescendo/bench`.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
	options: {
		quick: { type: "boolean", default: false },
		clips: { type: "string", default: join(root, "../shared/data/eval") },
		q: { type: "string", default: "8,20,32,44,56" },
		frames: { type: "string" },
		opponents: { type: "string" },
	},
});

/** The quick subset: three clips, sixteen frames, the realtime opponents, nothing written. */
const QUICK = { clips: ["basketball", "car-roundabout", "walk"], frames: 16, opponents: 3 };

const qualities = values.q.split(",").map(Number);
if (qualities.some((q) => !Number.isInteger(q) || q < 0 || q > 63))
	throw new RangeError("--q takes numbers from 0 to 63");
const frames = values.frames === undefined ? (values.quick ? QUICK.frames : undefined) : Number(values.frames);
const opponents = OPPONENTS.slice(0, Number(values.opponents ?? (values.quick ? QUICK.opponents : OPPONENTS.length)));
const files = (await readdir(values.clips))
	.filter((name) => name.endsWith(".mp4") && (!values.quick || QUICK.clips.some((clip) => name.startsWith(clip))))
	.toSorted();
if (files.length === 0) throw new Error(`no clips in ${values.clips}`);

const cache = new ResultCache(join(root, ".crescendo/bench"));
const version = await codecVersion(root);
const results: ClipResult[] = [];
for (const file of files) {
	const clip = join(values.clips, file);
	const facts = await probe(clip);
	const count = Math.min(facts.frames, frames ?? facts.frames);
	process.stderr.write(`${file}\n`);
	results.push({
		name: basename(file, ".mp4"),
		seconds: count / facts.rate,
		crescendo: await measureCrescendo(clip, facts, qualities, version, cache, frames),
		quarter: await measureQuarter(clip, facts, cache, frames),
		opponents: await Promise.all(
			opponents.map(async (opponent) => ({
				opponent,
				points: await measureOpponent(clip, facts, opponent, cache, frames),
			})),
		),
	});
}

const { name, id } = JSON.parse(await readFile(join(root, "models/crescendo-1/model.json"), "utf8"));
const report = writeReport(results, `${name} ${id.slice(0, 8)}`, frames);
console.log(report);
if (!values.quick) {
	await writeSection("rate-distortion", report);
	const folder = join(root, "bench/curves");
	await mkdir(folder, { recursive: true });
	for (const result of results) {
		const encoders = [
			{ title: "Crescendo", points: result.crescendo },
			...result.opponents.map(({ opponent, points }) => ({ title: opponent.title, points })),
		];
		for (const { key, title } of METRICS.filter((metric) => metric.key !== "psnrY")) {
			const curves = encoders.map((encoder) => ({
				title: encoder.title,
				points: encoder.points.map((point) => ({
					rate: (point.bytes * 8) / 1000 / result.seconds,
					quality: key === "msSsim" ? msSsimDecibel(point.msSsim) : point[key],
				})),
			}));
			await writeFile(join(folder, `${result.name}-${key}.svg`), drawCurves(result.name, `${title}, dB`, curves));
		}
	}
}
