/// <reference types="@webgpu/types" />
import { CodecError } from "../errors.ts";
import type { Executor, ExecutorKind } from "./executor.ts";
import { createNativeExecutor } from "./ort-native-executor.ts";
import { createWasmExecutor } from "./wasm-executor.ts";
import { createWebGpuExecutor } from "./webgpu-executor.ts";

/** Options of {@link createExecutor}. */
export type ExecutorOptions = {
	/** Backends to try, first first. Default: native, then WASM in Node; WebGPU, then WASM elsewhere. */
	readonly prefer?: readonly ExecutorKind[];
	/** WebGPU device to share. */
	readonly device?: GPUDevice;
	/** Threads of the native runtime. WASM computes on one. */
	readonly threads?: number;
};

/** A backend that was preferred but not taken, and why. */
export type RejectedBackend = { readonly kind: ExecutorKind; readonly reason: CodecError };

/** A backend that started, and those that were passed over. */
export type ExecutorChoice = {
	readonly executor: Executor;
	/** Empty where the first choice was taken. Show it: a slow backend should never come as a surprise. */
	readonly rejected: readonly RejectedBackend[];
};

/** What speaks against one backend only. */
const PASSED_OVER: ReadonlySet<string> = new Set(["backend-unavailable", "network"]);

const inNode = () => typeof process !== "undefined" && process.versions?.node !== undefined;

/**
 * The first of the preferred backends that starts.
 *
 * @throws CodecError `backend-unavailable` where none does; the message names every reason, the last one is its cause
 */
export async function createExecutor(options: ExecutorOptions = {}): Promise<ExecutorChoice> {
	const kinds = options.prefer ?? (inNode() ? ["native", "wasm"] : ["webgpu", "wasm"]);
	const threads = options.threads === undefined ? {} : { threads: options.threads };
	const device = options.device === undefined ? {} : { device: options.device };
	const create: Record<ExecutorKind, () => Promise<Executor>> = {
		native: () => createNativeExecutor(threads),
		wasm: () => createWasmExecutor(),
		webgpu: () => createWebGpuExecutor(device),
	};
	const rejected: RejectedBackend[] = [];
	for (const kind of kinds) {
		try {
			return { executor: await create[kind](), rejected };
		} catch (error) {
			// A wrong option is the caller's to fix, not a reason for another backend.
			if (!(error instanceof CodecError) || !PASSED_OVER.has(error.code)) throw error;
			rejected.push({ kind, reason: error });
		}
	}
	const reasons = rejected.map(({ kind, reason }) => `${kind}: ${reason.message}`).join(" ");
	throw new CodecError("backend-unavailable", `No backend for the networks is available. ${reasons}`, {
		cause: rejected.at(-1)?.reason,
	});
}
