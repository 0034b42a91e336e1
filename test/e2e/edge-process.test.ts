import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Longest wait for processes to come and go: a machine may be busy with much else. */
const PATIENCE_MS = 120_000;

let data: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
	groups.clear();
	data = await mkdtemp(join(tmpdir(), "edge-process-"));
});
afterEach(async () => {
	child?.kill("SIGKILL");
	await rm(data, { recursive: true, force: true });
});

/** Groups that were seen to belong to the edge; workerd itself gets its configuration by a pipe and is known by its group. */
const groups = new Set<string>();

/** Processes of this machine that belong to the test's edge: by the data folder in their arguments, or by their group. */
async function processes(): Promise<string[]> {
	const { stdout } = await promisify(execFile)("ps", ["-eo", "stat=,pgid=,args="], {
		maxBuffer: 16 * 2 ** 20,
	});
	// What has ended and is not yet taken note of by its parent (Z) holds nothing any more.
	const running = stdout.split("\n").filter((line) => !line.startsWith("Z"));
	const rows = running.map((line) => line.trim().replace(/^\S+\s+/, ""));
	const group = (row: string): string => row.split(" ")[0] ?? "";
	for (const row of rows) if (row.includes(data)) groups.add(group(row));
	return rows.filter((row) => groups.has(group(row)));
}

function start(
	command: string,
	parameters: string[],
): { child: ChildProcess; url: Promise<string>; output: () => string } {
	const environment = { ...process.env, CRESCENDO_PORT: "0", CRESCENDO_DATA: data, CRESCENDO_API_KEY: "test-key" };
	const started = spawn(command, parameters, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
	let printed = "";
	const { promise: url, resolve, reject } = Promise.withResolvers<string>();
	const keep = (chunk: Buffer): void => {
		printed += chunk.toString();
		const line = /^ready (http:\/\/127\.0\.0\.1:\d+)$/m.exec(printed);
		if (line?.[1] !== undefined) resolve(line[1]);
	};
	started.stdout.on("data", keep);
	started.stderr.on("data", keep);
	started.once("exit", () => reject(new Error(`ended before it was ready\n${printed}`)));
	return { child: started, url, output: () => printed };
}

describe("the local edge as a process", () => {
	it("takes its settings from the environment, says where it is, and leaves nothing behind on SIGTERM", async () => {
		const edge = start(process.execPath, ["scripts/edge.ts"]);
		child = edge.child;
		const url = await edge.url;
		const list = (key: string): Promise<Response> =>
			fetch(`${url}/v1/assets`, { headers: { Authorization: `Bearer ${key}` } });
		expect((await list("test-key")).status).toBe(200);
		expect((await list("another")).status).toBe(401);
		// The key it was given is for those who have it already.
		expect(edge.output()).not.toContain("test-key");
		const running = await processes();
		expect(running.some((line) => line.includes("wrangler"))).toBe(true);
		expect(running.some((line) => line.includes("workerd"))).toBe(true);

		const exit = new Promise<number | null>((resolve) => child?.once("exit", resolve));
		child.kill("SIGTERM");
		expect(await exit).toBe(0);
		await expect.poll(processes, { timeout: PATIENCE_MS }).toEqual([]);
		await expect(fetch(url)).rejects.toThrow("fetch failed");
	});

	it("stops also while it starts", async () => {
		const edge = start(process.execPath, ["scripts/edge.ts"]);
		child = edge.child;
		edge.url.catch(() => undefined);
		await expect
			.poll(async () => (await processes()).some((line) => line.includes("wrangler")), { timeout: PATIENCE_MS })
			.toBe(true);
		child.kill("SIGTERM");
		await expect.poll(processes, { timeout: PATIENCE_MS }).toEqual([]);
	});

	it("ends with the process that started it, whatever ends that", async () => {
		const edge = start("sh", ["-c", `"${process.execPath}" scripts/edge.ts; true`]);
		child = edge.child;
		const url = await edge.url;
		child.kill("SIGKILL");
		await expect.poll(processes, { timeout: PATIENCE_MS }).toEqual([]);
		await expect(fetch(url)).rejects.toThrow("fetch failed");
	});

	it("leaves nothing behind where it is killed outright", async () => {
		const edge = start(process.execPath, ["scripts/edge.ts"]);
		child = edge.child;
		const url = await edge.url;
		expect((await processes()).some((line) => line.includes("workerd"))).toBe(true);
		child.kill("SIGKILL");
		await expect.poll(processes, { timeout: PATIENCE_MS }).toEqual([]);
		await expect(fetch(url)).rejects.toThrow("fetch failed");
	});
});
