/**
 * `npm run bench:networks`: milliseconds that each graph of the model takes on one thread of the processor: kernels of our own on WASM,
 * onnxruntime on WASM, which they took the place of, and onnxruntime's native library. All three in turns, in one process.
 */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import * as onnxruntime from "onnxruntime-web/wasm";
import { CpuExecutor } from "../codec/model/cpu-executor.ts";
import type { DeviceTensor, Executor } from "../codec/model/executor.ts";
import { loadOrtGraphs } from "../codec/model/ort-cpu-graph.ts";
import { createNativeExecutor } from "../codec/model/ort-native-executor.ts";
import { withFoldedConstants } from "../codec/model/fold-constants.ts";
import { readOnnx } from "../codec/model/onnx-reader.ts";
import { planGraph } from "../codec/model/compiled/plan.ts";
import { createWasmExecutor } from "../codec/model/wasm-executor.ts";
import { MODEL_FOLDER } from "../test/conformance/files.ts";
import { table, writeSection } from "./results.ts";

const SIZES = [
	{ width: 320, height: 192 },
	{ width: 640, height: 384 },
];
const GRAPHS = ["base", "keep", "context", "synthesis", "prior-first", "prior-second", "analysis"];
/** Rounds of all backends in turns; the fastest run of each counts, which is the one that nothing else disturbed. */
const ROUNDS = 12;

onnxruntime.env.wasm.numThreads = 1;
const sessionOptions = { executionProviders: ["wasm"], graphOptimizationLevel: "all" } as const;
const executors: readonly Executor[] = [
	await createWasmExecutor(),
	new CpuExecutor("wasm", "onnxruntime on WASM", loadOrtGraphs(onnxruntime, sessionOptions)),
	await createNativeExecutor({ threads: 1 }),
];

/** Milliseconds of the fastest run on each executor. */
async function measure(name: string, size: { readonly width: number; readonly height: number }): Promise<number[]> {
	const bytes = await readFile(join(MODEL_FOLDER, `${name}.onnx`));
	const shapes = planGraph(withFoldedConstants(readOnnx(bytes)), size).inputs;
	const loaded = await Promise.all(
		executors.map(async (executor) => {
			const inputs: Record<string, DeviceTensor> = {};
			for (const [input, [channels, height, width]] of shapes) {
				const values = Float32Array.from({ length: channels * height * width }, (_, i) => i % 7);
				inputs[input] = executor.upload(values, [1, channels, height, width]);
			}
			return { graph: await executor.load(bytes, size), inputs, fastest: Number.POSITIVE_INFINITY };
		}),
	);
	for (let round = 0; round < ROUNDS; round++)
		for (const one of loaded) {
			const start = performance.now();
			const outputs = await one.graph.run(one.inputs);
			one.fastest = Math.min(one.fastest, performance.now() - start);
			for (const output of Object.values(outputs)) output.dispose();
		}
	for (const { graph } of loaded) await graph.dispose();
	return loaded.map(({ fastest }) => fastest);
}

const rows: string[][] = [];
for (const size of SIZES) {
	let all = executors.map(() => 0);
	for (const name of GRAPHS) {
		const times = await measure(name, size);
		if (name !== "analysis") all = all.map((sum, i) => sum + (times[i] as number));
		rows.push(row(`${size.width}x${size.height} ${name}`, times));
		console.error(rows.at(-1)?.join(", "));
	}
	rows.push(row(`**${size.width}x${size.height}, all of an inter frame's decoding**`, all));
}
for (const executor of executors) await executor.dispose();

function row(name: string, times: readonly number[]): string[] {
	const [ours = 0, theirs = 0] = times;
	return [name, ...times.map((time) => time.toFixed(2)), (theirs / ours).toFixed(1)];
}

await writeSection(
	"networks",
	[
		"## Networks on the processor",
		`\`npm run bench:networks\`, one thread of ${cpus()[0]?.model ?? "the processor"}, Node ${process.version}: milliseconds of the fastest of ${ROUNDS} runs, the three in turns. The same whole numbers come out of all (\`codec/model/wasm-executor.test.ts\`), but for \`analysis\`, the encoder's own network of real numbers. Motion, warps and entropy decoding come on top.`,
		table(
			["graph", "WASM, our kernels", "WASM, onnxruntime", "native onnxruntime", "times onnxruntime on WASM"],
			rows,
		),
	].join("\n\n"),
);
