import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtPlayer } from "../../player/testing/build-player.ts";
import type { BrowserOptions } from "../../test/e2e/browser.ts";

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

/**
 * WebGPU on the software adapter, and the browser's own drawing on the same: between two adapters it cannot hand a picture on, and the
 * device is lost with the first one that is shown.
 */
export const SOFTWARE_GPU: BrowserOptions = {
	webgpu: true,
	flags: ["--use-angle=swiftshader", "--enable-features=Vulkan", "--use-vulkan=swiftshader"],
};

/** Runs in the page before anything else: keeps what the worker that speaks last says. */
export const GPU_LISTENER = `new BroadcastChannel("gpu-account").onmessage = ({ data }) => { window.gpu = data; };`;

/** Runs in the worker before its own script: counts, and tells with every decoded picture and every sixteenth buffer. */
const PRELUDE = `{
	const account = { buffers: 0, bytes: 0, created: 0, dispatches: 0, submits: 0, pictures: 0 };
	const channel = new BroadcastChannel("gpu-account");
	const tell = () => channel.postMessage({ ...account });
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
			if (account.created % 16 === 0) tell();
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
		tell();
	});
}
`;

/** A change of the built worker: what stands there, and what is to stand there. */
export type Change = readonly [RegExp, string];

/** A folder with a player, to be removed after use. */
export type ChangedPlayer = { readonly folder: string; remove(): Promise<void> };

/**
 * A copy of the built player whose workers keep an account, and whose code is changed for an experiment.
 *
 * @throws TypeError where a change finds nothing to change
 */
export async function playerWithAccount(changes: readonly Change[] = []): Promise<ChangedPlayer> {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-player-"));
	await cp(await builtPlayer(), folder, { recursive: true });
	const assets = join(folder, "assets");
	const names = (await readdir(assets)).filter((name) => name.endsWith(".js"));
	const scripts = new Map<string, string>();
	for (const name of names) scripts.set(name, await readFile(join(assets, name), "utf8"));
	for (const [from, to] of changes) {
		const found = [...scripts].filter(([, code]) => from.test(code));
		if (found.length === 0) throw new TypeError(`Nothing in the built player matches ${String(from)}.`);
		for (const [name, code] of found) scripts.set(name, code.replace(from, to));
	}
	for (const [name, code] of scripts) {
		await writeFile(join(assets, name), /^worker-(?!url)[\w-]+\.js$/.test(name) ? PRELUDE + code : code);
	}
	return { folder, remove: () => rm(folder, { recursive: true }) };
}
