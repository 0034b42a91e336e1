import { BITSTREAM_VERSION } from "../../codec/bitstream/version.ts";
import { CodecError } from "../../codec/errors.ts";
import { requestGpuDevice } from "../../codec/model/gpu-device.ts";
import type { EnhancementCoding } from "../resume/journal.ts";
import { openBackend, readModelId } from "./backend.ts";
import type { OpenedBackend, Wanted, Without } from "./backend.ts";
import { estimateGpuSpeed } from "./estimate-gpu.ts";
import { estimateSpeed } from "./estimate.ts";
import type { Backend, Speed } from "./plan.ts";

/** What an upload is planned with: what there is to compute on, or, before that is loaded, what there will be. */
export type Prospect = {
	readonly backend: Backend;
	/** What the enhancement will be coded with; undefined where there is none. */
	readonly coding: EnhancementCoding | undefined;
	/** Set once everything is loaded. */
	readonly opened: OpenedBackend | undefined;
	/** Loads and measures what is not yet there. @throws {UploadError} like `openBackend` */
	readonly open: () => Promise<OpenedBackend>;
	/**
	 * Opens once more, where what was open is lost: the same if it comes back, else what else there is. Only what is new is measured.
	 * @throws {UploadError} like `openBackend`; the signal's reason where it has aborted meanwhile: then nothing is open
	 */
	readonly reopen: (signal: AbortSignal) => Promise<OpenedBackend>;
	/** Lets go of what was opened. */
	readonly close: () => Promise<void>;
};

const codingOf = (modelId: string): EnhancementCoding => ({ modelId, bitstream: BITSTREAM_VERSION });

/** @param first what is open already. @param open opens what is not, or not any more; `known` is not measured again. */
const prospectOf = (
	about: Pick<Prospect, "backend" | "coding">,
	first: OpenedBackend | undefined,
	open: (known: Backend | undefined, signal?: AbortSignal) => Promise<OpenedBackend>,
): Prospect => {
	let opened = first;
	const close = async (): Promise<void> => {
		const { executor } = opened ?? {};
		opened = undefined;
		await executor?.dispose();
	};
	return {
		...about,
		get opened() {
			return opened;
		},
		open: async () => (opened ??= await open(undefined)),
		reopen: async (signal) => {
			const known = opened?.backend;
			await close();
			const fresh = await open(known, signal);
			if (signal.aborted) {
				// Nobody waits for it any more, and `close` may have been called already.
				await fresh.executor?.dispose();
			}
			signal.throwIfAborted();
			return (opened = fresh);
		},
		close,
	};
};

const ready = (
	opened: OpenedBackend,
	open: (known: Backend | undefined, signal?: AbortSignal) => Promise<OpenedBackend>,
): Prospect => {
	const coding = opened.model === undefined ? undefined : codingOf(opened.model.id);
	return prospectOf({ backend: opened.backend, coding }, opened, open);
};

/** What a GPU will do, or why there is none to count on. */
type Gpu = { readonly speed: Speed } | { readonly missing: string };

/** Milliseconds that a GPU has to answer, where something else can be tried: its process may have to start, but it may hang as well. */
const GPU_PATIENCE = 10_000;

const lookForGpu = (processor: Speed, insisted: boolean, signal: AbortSignal): Promise<Gpu> => {
	const limit = insisted ? signal : AbortSignal.any([signal, AbortSignal.timeout(GPU_PATIENCE)]);
	const { promise, resolve } = Promise.withResolvers<Gpu>();
	limit.addEventListener("abort", () => resolve({ missing: "it did not answer in time" }), { once: true });
	return Promise.race([promise, tryGpu(processor, insisted)]);
};

const tryGpu = async (processor: Speed, insisted: boolean): Promise<Gpu> => {
	try {
		const device = await requestGpuDevice();
		try {
			const speed = await estimateGpuSpeed(device, processor);
			const slower =
				speed.fixed + speed.each * TYPICAL_PIXELS > processor.fixed + processor.each * TYPICAL_PIXELS;
			return slower && !insisted ? { missing: "it is slower here than the processor" } : { speed };
		} finally {
			device.destroy();
		}
	} catch (error) {
		return { missing: (error instanceof Error ? error.message : String(error)).replace(/\.$/, "") };
	}
};

/** What a processor will do; undefined where it may not compute here. */
const tryProcessor = async (): Promise<Speed | undefined> => {
	try {
		return await estimateSpeed();
	} catch (error) {
		if (error instanceof CodecError) return undefined;
		throw error;
	}
};

const fasterOf = (one: Speed, other: Speed): Speed => (one.each < other.each ? one : other);

/** Of the picture by which GPU and processor are compared. */
const TYPICAL_PIXELS = 640 * 360;

/**
 * What an upload can count on. How fast a processor or a GPU is can be told from a few convolutions, so an upload is planned at once, and
 * the base of its first seconds is under way before the networks are loaded. A live source could not wait while they load: for
 * that they are opened and measured first.
 * @param known the backend of an earlier attempt: it is not measured again.
 * @throws {UploadError} like `openBackend`
 */
export const foresee = async (
	wanted: Wanted,
	live: boolean,
	known: Backend | undefined,
	signal: AbortSignal,
): Promise<Prospect> => {
	const { options } = wanted;
	const open = (without?: Without) => (before: Backend | undefined, stop?: AbortSignal) =>
		openBackend(wanted, before, stop ?? signal, without);
	const opened = async (): Promise<Prospect> => ready(await open()(known), open());
	if (live || known !== undefined || options.backend === "none") {
		return opened();
	}
	const processor = await tryProcessor();
	if (processor === undefined) {
		// Only a GPU computes without WebAssembly, and how fast tells nothing but the measurement; where there is none, it says what is wrong.
		return opened();
	}
	const gpu =
		options.backend === "wasm" ? undefined : await lookForGpu(processor, options.backend === "webgpu", signal);
	signal.throwIfAborted();
	if (options.backend === "webgpu" && gpu !== undefined && "missing" in gpu) {
		// It says what is wrong.
		return opened();
	}
	const coding = codingOf(await readModelId(wanted, signal));
	if (gpu !== undefined && "speed" in gpu) {
		const backend = { kind: "webgpu", speed: gpu.speed, fellBack: undefined } as const;
		return prospectOf({ backend, coding }, undefined, open());
	}
	const missing = gpu === undefined ? undefined : `WebGPU: ${gpu.missing}`;
	// Something else may have had the machine while it was measured: it is as fast as at its better moment.
	const speed = fasterOf(processor, (await tryProcessor()) ?? processor);
	const backend = { kind: "wasm", speed, fellBack: missing } as const;
	return prospectOf({ backend, coding }, undefined, open({ webgpu: missing }));
};
