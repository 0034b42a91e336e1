import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { hashFolder, readNeuralFolder, writeNeuralFiles } from "./neural-files.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "neural-files-"));
	await writeFile(join(folder, "b.json"), "{}".repeat(500));
	await writeFile(join(folder, "a.onnx"), Buffer.alloc(3000, 7));
	await writeFile(join(folder, "README.md"), "not served");
});
afterEach(() => rm(folder, { recursive: true }));

const build = async () => {
	const read = await readNeuralFolder("/models/crescendo-1/", folder);
	return writeNeuralFiles([read], join(folder, "out"), join(folder, "cache"));
};

it("writes each file as it is and compressed, under a name that its folder's bytes make", async () => {
	const { list, current } = await build();
	const hash = current.folders["/models/crescendo-1/"] ?? "";
	expect(hash).toMatch(/^[0-9a-f]{32}$/);
	const names = ["a.onnx", "a.onnx.br", "b.json", "b.json.br"];
	expect(list.map(({ key }) => key)).toEqual(names.map((name) => `neural/models/crescendo-1/${hash}/${name}`));
	for (const [index, name] of (["a.onnx", "b.json"] as const).entries()) {
		const [plain, small] = [
			await readFile(list[2 * index]?.file ?? ""),
			await readFile(list[2 * index + 1]?.file ?? ""),
		];
		expect(plain).toEqual(await readFile(join(folder, name)));
		expect(brotliDecompressSync(small)).toEqual(plain);
		expect(small.length).toBeLessThan(plain.length);
	}
});

it("hashes as sha256sum does, so that anybody can check it", async () => {
	const { files } = await readNeuralFolder("/models/crescendo-1/", folder);
	const { stdout } = await promisify(execFile)("sh", ["-c", "sha256sum a.onnx b.json | sha256sum"], { cwd: folder });
	expect(hashFolder(files)).toBe(stdout.slice(0, 32));
});

it("gives the same folder the same name, and another one another", async () => {
	const first = await build();
	// From what was kept of the first build.
	expect((await build()).current).toEqual(first.current);
	await writeFile(join(folder, "b.json"), "[]".repeat(500));
	expect((await build()).current).not.toEqual(first.current);
});
