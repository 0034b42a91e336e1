import { describe, expect, it } from "vitest";
import { createExecutor } from "../../codec/model/create-executor.ts";
import type { ExecutorKind } from "../../codec/model/executor.ts";
import { modelFolder } from "../../codec/model/load-node.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import { proveModel } from "../../codec/model/certificate.ts";
import { decodeStream } from "./decode.ts";
import { MODEL_FOLDER, readManifest, readStream } from "./files.ts";

const manifest = await readManifest();
const model = await loadModel(modelFolder(MODEL_FOLDER));

describe("conformance streams", () => {
	it("were made with the shipped model", () => {
		expect(manifest.modelId).toBe(model.id);
	});

	const backends: readonly (readonly [ExecutorKind, ExecutorKind])[] = [
		["native", "native"],
		["wasm", "wasm"],
		["wasm", "native"],
	];
	for (const [first, second] of backends) {
		it(`decode to their hashes, parsed on ${first}, reconstructed on ${second}`, async () => {
			const parser = (await createExecutor({ prefer: [first] })).executor;
			const reconstructor = (await createExecutor({ prefer: [second] })).executor;
			for (const stream of manifest.streams) {
				const hashes = await decodeStream(stream, await readStream(stream), model, { parser, reconstructor });
				const expected = stream.frames.map(({ latents, picture }) => ({ latents, picture }));
				expect([stream.name, ...hashes]).toEqual([stream.name, ...expected]);
			}
			await parser.dispose();
			await reconstructor.dispose();
		});
	}
});

describe("the shipped model", () => {
	const certificates = proveModel(model.graphs);

	it("is proven exact from its files", () => {
		for (const [name, { largestSum, largestValue, convolutions }] of certificates) {
			expect([name, convolutions > 0]).toEqual([name, true]);
			expect(largestSum).toBeLessThan(2 ** 23);
			expect(largestValue).toBeLessThan(2 ** 24);
		}
	});

	it("stays within the budget: 15 kMAC per pixel, 1 of them in the parser, 3 MB", () => {
		let total = 0;
		let parser = 0;
		for (const [name, { multiplicationsPerPixel }] of certificates) {
			total += multiplicationsPerPixel;
			if (name.startsWith("prior-")) parser += multiplicationsPerPixel;
		}
		expect(total).toBeLessThanOrEqual(15_000);
		expect(parser).toBeLessThanOrEqual(1_000);
		expect(model.bytes).toBeLessThanOrEqual(3 * 2 ** 20);
	});
});
