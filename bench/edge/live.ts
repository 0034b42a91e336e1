import type Hls from "hls.js";
import type { Browser } from "playwright-core";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type LocalEdge, startLocalEdge } from "../../scripts/local-edge.ts";
import { launchBrowser } from "../../test/e2e/browser.ts";
import { table, writeSection } from "../results.ts";
import { BenchClient } from "./client.ts";
import { type ClipTrack, makeClip } from "./clip.ts";

/**
 * `node bench/edge/live.ts`: a camera that uploads a piece of 800 ms every 800 ms, then one of pieces of 400 ms, and hls.js in low-latency
 * mode in Chromium that plays it meanwhile from another origin. The delay is from the moment at which a frame was "filmed" to its being
 * on the screen: the camera's own piece, the edge, and what the player keeps in hand. Fails where the player does not play, or takes none of LL-HLS's
 * ways; that it stood still on a busy machine is a result, and is told as one.
 */
const SECONDS = 60;
const PIECES_MS = [800, 400];
/** Seconds of playing before a player has settled. */
const SETTLE_SECONDS = 10;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Sends what was filmed, piece by piece as time passes. */
const film = async (
	client: BenchClient,
	asset: string,
	{ tracks, pieceMs, start }: { tracks: readonly ClipTrack[]; pieceMs: number; start: number },
): Promise<void> => {
	const counts = new Map(tracks.map(({ id }) => [id, 0]));
	// A camera does not wait for one piece to be in before it sends the next.
	const sending: Promise<void>[] = [];
	for (let from = 0; from < SECONDS * 1000; from += pieceMs) {
		const until = from + pieceMs;
		await sleep(Math.max(0, start + until - Date.now()));
		for (const { id, samples } of tracks) {
			const part = samples.filter(({ timestamp }) => timestamp >= from * 1000 && timestamp < until * 1000);
			if (part.length === 0) continue;
			const number = counts.get(id) ?? 0;
			counts.set(id, number + 1);
			sending.push(client.putPart(asset, id, number, part));
		}
	}
	await Promise.all(sending);
	await client.complete(asset, counts);
};

/** Runs in the page: plays, and notes the delay twice a second. */
type LivePage = { Hls: typeof Hls; samples: { at: number; time: number; latency: number }[] };
const play = (master: string): void => {
	const page = globalThis as unknown as LivePage;
	const video = document.createElement("video");
	video.muted = true;
	document.body.append(video);
	// Without the second, hls.js never makes up for having stood still.
	const hls = new page.Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5 });
	hls.loadSource(master);
	hls.attachMedia(video);
	page.samples = [];
	setInterval(() => page.samples.push({ at: Date.now(), time: video.currentTime, latency: hls.latency }), 500);
	void video.play();
};

/** Waits until the asset can be played: a camera may need long for its first segment where the machine is busy. */
const playable = async (master: string): Promise<void> => {
	while (!(await fetch(master)).ok) await sleep(200);
};

const quantile = (values: readonly number[], share: number): number =>
	values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

/** One live video from its first piece to its last: a row of the table. */
const measure = async (
	browser: Browser,
	edge: LocalEdge,
	tracks: readonly ClipTrack[],
	pieceMs: number,
): Promise<string[]> => {
	const client = new BenchClient(edge);
	const asset = await client.create(tracks, { partialMilliseconds: pieceMs });
	const page = await browser.newPage();
	const asked = { blocking: 0, delta: 0, pieces: 0, segments: 0 };
	page.on("request", (request) => {
		const url = request.url();
		if (url.includes("_HLS_msn")) asked.blocking += 1;
		if (url.includes("_HLS_skip")) asked.delta += 1;
		if (url.includes("/partials/")) asked.pieces += 1;
		if (url.includes("/segments/")) asked.segments += 1;
	});
	await page.addScriptTag({ path: join(ROOT, "node_modules/hls.js/dist/hls.min.js") });
	const start = Date.now();
	const filming = film(client, asset, { tracks, pieceMs, start });
	const master = `${edge.url}/v1/assets/${asset}/master.m3u8`;
	await playable(master);
	await page.evaluate(play, master);
	await filming;
	const samples = await page.evaluate(() => (globalThis as unknown as LivePage).samples);
	await page.close();
	const begun = samples.find(({ time }, index) => time > (samples[0]?.time ?? 0) && index > 0);
	if (begun === undefined) throw new Error("the player never played");
	const live = samples.filter(({ at }) => at > begun.at + SETTLE_SECONDS * 1000 && at < start + (SECONDS - 1) * 1000);
	const [first, last] = [live[0], live.at(-1)];
	if (first === undefined || last === undefined || first === last) {
		const late = ((begun.at - start) / 1000).toFixed(0);
		throw new Error(`the player began ${late} s after the camera: too late to be measured`);
	}
	if (asked.blocking < 10 || asked.delta === 0 || asked.pieces < 10) {
		throw new Error(`the player did not use LL-HLS: ${JSON.stringify(asked)}`);
	}
	const delays = live.map(({ at, time }) => (at - start) / 1000 - time);
	const seconds = (last.at - first.at) / 1000;
	return [
		`${pieceMs} ms`,
		...[quantile(delays, 0.5), quantile(delays, 0.95)].map((value) => value.toFixed(2)),
		((last.time - first.time) / seconds).toFixed(3),
		seconds.toFixed(0),
		...[asked.blocking, asked.delta, asked.pieces, asked.segments].map(String),
	];
};

const folder = await mkdtemp(join(tmpdir(), "crescendo-live-"));
const edge = await startLocalEdge({ port: 0, data: folder, apiKey: "bench" });
const browser = await launchBrowser();
try {
	const tracks = await makeClip({ seconds: SECONDS, kilobits: 400, gopSeconds: 2 });
	const rows: string[][] = [];
	for (const pieceMs of PIECES_MS) rows.push(await measure(browser, edge, tracks, pieceMs));
	const report = [
		"## Live with low latency",
		`\`node bench/edge/live.ts\`: a camera sends pieces (H.264 at 400 kbit/s, AAC), hls.js in low-latency mode, which may play half as fast again to catch up, plays them in Chromium from another origin; edge, camera and browser on one machine. Delay from the moment at which a frame was filmed to its being shown, from ${SETTLE_SECONDS} s after playback began to the end of the upload.`,
		table(
			[
				"pieces of",
				"delay, median s",
				"p95 s",
				"seconds played a second",
				"measured for, s",
				"blocking requests",
				"of them delta updates",
				"pieces",
				"segments",
			],
			rows,
		),
	].join("\n\n");
	console.log(report);
	await writeSection("live", report, fileURLToPath(new URL("RESULTS.md", import.meta.url)));
} finally {
	await browser.close();
	await edge.stop();
	await rm(folder, { recursive: true });
}
