/**
 * What an upload promises at its start, against what becomes of it: the speed by which a tenth of a second of arithmetic chooses the size, the one
 * that half a second of measuring predicts, the wait of at most `patience` times the video's length, and a link that works within seconds. `node bench/sdk/promises.ts` writes
 * `bench/sdk/RESULTS.md`; the edge is a double in memory, so that the machine's own time is all that counts.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { table, writeSection } from "../results.ts";
import { SHORT_WAIT } from "../../sdk/stages/patience.ts";
import { framesPerSecond, REALTIME_COST } from "../../sdk/stages/plan.ts";
import { openBrowser } from "../../sdk/testing/browser.ts";
import type { BrowserBench } from "../../sdk/testing/browser.ts";

/** The sample of the Studio, cut and scaled. */
type Run = { readonly size: string; readonly seconds: number };

const RUNS: readonly Run[] = [
	{ size: "320x180", seconds: 5 },
	{ size: "640x360", seconds: 5 },
	{ size: "320x180", seconds: 9 },
	{ size: "640x360", seconds: 40 },
];

const SAMPLE = fileURLToPath(new URL("../../examples/sample/bunny.mp4", import.meta.url));

/** The default of `options.patience`. */
const PATIENCE = 2;

const make = (folder: string, { size, seconds }: Run): string => {
	const name = `${size}-${seconds}.mp4`;
	const input = [
		"-stream_loop",
		"-1",
		"-i",
		SAMPLE,
		"-t",
		String(seconds),
		"-vf",
		`scale=${size.replace("x", ":")},setsar=1`,
	];
	const codecs = ["-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-c:a", "aac"];
	execFileSync("ffmpeg", ["-v", "error", "-y", ...input, ...codecs, name], { cwd: folder });
	return name;
};

const measure = async (bench: BrowserBench, folder: string, run: Run): Promise<string[]> => {
	const address = `/fixtures/${make(folder, run)}`;
	bench.edge.assets.clear();
	await bench.reload();
	const times = await bench.page.evaluate((file) => globalThis.bench.timeUpload(file, {}), address);
	const { result, error, prepared, playable, begun, coded, done, bytesAtPlayable, last } = times;
	if (result === undefined || prepared === undefined || playable === undefined || coded === undefined) {
		throw new Error(`the upload failed: ${error?.message}`);
	}
	const { backend, frames } = result;
	const asked = `${run.size}, ${run.seconds} s`;
	const effort = backend.effort === undefined ? "" : `, ${backend.effort}`;
	const made = `${backend.kind === "none" ? "base alone" : backend.kind} at ${backend.width}x${backend.height}${effort}`;
	const allowed = Math.max(SHORT_WAIT, PATIENCE * run.seconds);
	// What is loaded before the first frame says nothing about the speed that was promised.
	const from = begun !== undefined && begun.frames < frames ? begun : { at: prepared, frames: 0 };
	const fps = (frames - from.frames) / (coded - from.at);
	// Where there is no enhancement nothing is promised: the prediction is why there is none.
	const predicted = backend.kind === "none" ? undefined : backend.predictedFps;
	const ofNormal = backend.effort === "realtime" ? REALTIME_COST : 1;
	const foretold = framesPerSecond(times.estimate, backend.width, backend.height, 1) / ofNormal;
	return [
		asked,
		made,
		predicted === undefined ? "-" : foretold.toFixed(1),
		predicted?.toFixed(1) ?? "-",
		fps.toFixed(1),
		predicted === undefined ? "-" : (fps / foretold).toFixed(2),
		predicted === undefined ? "-" : (fps / predicted).toFixed(2),
		backend.givenUp.join(", ") || "nothing",
		allowed.toFixed(0),
		done.toFixed(1),
		prepared.toFixed(1),
		playable.toFixed(1),
		`${((100 * bytesAtPlayable) / (last?.bytesUploaded ?? bytesAtPlayable)).toFixed(0)} %`,
	];
};

const HEAD = [
	...["source", "coded by", "frames a second, foretold", "promised", "real"],
	...["real by foretold", "real by promised", "given up"],
	...["wait allowed s", "wait s", "prepared after s", "playable after s", "sent by then"],
];

const folder = mkdtempSync(join(tmpdir(), "crescendo-promises-"));
const bench = await openBrowser(folder);
const rows: string[][] = [];
try {
	for (const run of RUNS) {
		rows.push(await measure(bench, folder, run));
		const report = `## What an upload promises

\`node bench/sdk/promises.ts\`, ${cpus().length} cores, otherwise idle, Chromium without a GPU, every option at its default. Foretold is by
what the size is chosen, promised what the plan counts on once networks are loaded: each four fifths of what was measured, for the effort that was chosen; real counts from the first enhanced frame on. The wait allowed is twice the video's length, or a minute; it and the seconds to "prepared" and "playable" begin
when the file is chosen and include the model's loading.

${table(HEAD, rows)}`;
		await writeSection("promises", report, fileURLToPath(new URL("RESULTS.md", import.meta.url)));
		process.stdout.write(`${report}\n`);
	}
} finally {
	await bench.close();
	rmSync(folder, { recursive: true, force: true });
}
