/** A device that fails at any one of its calls costs no memory: nothing is alive once what was made is disposed of. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createExecutor } from "../model/create-executor.ts";
import type { Executor, Graph } from "../model/executor.ts";
import { modelFolder } from "../model/load-node.ts";
import { LATENT_PLANES, loadModel, type Model } from "../model/model-file.ts";
import { CountingExecutor } from "../model/test-counting-executor.ts";
import { downscalePicture } from "../picture/downscale.ts";
import { testPicture } from "../picture/test-pictures.ts";
import type { Sample } from "../sample.ts";
import { EnhancementEncoder } from "./encoder.ts";
import type { FrameSymbols } from "./frame-symbols.ts";
import { EnhancementParser } from "./parser.ts";
import { EnhancementReconstructor } from "./reconstruction.ts";

const SIZE = { width: 64, height: 64 };
const sources = [0, 1, 2].map((time) => ({ ...testPicture(SIZE.width, SIZE.height, time), timestamp: 40_000 * time }));
/** Pictures in order of coding. */
const order = [
	[0, "intra"],
	[2, "inter"],
	[1, "bidirectional"],
] as const;
const bases = sources.map(downscalePicture);
const sessions = new Map<Uint8Array, Promise<Graph>>();

let model: Model;
let inner: Executor;
beforeAll(async () => {
	const folder = modelFolder(fileURLToPath(new URL("../../models/crescendo-1", import.meta.url)));
	model = await loadModel(folder, { encoder: true });
	({ executor: inner } = await createExecutor({ prefer: ["native", "wasm"], threads: 1 }));
});
afterAll(() => inner.dispose());

/** Runs the work with the first of its calls failing, then the second, and so on, until it comes through. @returns the calls */
async function failEverywhere(work: (executor: CountingExecutor) => Promise<void>): Promise<number> {
	for (let failing = 0; ; failing++) {
		const executor = new CountingExecutor(inner, sessions);
		let calls = 0;
		let failed = "";
		executor.fails = (call) => {
			const fails = calls++ === failing;
			if (fails) failed = call;
			return fails;
		};
		const error: unknown = await work(executor).catch((reason: unknown) => reason);
		if (failed === "") {
			if (error !== undefined) throw error;
			return failing;
		}
		expect(error).toMatchObject({ message: "device lost" });
		expect({ failing, failed, alive: executor.alive.size }).toEqual({ failing, failed, alive: 0 });
	}
}

const frame: FrameSymbols = {
	quality: new Uint8Array(4).fill(20),
	latents: new Int16Array(LATENT_PLANES * 64),
	...{ type: "inter", q: 20, baseHash: undefined, pictureHash: undefined, timestamp: 0, duration: 40_000 },
	motion: { columns: 8, rows: 8, moved: new Uint8Array(64), vectors: new Int16Array(128) },
	directions: undefined,
	copied: undefined,
};

it("a reconstructor keeps nothing of a frame that failed", async () => {
	const calls = await failEverywhere(async (executor) => {
		const reconstructor = await EnhancementReconstructor.create({ model, executor, ...SIZE });
		try {
			const [base = testPicture(16, 16, 0)] = bases;
			const copied = (count: number) => ({ columns: 4, rows: 4, flags: new Uint8Array(16).fill(1, 0, count) });
			const intra = { ...frame, type: "intra", motion: undefined } as const;
			const finer = { ...frame, quality: new Uint8Array(4).fill(30), copied: copied(5) };
			const directions = { columns: 4, rows: 4, directions: Uint8Array.from({ length: 16 }, (_, i) => i % 3) };
			const between = { ...frame, type: "bidirectional", directions } as const;
			const all = { ...frame, copied: copied(16) };
			for (const symbols of [intra, finer, between, all, { ...between, copied: copied(16) }]) {
				(await reconstructor.reconstruct(symbols, base)).dispose();
			}
		} finally {
			await reconstructor.dispose();
		}
	});
	expect(calls).toBeGreaterThan(25);
});

it("an encoder and a parser keep nothing of a frame that failed", async () => {
	const samples: Sample[] = [];
	const encoderCalls = await failEverywhere(async (executor) => {
		samples.length = 0;
		const encoder = await EnhancementEncoder.create({ model, executor, ...SIZE, pictureHash: "every" });
		try {
			for (const [index, type] of order) {
				const source = sources[index] ?? testPicture(16, 16, 0);
				const base = bases[index] ?? source;
				const encoded = await encoder.encode(source, base, { type, q: 30, duration: 40_000 });
				encoded.reconstruction.dispose();
				samples.push(encoded.sample);
			}
		} finally {
			await encoder.dispose();
		}
	});
	expect(encoderCalls).toBeGreaterThan(40);
	const parserCalls = await failEverywhere(async (executor) => {
		const parser = await EnhancementParser.create({ model, executor, ...SIZE });
		try {
			for (const [place, sample] of samples.entries())
				await parser.parse(sample, bases[order[place]?.[0] ?? 0] ?? testPicture(16, 16, 0));
		} finally {
			await parser.dispose();
		}
	});
	expect(parserCalls).toBeGreaterThan(15);
});
