import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlayerHarness } from "../../player/testing/harness.ts";

/** What the decoding workers of a page have asked of WebGPU. */
export type GpuAccount = {
	/** Buffers that were created and neither destroyed nor gone with their worker, and their bytes. */
	readonly buffers: number;
	readonly bytes: number;
	/** Buffers created, compute dispatches and submits in all, and pictures decoded with them. */
	readonly created: number;
	readonly dispatches: number;
	readonly submits: number;
	readonly pictures: number;
};

declare global {
	interface Window {
		gpu: GpuAccount | undefined;
	}
}

/** Runs in the page before anything else: keeps what the worker that speaks last says. */
export const GPU_LISTENER = `new BroadcastChannel("gpu-account").onmessage = ({ data }) => { window.gpu = data; };`;

/** Runs in the worker before its own script: counts, and tells with every decoded picture. */
const PRELUDE = `{
	const account = { buffers: 0, bytes: 0, created: 0, dispatches: 0, submits: 0, pictures: 0 };
	const channel = new BroadcastChannel("gpu-account");
	const alive = new WeakSet();
	const wrap = (prototype, name, count) => {
		const original = prototype[name];
		prototype[name] = function (...given) {
			const result = original.apply(this, given);
			count(this, result, given);
			return result;
		};
	};
	if (globalThis.GPUDevice) {
		wrap(GPUDevice.prototype, "createBuffer", (_, buffer) => {
			alive.add(buffer);
			account.created++;
			account.buffers++;
			account.bytes += buffer.size;
		});
		wrap(GPUBuffer.prototype, "destroy", (buffer) => {
			if (!alive.delete(buffer)) return;
			account.buffers--;
			account.bytes -= buffer.size;
		});
		wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroups", () => account.dispatches++);
		wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroupsIndirect", () => account.dispatches++);
		wrap(GPUQueue.prototype, "submit", () => account.submits++);
	}
	wrap(globalThis, "postMessage", (_, result, [message]) => {
		if (message?.type !== "decoded") return;
		account.pictures++;
		channel.postMessage({ ...account });
	});
}
`;

/** A change of the built worker: what stands there, and what is to stand there. */
export type Change = readonly [RegExp, string];

/**
 * Has the workers of a harness keep an account, and changes their code for an experiment. Undone by what is returned.
 *
 * @throws TypeError where a change finds nothing to change
 */
export async function keepGpuAccount(
	harness: PlayerHarness,
	changes: readonly Change[] = [],
): Promise<() => Promise<void>> {
	const folder = join(harness.folder, "assets");
	const before = new Map<string, string>();
	const names = (await readdir(folder)).filter((name) => name.endsWith(".js"));
	for (const name of names) before.set(join(folder, name), await readFile(join(folder, name), "utf8"));
	const after = new Map(before);
	for (const [from, to] of changes) {
		const found = [...after].filter(([, code]) => from.test(code));
		if (found.length === 0) throw new TypeError(`Nothing in the built worker matches ${String(from)}.`);
		for (const [path, code] of found) after.set(path, code.replace(from, to));
	}
	for (const [path, code] of after) {
		await writeFile(path, /\/worker-[\w-]+\.js$/.test(path) ? PRELUDE + code : code);
	}
	return async () => {
		for (const [path, code] of before) await writeFile(path, code);
	};
}
