import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Every import that would open a door that house rules keep shut, and some that must stay open. */
const shut = [
	["codec/enhancement/x.ts", "../../sdk/index.ts"],
	["codec/x.ts", "../player/index.ts"],
	["codec/mp4/x.ts", "../../protocol/part.ts"],
	["protocol/x.ts", "../edge/worker.ts"],
	["sdk/stages/x.ts", "../../edge/worker.ts"],
	["sdk/x.ts", "../player/index.ts"],
	["player/element/x.ts", "../../sdk/index.ts"],
	["player/x.ts", "../cli/crescendo.ts"],
	["edge/asset/x.ts", "../../player/index.ts"],
	["cli/x.ts", "../sdk/index.ts"],
	["cli/x.ts", "crescendo-video/sdk"],
] as const;
const open = [
	["sdk/stages/x.ts", "../../codec/sample.ts"],
	["edge/asset/x.ts", "../../protocol/part.ts"],
	["player/element/x.ts", "../stream/base.ts"],
	["cli/x.ts", "../protocol/part.ts"],
] as const;

let folder: string;

async function lint(file: string, specifier: string): Promise<{ code: number; output: string }> {
	const path = join(folder, file);
	await mkdir(dirname(path), { recursive: true });
	await writeFile(path, `import { a } from "${specifier}";\nexport const b: unknown = a;\n`);
	const { promise, resolve } = Promise.withResolvers<{ code: number; output: string }>();
	execFile(join(root, "node_modules/.bin/oxlint"), [file], { cwd: folder }, (error, stdout, stderr) => {
		resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
	});
	const result = await promise;
	await rm(path);
	return result;
}

describe("the doors between the rooms", () => {
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "doors-"));
		await cp(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
	});
	afterAll(() => rm(folder, { recursive: true }));

	it.each(shut)("%s may not import %s", async (file, specifier) => {
		const { code, output } = await lint(file, specifier);
		expect(output).toContain("no-restricted-imports");
		expect(code).toBe(1);
	});

	it.each(open)("%s may import %s", async (file, specifier) => {
		const { code, output } = await lint(file, specifier);
		expect(output).not.toContain("no-restricted-imports");
		expect(code).toBe(0);
	});
});
