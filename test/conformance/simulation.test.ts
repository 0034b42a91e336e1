import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython } from "../../scripts/needs.ts";
import { MODEL_FOLDER, readManifest, STREAMS_FOLDER } from "./files.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const checkpoint = join(root, "training/checkpoint/crescendo-1.pt");
// One thread: the machine has other tests to run.
const environment = { ...process.env, OMP_NUM_THREADS: "1" };

describe("PyTorch's integer simulation", () => {
	let folder = "";
	let python = "";

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "crescendo-simulation-"));
		const found = await findPython();
		if (found === undefined) throw new Error("no Python with PyTorch, NumPy and onnx: npm test installs Debian's");
		python = found;
	});
	afterAll(() => rm(folder, { recursive: true, force: true }));

	it("decodes the conformance streams to the same picture hashes", async () => {
		const dump = join(folder, "dump");
		await run(process.execPath, [join(root, "test/conformance/dump.ts"), "--out", dump]);
		const script = join(root, "test/conformance/simulate.py");
		// The script exits with 1 where a hash differs.
		const { stdout } = await run(python, [script, "--dump", dump, "--checkpoint", checkpoint], {
			env: environment,
		});
		const { streams } = await readManifest(STREAMS_FOLDER);
		for (const { name, frames } of streams) expect(stdout).toContain(`${name}: ${frames.length} frames`);
	});

	it("tells a picture that differs", async () => {
		const dump = join(folder, "altered");
		await run(process.execPath, [join(root, "test/conformance/dump.ts"), "--out", dump]);
		const { streams } = await readManifest(STREAMS_FOLDER);
		const name = streams[0]?.name ?? "";
		const script = `import json,sys
p=sys.argv[1]
d=json.load(open(p))
d["frames"][1]["picture"]="00000000"
json.dump(d,open(p,"w"))`;
		await run(python, ["-c", script, join(dump, `${name}.json`)]);
		const simulate = join(root, "test/conformance/simulate.py");
		const parameters = [simulate, "--dump", dump, "--checkpoint", checkpoint];
		await expect(run(python, parameters, { env: environment })).rejects.toMatchObject({
			code: 1,
			stderr: expect.stringContaining(`${name} frame 1`),
		});
	});

	it("is what the shipped model was exported from", async () => {
		const out = join(folder, "crescendo-1");
		const script = join(root, "training/export/export.py");
		await run(python, [script, "--checkpoint", checkpoint, "--out", out], { env: environment });
		const id = async (path: string) => JSON.parse(await readFile(join(path, "model.json"), "utf8")).id;
		expect(await id(out)).toBe(await id(MODEL_FOLDER));
	});
});
