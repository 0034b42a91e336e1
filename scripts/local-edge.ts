import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { seedNeural } from "./seed-neural.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
const orphanage = pathToFileURL(join(root, "scripts/end-with-owner.ts")).href;

/** Time for a stopped child to go by itself. */
const GRACE_MS = 5_000;
/** Time for the edge to listen, and then to answer its first request. */
const START_MS = 300_000;

/** How the edge runs on this machine. */
export interface LocalEdgeOptions {
	/** Loopback port; 0 picks a free one. */
	readonly port: number;
	/** Folder of the persisted state; made where it is missing. */
	readonly data: string;
	/** The key that may do everything. Absent: one is made and kept in the data folder. */
	readonly apiKey?: string;
	/** Lines that the edge prints. */
	readonly log?: (text: string) => void;
	/** Ends the edge, also while it starts. */
	readonly signal?: AbortSignal;
}

/** An edge that answers. */
export interface LocalEdge {
	/** Without a slash at the end. */
	readonly url: string;
	readonly apiKey: string;
	/** True where the key was made here and nobody else knows it. */
	readonly keyWasMade: boolean;
	/** Resolves when the edge has ended, by itself or stopped; with its exit code. */
	readonly ended: Promise<number>;
	/** Ends the edge and every process that it started. May be called twice. */
	stop(): Promise<void>;
}

/**
 * Starts the Worker in wrangler's local runtime, its migrations applied, models in its store, and waits until it answers.
 * @throws Error where it does not start; the message holds what it printed. The signal's reason where that stops it first
 */
export async function startLocalEdge(options: LocalEdgeOptions): Promise<LocalEdge> {
	const data = resolve(options.data);
	await mkdir(data, { recursive: true });
	// Without built pages the edge still serves its API.
	await mkdir(join(root, "dist/site"), { recursive: true });
	const apiKey = options.apiKey ?? (await developmentKey(data));
	const store = ["--local", "--persist-to", data];
	await runWrangler(["d1", "migrations", "apply", "CATALOGUE", ...store], options.signal);
	const seeded = join(data, "neural-files.json");
	await seedNeural((parameters) => runWrangler(parameters, options.signal), store, seeded);

	const secrets = await mkdtemp(join(tmpdir(), "crescendo-edge-"));
	// Secrets travel in a file: arguments and environments of a process can be read by others.
	const variables = join(secrets, "variables.env");
	await writeFile(variables, `CRESCENDO_API_KEY="${apiKey}"\nCRESCENDO_STUDIO="1"\n`, { mode: 0o600 });
	const child = startWrangler([
		...["dev", "--ip", "127.0.0.1", "--port", String(options.port), "--inspector-port", "0"],
		...[
			"--persist-to",
			data,
			"--env-file",
			variables,
			"--show-interactive-dev-session=false",
			// Otherwise it warns at each start that no clock rings the cron trigger here.
			"--test-scheduled",
			"--log-level",
			"warn",
		],
	]);
	let printed = "";
	const keep = (chunk: Buffer): void => {
		printed = (printed + chunk.toString()).slice(-20_000);
		options.log?.(chunk.toString());
	};
	child.stdout?.on("data", keep);
	child.stderr?.on("data", keep);
	const ended = exitOf(child).finally(() => rm(secrets, { recursive: true, force: true }));

	let stopped: Promise<void> | undefined;
	const stop = (): Promise<void> => (stopped ??= endGroup(child, ended));
	options.signal?.addEventListener("abort", () => void stop(), { once: true });
	let url: string;
	try {
		options.signal?.throwIfAborted();
		url = await addressOf(child, ended);
		await answers(url, ended);
	} catch (cause) {
		await stop();
		options.signal?.throwIfAborted();
		throw new Error(`the edge did not start\n${printed.trim()}`, { cause });
	}
	return { url, apiKey, keyWasMade: options.apiKey === undefined, ended, stop };
}

/** The key of this data folder, so that tokens signed before a restart stay valid after it. */
async function developmentKey(data: string): Promise<string> {
	const path = join(data, "development-key");
	try {
		return (await readFile(path, "utf8")).trim();
	} catch (error) {
		if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
		const key = `development-${randomBytes(18).toString("base64url")}`;
		await writeFile(path, `${key}\n`, { mode: 0o600 });
		return key;
	}
}

