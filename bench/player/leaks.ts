import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../../player/testing/fixture-stream.ts";
import { PlayerHarness, video } from "../../player/testing/harness.ts";
import { table, writeSection } from "../results.ts";
import { type GpuAccount, GPU_LISTENER, keepGpuAccount } from "./gpu-account.ts";

/**
 * `npm run bench:leaks`: what stays behind when a source is left: heap after garbage collection, listeners, nodes, workers and GPU
 * buffers, after every ten loads. `life-cycle.test.ts` holds the counts of it.
 */
const FRAME_RATE = 25;
const FRAMES = 20;
const LOADS = 50;
const EVERY = 10;

const { files } = await makeFixtureStream({
	...{ pictures: testPictures(48, 32, FRAMES), frameRate: FRAME_RATE, segmentFrames: 10, qualities: [36] },
});
const harness = await PlayerHarness.start({
	mounts: { "/stream/": files, "/again/": files },
	frameRate: FRAME_RATE,
	browser: { webgpu: true },
});
await keepGpuAccount(harness);

/** Resident memory of the browser's GPU process, in MB: where the buffers are. */
async function gpuProcessMegabytes(): Promise<string> {
	const session = await harness.browser.newBrowserCDPSession();
	const { processInfo } = await session.send("SystemInfo.getProcessInfo");
	await session.detach();
	const id = processInfo.find(({ type }) => /gpu/i.test(type))?.id;
	const status = id === undefined ? "" : await readFile(`/proc/${id}/status`, "utf8").catch(() => "");
	const kilobytes = /VmRSS:\s+(\d+)/.exec(status)?.[1];
	return kilobytes === undefined ? "–" : (Number(kilobytes) / 1024).toFixed(0);
}

const rows: string[][] = [];
try {
	const body = video('enhancement="force"').replace('backend="wasm"', 'backend="webgpu"');
	await harness.open(body, { init: GPU_LISTENER });
	const { page } = harness;
	const session = await page.context().newCDPSession(page);
	await session.send("Performance.enable");
	const measure = async (loads: number, account: GpuAccount | undefined) => {
		await harness.element((v) => v.removeAttribute("src"));
		while (page.workers().length > 0) await sleep(50);
		for (let i = 0; i < 3; i++) {
			await session.send("HeapProfiler.collectGarbage");
			await sleep(100);
		}
		const { metrics } = await session.send("Performance.getMetrics");
		const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
		rows.push([
			String(loads),
			(of("JSHeapUsedSize") / 2 ** 20).toFixed(2),
			String(of("JSEventListeners")),
			String(of("Nodes")),
			String(page.workers().length),
			account ? `${account.buffers} (${(account.bytes / 2 ** 20).toFixed(1)} MB)` : "–",
			await gpuProcessMegabytes(),
		]);
	};
	for (let load = 0; load <= LOADS; load++) {
		await harness.element(async (v, number) => {
			v.src = number % 2 === 0 ? "/again/master.m3u8" : "/stream/master.m3u8";
			await new Promise((resolve) => v.addEventListener("loadeddata", resolve, { once: true }));
			await v.play();
		}, load);
		if (load % EVERY !== 0) continue;
		// The others are left wherever they are: while the decoder loads, while it decodes.
		await page.evaluate(() => (window.gpu = undefined));
		await harness.standOn(15);
		await page.waitForFunction(() => (window.gpu?.pictures ?? 0) >= 8, undefined, { timeout: 200_000 });
		await measure(load, await page.evaluate(() => window.gpu));
	}
} finally {
	await harness.close();
}
const report = [
	"## What a source leaves behind",
	`\`npm run bench:leaks\`: one \`<crescendo-video>\` on WebGPU (SwiftShader), ${LOADS} loads of two sources in turns, most of them left before the decoder is ready; every ${EVERY}th is enhanced, then measured with no source and after garbage collection. GPU buffers are those that the decoder has while it decodes (created less destroyed, counted in the worker): they go with the worker's device. The first row is the start: what the page loads once is loaded.`,
	table(
		["loads", "heap, MB", "listeners", "nodes", "workers", "GPU buffers while decoding", "GPU process, MB"],
		rows,
	),
].join("\n\n");
console.log(report);
await writeSection("leaks", report);
