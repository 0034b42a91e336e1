import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../../player/testing/fixture-stream.ts";
import { PlayerHarness, video } from "../../player/testing/harness.ts";
import { table, writeSection } from "../results.ts";
import { type Change, GPU_LISTENER, keepGpuAccount } from "./gpu-account.ts";

/**
 * `npm run bench:gpu`: what decoding asks of WebGPU for each picture, and what it would with other settings of the runtime. Counts are
 * those of any GPU; milliseconds here are those of a software adapter.
 */
const FRAME_RATE = 25;
const FRAMES = 16;
const SIZE = { width: 32, height: 32 };

type Variant = { readonly name: string; readonly changes: readonly Change[] };
const VARIANTS: readonly Variant[] = [
	{ name: "as shipped", changes: [] },
	{
		name: "graphs not optimised by the runtime",
		changes: [[/graphOptimizationLevel:\s*["'`]all["'`]/, 'graphOptimizationLevel:"disabled"']],
	},
	{ name: "no buffers kept for reuse", changes: [[/\b(?:256\s*\*\s*2\s*\*\*\s*20|268435456)\b/, "-1"]] },
	{
		name: "graph capture",
		changes: [[/graphOptimizationLevel:\s*["'`]all["'`]/, 'graphOptimizationLevel:"all",enableGraphCapture:true']],
	},
];

const { files } = await makeFixtureStream({
	...{ pictures: testPictures(SIZE.width, SIZE.height, FRAMES), frameRate: FRAME_RATE },
	...{ segmentFrames: FRAMES / 2, qualities: [36] },
});
const harness = await PlayerHarness.start({
	...{ mounts: { "/stream/": files }, frameRate: FRAME_RATE, browser: { webgpu: true } },
});
const rows: string[][] = [];
try {
	for (const { name, changes } of VARIANTS) {
		const undo = await keepGpuAccount(harness, changes);
		const body = video('enhancement="force" loop').replace('backend="wasm"', 'backend="webgpu"');
		await harness.open(body, { init: GPU_LISTENER });
		await harness.standOn(0);
		/** The account at a picture, or why there is none. */
		const at = async (pictures: number) => {
			const answer = await harness.page.waitForFunction(
				(count) => {
					const fault = window.events.find(({ type }) => type === "enhancementerror");
					if (fault) return String(fault.detail["message"]);
					return window.gpu && window.gpu.pictures >= count
						? { ...window.gpu, now: performance.now() }
						: undefined;
				},
				pictures,
				{ timeout: 300_000, polling: 20 },
			);
			return answer.jsonValue();
		};
		// The first pictures compile shaders and fill the pools.
		const from = await at(FRAMES / 2);
		const to = await at(FRAMES);
		if (typeof from !== "object" || typeof to !== "object" || !from || !to) {
			rows.push([name, "–", "–", "–", "–", String(typeof from === "string" ? from : to)]);
		} else {
			const pictures = to.pictures - from.pictures;
			const each = (key: "dispatches" | "submits" | "created" | "now") =>
				((to[key] - from[key]) / pictures).toFixed(key === "now" ? 0 : 1);
			rows.push([
				name,
				each("dispatches"),
				each("submits"),
				each("created"),
				each("now"),
				"decodes, pictures verified",
			]);
		}
		console.error(rows.at(-1)?.join(", "));
		await undo();
	}
} finally {
	await harness.close();
}
const report = [
	"## What a picture asks of WebGPU",
	`\`npm run bench:gpu\`: the decoding worker in Chromium, counted by wrapping WebGPU's own methods, over ${FRAMES / 2} pictures after the first ${FRAMES / 2}; ${SIZE.width}x${SIZE.height}. The counts do not depend on the size or the GPU. Milliseconds are of SwiftShader, a software adapter, on a busy machine: they compare rows, nothing else.`,
	table(["", "dispatches", "submits", "buffers created", "ms (SwiftShader)", "outcome"], rows),
].join("\n\n");
console.log(report);
await writeSection("gpu", report);
