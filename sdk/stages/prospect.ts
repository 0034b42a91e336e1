import { requestGpuDevice } from "../../codec/model/gpu-device.ts";
import { openBackend, readModelId } from "./backend.ts";
import type { OpenedBackend, Wanted } from "./backend.ts";
import { estimateSpeed } from "./estimate.ts";
import type { Backend } from "./plan.ts";

/** What an upload is planned with: what there is to compute on, or, before that is loaded, what there will be. */
export type Prospect = {
	readonly backend: Backend;
	/** Model that the enhancement will be coded with; undefined where there is none. */
	readonly modelId: string | undefined;
	/** Set where everything is loaded. */
	readonly opened: OpenedBackend | undefined;
	/** Loads and measures what is not yet there. @throws {UploadError} like `openBackend` */
	readonly open: () => Promise<OpenedBackend>;
	/** Lets go of what was opened. */
	readonly close: () => Promise<void>;
};

const ready = (opened: OpenedBackend): Prospect => ({
	backend: opened.backend,
	modelId: opened.model?.id,
	opened,
	open: async () => opened,
	close: async () => opened.executor?.dispose(),
});

/** @returns why there is no GPU to compute on, or undefined where there is one. */
const missingGpu = async (): Promise<string | undefined> => {
	try {
		(await requestGpuDevice()).destroy();
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
};

/**
 * What an upload can count on. A processor's speed can be told from plain arithmetic, so there the upload is planned at once, and the
 * base of its first seconds is under way before runtime and networks are loaded. GPUs differ too much for that, and a live source
 * could not wait while they load: those are opened and measured first.
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
	const noGpu = options.backend === "auto" ? await missingGpu() : undefined;
	const onProcessor = options.backend === "wasm" || noGpu !== undefined;
	if (live || known !== undefined || !onProcessor || typeof WebAssembly === "undefined") {
		return ready(await openBackend(wanted, known, signal));
	}
	const modelId = await readModelId(options, signal);
	const fellBack = noGpu === undefined ? undefined : `WebGPU: ${noGpu.replace(/\.$/, "")}`;
	let opened: OpenedBackend | undefined;
	return {
		backend: { kind: "wasm", speed: estimateSpeed(), fellBack },
		modelId,
		opened: undefined,
		open: async () => (opened ??= await openBackend(wanted, undefined, signal)),
		close: async () => opened?.executor?.dispose(),
	};
};
