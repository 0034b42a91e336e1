import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createExecutor } from "../../codec/model/create-executor.ts";
import { modelFolder } from "../../codec/model/load-node.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import { MODEL_FOLDER } from "../testing/fixture-stream.ts";
import { checkSelfTest, readSelfTest, SELF_TEST_FILE } from "./self-test.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("start-up self-test", () => {
	it("passes with the shipped model and its answers on WASM, and fails with others", async () => {
		const model = await loadModel(modelFolder(MODEL_FOLDER));
		const answers = readSelfTest(await readFile(join(MODEL_FOLDER, SELF_TEST_FILE)), model.id);
		expect(new Set(answers.hashes).size).toBe(4);
		const { executor } = await createExecutor({ prefer: ["wasm"] });
		await checkSelfTest(model, executor, answers);
		const others = answers.hashes.slice(0, -1);
		for (const hashes of [[...others, (answers.hashes.at(-1) as number) ^ 1], others, []]) {
			await expect(checkSelfTest(model, executor, { ...answers, hashes })).rejects.toMatchObject({
				code: "picture-mismatch",
			});
		}
		await executor.dispose();
	});

	it("refuses answers of other weights and files that are none", () => {
		const answers = { modelId: "aa", hashes: [1] };
		expect(readSelfTest(encode(answers), "aa")).toEqual(answers);
		for (const bytes of [
			encode({ ...answers, modelId: "bb" }),
			encode({ hashes: [1] }),
			encode([]),
			encode(null),
			new Uint8Array([1]),
		]) {
			expect(() => readSelfTest(bytes, "aa")).toThrow(expect.objectContaining({ code: "model-invalid" }));
		}
	});
});
