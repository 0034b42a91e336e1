import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createExecutor } from "../model/create-executor.ts";
import type { Executor } from "../model/executor.ts";
import { modelFolder } from "../model/load-node.ts";
import { graphOf, LATENT_PLANES, loadModel, type Model } from "../model/model-file.ts";
import { CountingExecutor } from "../model/test-counting-executor.ts";
import type { Picture } from "../picture/picture.ts";
import { EnhancementReconstructor } from "./reconstruction.ts";

const SIZE = { width: 64, height: 64 };

let model: Model;
let inner: Executor;
beforeAll(async () => {
	model = await loadModel(modelFolder(fileURLToPath(new URL("../../models/crescendo-1", import.meta.url))));
	({ executor: inner } = await createExecutor({ prefer: ["native", "wasm"] }));
});
afterAll(() => inner.dispose());

const base: Picture = {
	...{ width: 16, height: 16, timestamp: 0 },
	...{ y: new Uint8Array(256).fill(90), u: new Uint8Array(64).fill(128), v: new Uint8Array(64).fill(120) },
};
const still = {
	motion: { columns: 8, rows: 8, moved: new Uint8Array(64), vectors: new Int16Array(128) },
	directions: undefined,
};
const symbols = {
	quality: new Uint8Array(4).fill(20),
	latents: new Int16Array(LATENT_PLANES * 64),
	...{ copied: undefined, timestamp: 0, duration: 40_000, pictureHash: undefined },
};

describe("a reconstructor whose device fails", () => {
	it.each(["base", "keep", "context", "synthesis"] as const)(
		"keeps nothing of a frame that failed in %s",
		async (failing) => {
			const executor = new CountingExecutor(inner);
			const reconstructor = await EnhancementReconstructor.create({ model, executor, ...SIZE });
			const begun = executor.alive.size;
			(await reconstructor.finish(await reconstructor.prepare(undefined, base), symbols)).dispose();
			const rates = 2;
			executor.fails = (call, bytes) => call === "run" && bytes === graphOf(model, failing);
			await expect(
				(async () => reconstructor.finish(await reconstructor.prepare(still, base), symbols))(),
			).rejects.toThrow("device lost");
			expect(executor.alive.size).toBe(begun + rates);
			executor.fails = () => false;
			const { runs } = executor;
			await expect(reconstructor.prepare(still, base)).rejects.toMatchObject({ code: "missing-reference" });
			expect(executor.runs).toBe(runs);
			expect(executor.alive.size).toBe(begun + rates);
			await reconstructor.dispose();
			expect(executor.alive.size).toBe(0);
		},
	);
});
