/**
 * Memory of an upload, from outside: resident bytes of the page's process (page and worker) while a long generated source is uploaded.
 * The browser's own process is left out: it holds the source, which came over the network here and not from a disk.
 * `node bench/sdk/memory.ts` writes `bench/sdk/RESULTS.md`; takes some minutes.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { table, writeSection } from "../results.ts";
import { serveBench } from "../../sdk/testing/serve-bench.ts";
import type { UploadOptions, UploadProgress } from "../../sdk/index.ts";
import type { UploadAccount } from "../../sdk/testing/page.ts";
import { openQuietBrowser } from "./quiet-browser.ts";
import type { Resident } from "./quiet-browser.ts";

type Run = {
	readonly name: string;
	readonly size: string;
	/** Frames a second, as ffmpeg takes it. */
	readonly rate: string;
	readonly seconds: number;
	readonly options: Partial<UploadOptions>;
};

/** Few frames a second: what grows with an upload's length are its groups, its sound, its parts and its index, not its frames. */
const RUNS: readonly Run[] = [
	{
		name: "two hours, base and sound",
		size: "1280x720",
		rate: "1/10",
		seconds: 7200,
		options: { backend: "none", gopSeconds: 10 },
	},
	{
		name: "two hours, with the enhancement on WASM",
		size: "320x180",
		rate: "1/15",
		seconds: 7200,
		options: { backend: "wasm", gopSeconds: 10, patience: 100 },
	},
	{
		// As many frames as fill every queue; each takes a second or more.
		name: "forty minutes, with the enhancement on WASM",
		size: "640x360",
		rate: "1/15",
		seconds: 2400,
		options: { backend: "wasm", gopSeconds: 10, patience: 100 },
	},
];

const MEGABYTE = 1e6;

type Seen = { readonly seconds: number; readonly page: Resident };

/** Seconds of the piece that the source repeats: generating two hours would take longer than uploading them. */
const PIECE = 60;

const generate = (folder: string, { size, rate, seconds }: Run): string => {
	const ffmpeg = (...args: readonly string[]) =>
		execFileSync("ffmpeg", ["-v", "error", "-y", ...args], { cwd: folder });
	const video = ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}:duration=${PIECE}`];
	const sound = ["-f", "lavfi", "-i", `sine=sample_rate=48000:duration=${PIECE}`];
	const codecs = [
		"-c:v",
		"libx264",
		"-preset",
		"ultrafast",
		"-pix_fmt",
		"yuv420p",
		"-g",
		"15",
		"-bf",
		"0",
		"-c:a",
		"aac",
	];
	ffmpeg(...video, ...sound, ...codecs, "piece.mp4");
	ffmpeg("-stream_loop", String(seconds / PIECE - 1), "-i", "piece.mp4", "-c", "copy", "long.mp4");
	return "/fixtures/long.mp4";
};

/** The largest value seen while the upload was between two shares of its length: all of it, and what of that is the browser's own files. */
const peak = (seen: readonly Seen[], length: number, from: number, to: number): string => {
	const within = seen.filter(({ seconds }) => seconds >= from * length && seconds <= to * length);
	return told(within.map(({ page }) => page).reduce((most, page) => (page.all > most.all ? page : most)));
};

const told = ({ all, files }: Resident): string => `${Math.round(all / MEGABYTE)} (${Math.round(files / MEGABYTE)})`;

const measure = async (run: Run): Promise<string[]> => {
	const folder = mkdtempSync(join(tmpdir(), "crescendo-memory-"));
	const address = generate(folder, run);
	const server = await serveBench(folder);
	const browser = await openQuietBrowser(`${server.origin}blank`);
	try {
		const idle = browser.memory();
		const begun = `bench.beginUpload(${JSON.stringify(address)}, ${JSON.stringify(run.options)})`;
		const id = await browser.evaluate<number>(begun);
		const seen: Seen[] = [];
		const over = new AbortController();
		const ended = browser.evaluate<UploadAccount>(`bench.finishUpload(${id})`).finally(() => over.abort());
		while (!over.signal.aborted) {
			await new Promise((resolve) => setTimeout(resolve, 500));
			const progress = await browser.evaluate<UploadProgress | undefined>(`bench.progressOf(${id})`);
			seen.push({ seconds: progress?.secondsEncoded ?? 0, page: browser.memory() });
		}
		const { error, result } = await ended;
		if (result === undefined) throw new Error(`the upload failed: ${error?.message}`);
		const { frames, duration, backend } = result;
		const at = `${backend.width}x${backend.height}`;
		const early = peak(seen, duration, 0.1, 0.4);
		const late = peak(seen, duration, 0.7, 1);
		const name = `${run.name} (${run.size}, ${frames} frames; coded at ${at})`;
		return [name, told(idle), peak(seen, duration, 0, 1), early, late];
	} finally {
		await browser.close();
		await server.close();
		rmSync(folder, { recursive: true, force: true });
	}
};

const HEAD = ["source", "idle", "peak", "peak, second to fourth tenth", "peak, last three tenths"];

const rows: string[][] = [];
for (const run of RUNS) {
	rows.push(await measure(run));
	const report = `## Memory of an upload

\`node bench/sdk/memory.ts\`, ${cpus().length} cores, Chromium without a GPU. Resident MB (10^6 bytes), looked at twice a second; the page's process holds the page and
its worker, and before the upload already what the browser needs ("idle"). In brackets: what of it is mapped files, which is the browser's own code, shared by all
of its processes.

${table(HEAD, rows)}`;
	await writeSection("memory", report, fileURLToPath(new URL("RESULTS.md", import.meta.url)));
	process.stdout.write(`${report}\n`);
}
