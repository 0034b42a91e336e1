import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { findPython } from "../scripts/needs.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const files = readdirSync(new URL("../training/tests", import.meta.url)).filter((name) => /^test_.*\.py$/.test(name));

describe("training", () => {
	it.each(files)("%s", async (name) => {
		const python = await findPython();
		if (python === undefined) throw new Error("no Python with PyTorch, NumPy and onnx: npm test installs Debian's");
		const { stdout } = await run(python, [`training/tests/${name}`], {
			cwd: root,
			env: { ...process.env, OMP_NUM_THREADS: "1" },
		});
		expect(stdout).toMatch(/: ok\n/);
	});
});
