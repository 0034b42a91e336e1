/**
 * A browser that nobody looks into: Playwright turns the network inspector of every page and worker on, which keeps the bytes of their
 * requests. Here only expressions are evaluated, over the debugging protocol, and memory is read from outside.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findChromium, FLAGS } from "../../sdk/testing/browser.ts";

export type QuietBrowser = {
	/** Evaluates an expression in the page; a promise is awaited, its value must be plain. */
	readonly evaluate: <T>(expression: string) => Promise<T>;
	/** Of the largest renderer, which is the page's with its workers. */
	readonly memory: () => Resident;
	readonly close: () => Promise<void>;
};

/** Resident bytes of a process. */
export type Resident = {
	readonly all: number;
	/** Of these, mapped files: the browser's own code, of which all its processes share one copy. */
	readonly files: number;
};

type Reply = {
	readonly id?: number;
	readonly result?: { readonly result?: { readonly value?: unknown }; readonly exceptionDetails?: unknown };
	readonly error?: { readonly message: string };
};

const poll = async <T>(ask: () => Promise<T | undefined>): Promise<T> => {
	for (let tries = 0; tries < 600; tries++) {
		const found = await ask().catch(() => undefined);
		if (found !== undefined) return found;
		await sleep(100);
	}
	throw new Error("Chromium did not answer within a minute");
};

/** Opens a page at `address`. */
export const openQuietBrowser = async (address: string): Promise<QuietBrowser> => {
	const profile = mkdtempSync(join(tmpdir(), "crescendo-quiet-"));
	const flags = [...FLAGS, `--user-data-dir=${profile}`, "--remote-debugging-port=0", address];
	const chromium = spawn(findChromium(), flags, { stdio: "ignore" });
	const ended = new Promise<void>((resolve) => chromium.on("exit", () => resolve()));
	const close = async (): Promise<void> => {
		chromium.kill();
		await ended;
		rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	};
	try {
		const socket = new WebSocket(await poll(() => pageSocket(profile, address)));
		await new Promise((resolve, reject) => {
			socket.onopen = resolve;
			socket.onerror = reject;
		});
		const waiting = new Map<number, (reply: Reply) => void>();
		socket.onmessage = ({ data }) => {
			const reply = JSON.parse(String(data)) as Reply;
			waiting.get(reply.id ?? 0)?.(reply);
			waiting.delete(reply.id ?? 0);
		};
		let asked = 0;
		const evaluate = async <T>(expression: string): Promise<T> => {
			const id = ++asked;
			const params = { expression, awaitPromise: true, returnByValue: true };
			const { result, error } = await new Promise<Reply>((resolve) => {
				waiting.set(id, resolve);
				socket.send(JSON.stringify({ id, method: "Runtime.evaluate", params }));
			});
			if (error !== undefined || result?.exceptionDetails !== undefined) {
				throw new Error(error?.message ?? JSON.stringify(result?.exceptionDetails));
			}
			return result?.result?.value as T;
		};
		await poll(async () => ((await evaluate<boolean>('"bench" in globalThis')) ? true : undefined));
		return { evaluate, close, memory: () => largestRenderer(chromium.pid ?? 0) };
	} catch (error) {
		await close();
		throw error;
	}
};

const pageSocket = async (profile: string, address: string): Promise<string | undefined> => {
	const [port] = readFileSync(join(profile, "DevToolsActivePort"), "utf8").split("\n");
	const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
		readonly url: string;
		readonly webSocketDebuggerUrl: string;
	}[];
	return targets.find(({ url }) => url === address)?.webSocketDebuggerUrl;
};

/** Memory of the largest renderer among the descendants of a process. */
const largestRenderer = (root: number): Resident => {
	const family = new Set([root]);
	const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
	const processes = lines.map((line) => line.trim().split(/\s+/));
	// A process is told before its children only as long as the numbers do not wrap around: so until nothing is added.
	for (let before = 0; before < family.size;) {
		before = family.size;
		for (const [pid, parent] of processes) {
			if (family.has(Number(parent))) family.add(Number(pid));
		}
	}
	let largest: Resident = { all: 0, files: 0 };
	for (const [pid, , ...args] of processes) {
		if (family.has(Number(pid)) && args.includes("--type=renderer")) {
			const resident = residentOf(Number(pid));
			if (resident.all > largest.all) largest = resident;
		}
	}
	return largest;
};

/** By Linux' own account; nothing of a process that has just ended. */
const residentOf = (pid: number): Resident => {
	let status: string;
	try {
		status = readFileSync(`/proc/${pid}/status`, "utf8");
	} catch {
		return { all: 0, files: 0 };
	}
	const bytes = (field: string): number =>
		1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
	return { all: bytes("VmRSS"), files: bytes("RssFile") };
};
