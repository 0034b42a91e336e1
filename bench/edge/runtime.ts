import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare, type MiniflareOptions } from "miniflare";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Names of Workers to their inspector: the one that takes requests, and the one that has the edge's Durable Objects. */
export const FRONT = "bench";
export const OBJECTS = "objects";

/** A Worker in workerd alone, without wrangler's proxy in front of it. */
export type Runtime = {
	readonly url: string;
	readonly apiKey: string;
	/** Of the inspector. */
	readonly inspectorPort: number;
	/** The process that runs the Worker. */
	readonly pid: number;
	stop(): Promise<void>;
};

const bundle = async (entry: string): Promise<string> => {
	const { outputFiles } = await build({
		...(entry.endsWith(".ts")
			? { entryPoints: [join(ROOT, entry)] }
			: { stdin: { contents: entry, resolveDir: ROOT } }),
		bundle: true,
		write: false,
		minify: true,
		format: "esm",
		target: "es2024",
		external: ["cloudflare:workers"],
		conditions: ["workerd", "worker"],
	});
	return outputFiles[0]?.text ?? "";
};

/**
 * Starts the edge, its stores empty, as it is deployed; or another Worker around it.
 * @param apart whether its Durable Objects have an isolate of their own, so that their memory can be told from the Worker's
 */
export const startEdge = async (entry = "edge/worker.ts", { apart = false } = {}): Promise<Runtime> => {
	const apiKey = "bench-key-of-the-load";
	const worker = apart ? OBJECTS : FRONT;
	const script = await bundle(entry);
	const env: WorkerConfig["env"] = {
		CRESCENDO_API_KEY: { type: "text", value: apiKey },
		MEDIA: { type: "r2", name: "media" },
		CATALOGUE: { type: "d1", id: "catalogue" },
		ASSET: { type: "durable-object", worker, exportName: "AssetObject" },
		RELAY: { type: "durable-object", worker, exportName: "RelayObject" },
		WEBHOOK: { type: "durable-object", worker, exportName: "WebhookObject" },
		CREATION_RATE: { type: "rate-limit", namespace: "1001", simple: { limit: 1_000_000, period: 60 } },
		REPORT_RATE: { type: "rate-limit", namespace: "1002", simple: { limit: 1_000_000, period: 60 } },
	};
	const objects: WorkerConfig["exports"] = {
		AssetObject: { type: "durable-object", storage: "sqlite" },
		RelayObject: { type: "durable-object", storage: "sqlite" },
		WebhookObject: { type: "durable-object", storage: "sqlite" },
	};
	const runtime = await start(
		apart
			? [
					{ name: FRONT, script, env, objects: {} },
					{ name: OBJECTS, script, env, objects },
				]
			: [{ name: FRONT, script, env, objects }],
	);
	const database = await runtime.miniflare.getD1Database("CATALOGUE");
	const folder = join(ROOT, "edge/catalogue/migrations");
	for (const name of (await readdir(folder)).toSorted()) {
		const sql = (await readFile(join(folder, name), "utf8")).replaceAll(/--.*$/gm, "");
		for (const statement of sql.split(";").map((text) => text.replaceAll(/\s+/g, " ").trim())) {
			if (statement !== "") await database.exec(statement);
		}
	}
	return { ...runtime, apiKey };
};

/** Starts a Worker that is one Hono route and nothing else: it answers with as many bytes as a segment has. */
export const startBareRoute = async (bytes: number): Promise<Runtime> => {
	const script = await bundle(`
			import { Hono } from "hono";
			const body = new Uint8Array(${bytes}).fill(7);
			export default new Hono().get("/segment", (context) => context.body(body, 200, { "Content-Type": "video/mp4" }));
		`);
	const runtime = await start([{ name: FRONT, script, env: {}, objects: {} }]);
	return { ...runtime, apiKey: "" };
};

type WorkerConfig = MiniflareOptions["workers"][number]["config"];

type StartedWorker = {
	readonly name: string;
	readonly script: string;
	readonly env: WorkerConfig["env"];
	readonly objects: WorkerConfig["exports"];
};

/** The first takes the requests. */
const start = async (workers: readonly StartedWorker[]) => {
	const before = new Set(await workerdChildren());
	const inspectorPort = await freePort();
	const miniflare = new Miniflare({
		host: "127.0.0.1",
		port: 0,
		inspectorPort,
		workers: workers.map(({ name, script, env, objects }) => ({
			config: {
				name,
				compatibilityDate: "2026-08-15",
				manifest: {
					mainModule: "worker.mjs",
					modulesRoot: "/",
					modules: { "worker.mjs": { type: "esm", contents: script } },
				},
				env,
				exports: objects,
			},
		})),
	});
	const url = (await miniflare.ready).href.replace(/\/$/, "");
	const pid = (await workerdChildren()).find((child) => !before.has(child));
	if (pid === undefined) throw new Error("workerd did not start");
	return { url, inspectorPort, pid, miniflare, stop: () => miniflare.dispose() };
};

/** Processes of workerd that this one has started. */
const workerdChildren = async (): Promise<number[]> => {
	const found: number[] = [];
	for (const name of await readdir("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
		const match = /^\d+ \((.+)\) \S (\d+)/.exec(stat);
		if (match?.[1]?.startsWith("workerd") && Number(match[2]) === process.pid) found.push(Number(name));
	}
	return found;
};

/** Seconds of CPU that a process and its threads have used. */
export const cpuSeconds = async (pid: number): Promise<number> => {
	const stat = await readFile(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	// Fields 14 and 15, in hundredths of a second: user and system.
	return (Number(fields[11]) + Number(fields[12])) / 100;
};

/** A port of loopback that nobody has. */
export const freePort = async (): Promise<number> => {
	const server = createServer();
	await new Promise<void>((resolve) => {
		server.listen(0, "127.0.0.1", resolve);
	});
	const address = server.address();
	await new Promise((resolve) => {
		server.close(resolve);
	});
	if (address === null || typeof address === "string") throw new Error("no free port");
	return address.port;
};
