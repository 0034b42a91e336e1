import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../../player/testing/fixture-stream.ts";
import { PlayerHarness, video } from "../../player/testing/harness.ts";
import { table, writeSection } from "../results.ts";
import { type GpuAccount, GPU_LISTENER, playerWithAccount, SOFTWARE_GPU } from "./gpu-account.ts";

/**
 * `npm run bench:leaks -- webgpu` (or `wasm`): what stays behind when a source is left: heap after garbage collection, listeners, nodes,
 * workers, GPU buffers, memory of the browser's GPU process. `life-cycle.test.ts` holds the counts of it on WASM.
 */
const FRAME_RATE = 25;
const FRAMES = 20;
const LOADS = 50;
const BACKENDS = {
	// A software adapter takes most of a minute to the first picture: few loads wait for it.
	webgpu: { measuredEvery: 25, pictures: 4, browser: SOFTWARE_GPU },
	wasm: { measuredEvery: 10, pictures: 8, browser: {} },
} as const;

const backend = process.argv[2];
if (backend !== "webgpu" && backend !== "wasm") throw new TypeError("Which backend: webgpu, or wasm?");
const { measuredEvery, pictures, browser } = BACKENDS[backend];

const { files } = await makeFixtureStream({
	...{ pictures: testPictures(64, 64, FRAMES), frameRate: FRAME_RATE, segmentFrames: 10, qualities: [36] },
});
const player = await playerWithAccount();
const mounts = { "/stream/": files, "/again/": files };
const harness = await PlayerHarness.start({ player: player.folder, mounts, frameRate: FRAME_RATE, browser });

/** Resident memory of the browser's GPU process, in MB: with a software adapter the buffers are in it. */
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
const buffersWhenLeft: number[] = [];
try {
	const body = video('enhancement="force"').replace('backend="wasm"', `backend="${backend}"`);
	await harness.open(body, { init: GPU_LISTENER });
	const { page } = harness;
	const session = await page.context().newCDPSession(page);
	await session.send("Performance.enable");
	const account = (): Promise<GpuAccount | undefined> => page.evaluate(() => window.gpu);
	const leave = async () => {
		await harness.element((v) => v.removeAttribute("src"));
		const limit = performance.now() + 60_000;
		while (page.workers().length > 0) {
			if (performance.now() > limit)
				throw new Error(`After the source is gone ${page.workers().length} workers stay.`);
			await sleep(50);
		}
		await page.evaluate(() => (window.gpu = undefined));
	};
	const measure = async (loads: number) => {
		const decoding = await account();
		await leave();
		for (let i = 0; i < 3; i++) {
			await session.send("HeapProfiler.collectGarbage");
			await sleep(100);
		}
		const { metrics } = await session.send("Performance.getMetrics");
		const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
		const counts = ["JSEventListeners", "Nodes"].map((name) => String(of(name)));
		const megabytes = [(of("JSHeapUsedSize") / 2 ** 20).toFixed(2), await gpuProcessMegabytes()];
		const buffers = backend === "webgpu" ? [`${decoding?.buffers} (${decoding?.bytes} bytes)`] : [];
		rows.push([String(loads), ...megabytes, ...counts, String(page.workers().length), ...buffers]);
		console.error(rows.at(-1)?.join(", "));
	};
	for (let load = 0; load <= LOADS; load++) {
		await harness.element(async (v, number) => {
			v.src = number % 2 === 0 ? "/again/master.m3u8" : "/stream/master.m3u8";
			await new Promise((resolve) => v.addEventListener("loadeddata", resolve, { once: true }));
			await v.play();
		}, load);
		if (load % measuredEvery === 0) {
			await harness.standOn(10);
			await harness.until((count) => (window.gpu?.pictures ?? 0) >= count, pictures);
			await measure(load);
		} else if (backend === "webgpu") {
			// Left in the middle of making its sessions: the device is there, and holds the weights that came so far.
			await harness.until(() => (window.gpu?.created ?? 0) > 0);
			buffersWhenLeft.push((await account())?.buffers ?? 0);
			await leave();
		}
	}
} finally {
	await harness.close();
	await player.remove();
}
const left =
	backend === "webgpu"
		? `The others are left as soon as the decoder has buffers on the GPU (${Math.min(...buffersWhenLeft)} to ${Math.max(...buffersWhenLeft)} of them).`
		: "The others are left at once, wherever the decoder is.";
const report = [
	`## What a source leaves behind on ${backend === "webgpu" ? "WebGPU" : "WASM"}`,
	`\`npm run bench:leaks -- ${backend}\`: one \`<crescendo-video>\`, ${LOADS} loads of two sources in turns. Every ${measuredEvery}th is decoded, then left, and measured with no source, after garbage collection. ${left} The first row is the start: what the page loads once is loaded. What the heap gains in the first ten loads is what V8 makes of functions that run often: of 1.28 MB on WASM, 1.24 are machine code and type feedback, 0.01 are objects, by heap snapshots before and after.${backend === "webgpu" ? " Buffers are counted in the worker (created less destroyed) while it decodes; they go with the worker and its device, so that what stays is seen in the memory of the GPU process, where SwiftShader has them." : ""}`,
	table(
		[
			...["loads", "heap, MB", "GPU process, MB", "listeners", "nodes", "workers"],
			...(backend === "webgpu" ? ["GPU buffers while decoding"] : []),
		],
		rows,
	),
].join("\n\n");
console.log(report);
await writeSection(`leaks-${backend}`, report);
