/**
 * How old a live picture is when a viewer sees it: the SDK in Chromium films a clock, the local edge cuts it, hls.js in low-latency mode
 * in another tab plays it and reads the clock off its own pixels. `node bench/sdk/live.ts` writes `bench/sdk/RESULTS.md`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type Hls from "hls.js";
import type { Page } from "playwright-core";
import { startLocalEdge } from "../../scripts/local-edge.ts";
import type { LocalEdge } from "../../scripts/local-edge.ts";
import type { UploadOptions } from "../../sdk/index.ts";
import { openBrowser } from "../../sdk/testing/browser.ts";
import type { BrowserBench } from "../../sdk/testing/browser.ts";
import { table, writeSection } from "../results.ts";

const SECONDS = 45;
/** Seconds of playing before a player has settled. */
const SETTLE_SECONDS = 8;
const CAMERA = { width: 320, height: 180, frameRate: 15 };
/** 20 bits of milliseconds: 17 minutes until the clock begins again. */
const CELLS = { columns: 5, rows: 4 };
const HLS = fileURLToPath(new URL("../../node_modules/hls.js/dist/hls.min.js", import.meta.url));

const RUNS: readonly { readonly name: string; readonly options: Partial<UploadOptions> }[] = [
	{ name: "base alone", options: { backend: "none" } },
	{ name: "enhancement on WASM", options: { backend: "wasm" } },
];

/** One look at the screen, milliseconds since 1970 and of delay. */
type Seen = { readonly at: number; readonly delay: number };
type Viewer = { Hls: typeof Hls; seen: Seen[] };

/** Runs in the viewer's page: plays, and reads the clock four times a second. */
const play = ({ master, columns, rows }: { master: string; columns: number; rows: number }): void => {
	const page = globalThis as unknown as Viewer;
	const video = document.createElement("video");
	video.muted = true;
	document.body.append(video);
	const hls = new page.Hls({ lowLatencyMode: true });
	hls.loadSource(master);
	hls.attachMedia(video);
	void video.play();
	page.seen = [];
	const canvas = document.createElement("canvas");
	canvas.width = columns;
	canvas.height = rows;
	const context = canvas.getContext("2d", { willReadFrequently: true });
	setInterval(() => {
		if (context === null || video.readyState < 2 || video.videoWidth === 0) return;
		// The middle of each cell: the cells' edges are where the codec is least exact.
		for (let bit = 0; bit < columns * rows; bit++) {
			const [column, row] = [bit % columns, Math.floor(bit / columns)];
			const [width, height] = [video.videoWidth / columns, video.videoHeight / rows];
			const middle = [(column + 0.25) * width, (row + 0.25) * height, width / 2, height / 2] as const;
			context.drawImage(video, ...middle, column, row, 1, 1);
		}
		const { data } = context.getImageData(0, 0, columns, rows);
		let clock = 0;
		for (let bit = 0; bit < columns * rows; bit++) clock += (data[4 * bit] ?? 0) > 127 ? 2 ** bit : 0;
		const now = Date.now();
		const turn = 2 ** (columns * rows);
		page.seen.push({ at: now, delay: (((now - clock) % turn) + turn) % turn });
	}, 250);
};

const median = (values: readonly number[]): number =>
	values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

const watch = async (page: Page, master: string): Promise<void> => {
	await page.addScriptTag({ path: HLS });
	for (let tries = 0; !(await fetch(master)).ok; tries++) {
		if (tries > 1200) throw new Error("the edge has nothing to play after two minutes");
		await sleep(100);
	}
	await page.evaluate(play, { master, ...CELLS });
};

const measure = async (bench: BrowserBench, edge: LocalEdge, run: (typeof RUNS)[number]): Promise<string[]> => {
	const options = { endpoint: edge.url, token: edge.apiKey, title: run.name, ...run.options };
	const id = await bench.page.evaluate(
		([camera, cells, given]) => globalThis.bench.beginClock(camera, cells, given),
		[CAMERA, CELLS, options] as const,
	);
	let master: string | undefined;
	for (let tries = 0; master === undefined; tries++) {
		// Loading and measuring come first.
		if (tries > 1800) throw new Error("the upload made no asset within three minutes");
		await sleep(100);
		master = await bench.page.evaluate((upload) => globalThis.bench.assetOf(upload)?.masterUrl, id);
	}
	const viewer = await bench.another();
	await watch(viewer, master);
	await sleep(1000 * SECONDS);
	const seen = await viewer.evaluate(() => (globalThis as unknown as Viewer).seen);
	const { error, result, last } = await bench.page.evaluate((upload) => globalThis.bench.finishClock(upload), id);
	await viewer.close();
	if (result === undefined || last === undefined) throw new Error(`the upload failed: ${error?.message}`);
	const start = (seen[0]?.at ?? 0) + 1000 * SETTLE_SECONDS;
	const settled = seen.filter(({ at }) => at >= start).map(({ delay }) => delay / 1000);
	if (settled.length < 40) throw new Error(`the player showed too little: ${settled.length} looks`);
	const third = Math.floor(settled.length / 3);
	const { width, height, kind } = result.backend;
	const dropped = last.framesDropped;
	return [
		run.name,
		`${kind === "none" ? "base" : kind} at ${width}x${height}`,
		(result.frames / result.duration).toFixed(1),
		`${((100 * dropped) / (dropped + result.frames)).toFixed(0)} %`,
		median(settled.slice(0, third)).toFixed(2),
		median(settled.slice(third, 2 * third)).toFixed(2),
		median(settled.slice(2 * third)).toFixed(2),
		Math.max(...settled).toFixed(2),
	];
};

const HEAD = [
	...["upload", "coded by", "frames a second", "left out"],
	...["delay, first third s", "second s", "last s", "largest s"],
];

const folder = mkdtempSync(join(tmpdir(), "crescendo-live-"));
const edge = await startLocalEdge({ port: 0, data: join(folder, "data"), apiKey: "bench" });
const bench = await openBrowser(folder, ["--autoplay-policy=no-user-gesture-required"]);
try {
	const rows: string[][] = [];
	for (const run of RUNS) {
		await bench.reload();
		rows.push(await measure(bench, edge, run));
		const { width, height, frameRate } = CAMERA;
		const report = `## Delay of a live camera

\`node bench/sdk/live.ts\`, ${cpus().length} cores, otherwise idle. The SDK films a clock (${width}x${height}, ${frameRate} frames a second), the local edge cuts it, hls.js in low-latency mode plays it
in another tab and reads the clock off its pixels: the delay is that of the whole way, SDK, edge and player on one machine. Medians over thirds of
${SECONDS - SETTLE_SECONDS} s, from ${SETTLE_SECONDS} s after playback began. "Left out" are pictures that the encoder was too slow for.

${table(HEAD, rows)}`;
		await writeSection("live", report, fileURLToPath(new URL("RESULTS.md", import.meta.url)));
		process.stdout.write(`${report}\n`);
	}
} finally {
	await bench.close();
	await edge.stop();
	rmSync(folder, { recursive: true, force: true });
}