/** Runs wrangler to its end; what it printed is told only where it failed. */
async function runWrangler(parameters: readonly string[], signal: AbortSignal | undefined): Promise<void> {
	const child = startWrangler(parameters);
	let printed = "";
	const keep = (chunk: Buffer): void => {
		printed += chunk.toString();
	};
	child.stdout?.on("data", keep);
	child.stderr?.on("data", keep);
	const ended = exitOf(child);
	signal?.addEventListener("abort", () => void endGroup(child, ended), { once: true });
	const code = await ended;
	signal?.throwIfAborted();
	if (code !== 0) throw new Error(`wrangler ${parameters.slice(0, 3).join(" ")} failed\n${printed.trim()}`);
}

/**
 * Runs wrangler as the leader of a process group of its own, so that its workerd can be ended with it. It tells where it listens
 * over the channel, and ends by itself should this process be killed.
 */
function startWrangler(parameters: readonly string[]): ChildProcess {
	return spawn(process.execPath, ["--import", orphanage, wrangler, ...parameters], {
		cwd: root,
		detached: true,
		stdio: ["ignore", "pipe", "pipe", "ipc"],
		// No address of this machine is looked up, no telemetry is sent: the local edge works offline.
		env: {
			...process.env,
			CRESCENDO_OWNER: String(process.pid),
			CI: "1",
			CLOUDFLARE_CF_FETCH_ENABLED: "false",
			WRANGLER_SEND_METRICS: "false",
			NO_COLOR: "1",
		},
	});
}

function exitOf(child: ChildProcess): Promise<number> {
	const { promise, resolve: end, reject } = Promise.withResolvers<number>();
	child.once("error", reject);
	child.once("exit", (code) => end(code ?? 1));
	return promise;
}

async function endGroup(leader: ChildProcess, ended: Promise<number>): Promise<void> {
	const { pid } = leader;
	if (pid === undefined) return;
	signalGroup(pid, "SIGTERM");
	const late = setTimeout(() => signalGroup(pid, "SIGKILL"), GRACE_MS);
	await ended.catch(() => undefined);
	clearTimeout(late);
	// The leader has gone; what it left behind in its group goes now.
	signalGroup(pid, "SIGKILL");
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(-pid, signal);
	} catch (error) {
		// ESRCH: nobody is left in the group, which is what a signal is for.
		if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
	}
}

/** The address that wrangler has come to listen on: it takes the port by itself, so nobody can be there before it. */
async function addressOf(child: ChildProcess, ended: Promise<number>): Promise<string> {
	const { promise: listens, resolve: found, reject } = Promise.withResolvers<string>();
	const late = setTimeout(() => reject(new Error(`it does not listen within ${START_MS / 1000} s`)), START_MS);
	child.on("message", (message) => {
		const told: unknown = typeof message === "string" ? JSON.parse(message) : message;
		if (isReady(told)) found(`http://${told.ip}:${told.port}`);
	});
	ended.then((code) => reject(new Error(`it ended with code ${code}`)), reject);
	return listens.finally(() => clearTimeout(late));
}

/** What `wrangler dev` says to the process that started it. */
function isReady(told: unknown): told is { readonly ip: string; readonly port: number } {
	if (typeof told !== "object" || told === null) return false;
	return "event" in told && told.event === "DEV_SERVER_READY" && "ip" in told && "port" in told;
}

/** Waits for any answer; an edge that ends meanwhile will give none. */
async function answers(url: string, ended: Promise<number>): Promise<void> {
	const over = new AbortController();
	const end = ended.then((code) => {
		over.abort();
		throw new Error(`it ended with code ${code}`);
	});
	const deadline = Date.now() + START_MS;
	const ask = async (): Promise<void> => {
		while (!over.signal.aborted) {
			const answered = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
				() => true,
				() => false,
			);
			if (answered) return;
			if (Date.now() > deadline) throw new Error(`no answer within ${START_MS / 1000} s`);
			await sleep(200);
		}
	};
	await Promise.race([ask(), end]);
}
