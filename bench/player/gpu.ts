import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../../player/testing/fixture-stream.ts";
import { PlayerHarness, video } from "../../player/testing/harness.ts";
import { table, writeSection } from "../results.ts";
import { type Change, type GpuAccount, GPU_LISTENER, playerWithAccount, SOFTWARE_GPU } from "./gpu-account.ts";

/**
 * `npm run bench:gpu`: what decoding asks of WebGPU for each picture, and what it would if nothing were reused. Counts are
 * those of any GPU; milliseconds here are those of a software adapter.
 */
const FRAME_RATE = 25;
const FRAMES = 16;
/** Pictures that compile shaders and fill the pools, and come before the count: an intra picture, and more. */
const UNCOUNTED = 4;
const SIZE = { width: 64, height: 64 };

type Variant = { readonly name: string; readonly changes: readonly Change[] };
const VARIANTS: readonly Variant[] = [
	{ name: "as shipped", changes: [] },
	{ name: "no buffers kept for reuse", changes: [[/\b(?:256\s*\*\s*2\s*\*\*\s*20|268435456)\b/, "-1"]] },
];
/** What the shaders took the place of, counted in the same way. */
const ABOUT_BEFORE =
	"onnxruntime 1.30, whose place the shaders took: 232 dispatches and 27 submits a picture, 221 buffers held. Its graph capture, which notes a graph's commands in the first run and repeats them on the buffers of the first, computed wrong pictures, because the decoder's tensors change their buffers from picture to picture; it saved no dispatch but their preparation on the CPU.";

const { files } = await makeFixtureStream({
	...{ pictures: testPictures(SIZE.width, SIZE.height, FRAMES), frameRate: FRAME_RATE },
	...{ segmentFrames: FRAMES, qualities: [36] },
});

type Moment = GpuAccount & { readonly now: number };

/** The account when so many pictures are decoded, or why there will be none. */
async function accountAt(harness: PlayerHarness, pictures: number): Promise<Moment | string> {
	await harness.until((count) => {
		const { gpu, events } = window;
		return (gpu !== undefined && gpu.pictures >= count) || events.some(({ type }) => type === "enhancementerror");
	}, pictures);
	const [fault] = await harness.faults();
	if (fault) return [fault["message"], ...(await harness.element((v) => v.statistics.passedOver))].join(" ");
	return harness.page.evaluate(() => {
		if (!window.gpu) throw new TypeError("The worker has said nothing.");
		return { ...window.gpu, now: performance.now() };
	});
}

/** One variant: a row of the table. */
async function measure({ name, changes }: Variant): Promise<string[]> {
	const player = await playerWithAccount(changes);
	const harness = await PlayerHarness.start({
		...{ player: player.folder, mounts: { "/stream/": files }, frameRate: FRAME_RATE, browser: SOFTWARE_GPU },
	});
	try {
		const body = video('enhancement="force" loop').replace('backend="wasm"', 'backend="webgpu"');
		await harness.open(body, { init: GPU_LISTENER });
		await harness.standOn(0);
		const from = await accountAt(harness, UNCOUNTED);
		const to = typeof from === "string" ? from : await accountAt(harness, FRAMES);
		if (typeof from === "string" || typeof to === "string") return [name, "–", "–", "–", "–", "–", String(to)];
		const pictures = to.pictures - from.pictures;
		const each = (key: keyof Moment, digits: number) => ((to[key] - from[key]) / pictures).toFixed(digits);
		const counts = [each("dispatches", 1), each("submits", 1), each("created", 1)];
		return [name, ...counts, `${from.buffers}, ${to.buffers}`, each("now", 0), "decodes"];
	} finally {
		await harness.close();
		await player.remove();
	}
}

const rows: string[][] = [];
for (const variant of VARIANTS) {
	rows.push(await measure(variant));
	console.error(rows.at(-1)?.join(", "));
}
const report = [
	"## What a picture asks of WebGPU",
	`\`npm run bench:gpu\`: the decoding worker in Chromium, counted by wrapping WebGPU's own methods, over ${FRAMES - UNCOUNTED} inter pictures of ${SIZE.width}x${SIZE.height} after the first ${UNCOUNTED}. The counts do not depend on the size or the GPU. Milliseconds are of SwiftShader, a software adapter, on a busy machine: they compare rows, nothing else.`,
	table(
		[
			"",
			"dispatches",
			"submits",
			"buffers created",
			"buffers held, at the first count and the last",
			"ms (SwiftShader)",
			"outcome",
		],
		rows,
	),
	ABOUT_BEFORE,
].join("\n\n");
console.log(report);
await writeSection("gpu", report);
