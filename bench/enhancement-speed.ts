/**
 * Frames a second of the enhancement, encoding and decoding, and where the time goes.
 *
 *     npx node bench/enhancement-speed.ts [--backends native,wasm] [--sizes 320x180,640x360] [--frames 6] [--threads 1]
 *         [--effort normal]
 *
 * The picture is synthetic and moves; the first frame (intra, warm-up) is not counted. One line per backend and size.
 */
import { parseArgs } from "node:util";
import { type Effort, EFFORTS } from "../codec/enhancement/effort.ts";
import { EnhancementEncoder } from "../codec/enhancement/encoder.ts";
import { EnhancementParser } from "../codec/enhancement/parser.ts";
import { EnhancementReconstructor } from "../codec/enhancement/reconstruction.ts";
import { createExecutor } from "../codec/model/create-executor.ts";
import type { Executor, ExecutorKind } from "../codec/model/executor.ts";
import { modelFolder } from "../codec/model/load-node.ts";
import { loadModel, type Model } from "../codec/model/model-file.ts";
import { downscalePicture } from "../codec/picture/downscale.ts";
import type { Picture } from "../codec/picture/picture.ts";
import { MODEL_FOLDER } from "../test/conformance/files.ts";
import { FRAME_DURATION, moving } from "../test/conformance/scenes.ts";

const Q = 35;

/** Milliseconds by stage, the first frame left out. */
type Stages = Map<string, number>;

function add(stages: Stages, stage: string, milliseconds: number): void {
	stages.set(stage, (stages.get(stage) ?? 0) + milliseconds);
}

function report(title: string, stages: Stages, frames: number): void {
	let total = 0;
	const words: string[] = [];
	for (const [stage, milliseconds] of stages) {
		total += milliseconds;
		words.push(`${stage} ${(milliseconds / frames).toFixed(1)}`);
	}
	console.log(`${title}: ${((1000 * frames) / total).toFixed(2)} frames/s (ms a frame: ${words.join(", ")})`);
}

/** What is measured: the inter frames that count, and how hard the encoder tries. */
type Task = { readonly width: number; readonly height: number; readonly count: number; readonly effort: Effort };

async function measure(model: Model, executor: Executor, { width, height, count, effort }: Task): Promise<void> {
	const title = `${executor.description} ${width}x${height}`;
	const pictures = Array.from({ length: count + 1 }, (_, i) => moving(width, height, i));
	const bases = pictures.map(downscalePicture);
	const encoding: Stages = new Map();
	let counted = false;
	const onStage = (stage: string, milliseconds: number) => {
		if (counted) add(encoding, stage, milliseconds);
	};
	const encoder = await EnhancementEncoder.create({ model, executor, width, height, effort, onStage });
	const samples = [];
	for (const [i, picture] of pictures.entries()) {
		counted = i > 0;
		const choice = { type: i === 0 ? "intra" : "inter", q: Q, duration: FRAME_DURATION } as const;
		const { sample, reconstruction } = await encoder.encode(picture, bases[i] as Picture, choice);
		reconstruction.dispose();
		samples.push(sample);
	}
	await encoder.dispose();
	report(`encode ${title}`, encoding, count);

	const decoding: Stages = new Map();
	const parser = await EnhancementParser.create({ model, executor, width, height });
	const reconstructor = await EnhancementReconstructor.create({ model, executor, width, height });
	for (const [i, sample] of samples.entries()) {
		const base = bases[i] as Picture;
		const start = performance.now();
		const symbols = await parser.parse(sample, base);
		const parsed = performance.now();
		const decoded = await reconstructor.reconstruct(symbols, base);
		const reconstructed = performance.now();
		await decoded.toPicture();
		decoded.dispose();
		if (i === 0) continue;
		add(decoding, "parse", parsed - start);
		add(decoding, "reconstruct", reconstructed - parsed);
		add(decoding, "picture", performance.now() - reconstructed);
	}
	await parser.dispose();
	await reconstructor.dispose();
	report(`decode ${title}`, decoding, count);
}

const { values } = parseArgs({
	options: {
		backends: { type: "string", default: "native,wasm" },
		sizes: { type: "string", default: "320x180,640x360" },
		frames: { type: "string", default: "6" },
		threads: { type: "string", default: "1" },
		effort: { type: "string", default: "normal" },
	},
});
const isEffort = (name: string): name is Effort => Object.hasOwn(EFFORTS, name);
const { effort } = values;
if (!isEffort(effort)) throw new Error(`--effort is one of ${Object.keys(EFFORTS).join(", ")}`);
const model = await loadModel(modelFolder(MODEL_FOLDER), { encoder: true });
for (const backend of values.backends.split(",")) {
	const { executor } = await createExecutor({ prefer: [backend as ExecutorKind], threads: Number(values.threads) });
	for (const size of values.sizes.split(",")) {
		const [width = 0, height = 0] = size.split("x").map(Number);
		await measure(model, executor, { width, height, count: Number(values.frames), effort });
	}
	await executor.dispose();
}
