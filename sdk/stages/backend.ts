import type { Effort } from "../../codec/enhancement/effort.ts";
import * as v from "valibot";
import { createExecutor } from "../../codec/model/create-executor.ts";
import type { Executor, ExecutorKind } from "../../codec/model/executor.ts";
import { modelUrl } from "../../codec/model/load-fetch.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import type { Model, ModelSource } from "../../codec/model/model-file.ts";
import { CodecError } from "../../codec/errors.ts";
import { UploadError } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { PatientFetch } from "../transport/patient-fetch.ts";
import { measureSpeed } from "./measure.ts";
import type { Backend, Speed } from "./plan.ts";

/** Something to compute on, with the networks loaded, and what it can do. */
export type OpenedBackend =
	| { readonly backend: Extract<Backend, { kind: ExecutorKind }>; readonly executor: Executor; readonly model: Model }
	| { readonly backend: Extract<Backend, { kind: "none" }>; readonly executor: undefined; readonly model: undefined };

/** What to open, how hard it will have to try, and by what it is fetched. */
export type Wanted = { readonly options: ResolvedOptions; readonly effort: Effort; readonly fetch: PatientFetch };

const modelOf = ({ options, fetch }: Wanted, signal: AbortSignal): ModelSource =>
	modelUrl(options.modelUrl, { signal, fetch: fetch.whole });

/** How hard the encoder tries: what is live must be coded as it comes. */
export const effortFor = (live: boolean): Effort => (live ? "realtime" : "normal");

const PREFERENCES: Readonly<Record<"auto" | "webgpu" | "wasm", readonly ExecutorKind[]>> = {
	auto: ["webgpu", "wasm"],
	webgpu: ["webgpu"],
	wasm: ["wasm"],
};

/** Milliseconds that a GPU has to encode the small pictures of the measurement. A software adapter can take minutes. */
const MEASUREMENT_LIMIT = 20_000;

/**
 * Measures, and gives up a GPU that would keep a person waiting where something else can be tried.
 * @throws CodecError `backend-failed` where the limit passed
 */
const measureInTime = async (
	model: Model,
	executor: Executor,
	{ options, effort }: Wanted,
	signal: AbortSignal,
): Promise<Speed> => {
	const what = { q: options.enhancements[0] ?? 24, effort };
	if (options.backend !== "auto" || executor.kind !== "webgpu") return measureSpeed(model, executor, what, signal);
	const limit = AbortSignal.timeout(MEASUREMENT_LIMIT);
	try {
		return await measureSpeed(model, executor, what, AbortSignal.any([signal, limit]));
	} catch (error) {
		if (signal.aborted || !limit.aborted) throw error;
		const message = `${executor.description} did not encode a few small pictures in ${MEASUREMENT_LIMIT / 1000} s`;
		throw new CodecError("backend-failed", message, { cause: error });
	}
};

/** Starts a backend, fetches the model and measures how fast both are together, where `known` does not say it. */
const start = async (
	kinds: readonly ExecutorKind[],
	wanted: Wanted,
	known: Backend | undefined,
	signal: AbortSignal,
): Promise<OpenedBackend> => {
	const { executor, rejected } = await createExecutor({ prefer: kinds });
	try {
		const model = await loadModel(modelOf(wanted, signal), { encoder: true });
		const speed =
			known?.kind === executor.kind ? known.speed : await measureInTime(model, executor, wanted, signal);
		const why = rejected
			.map(({ kind, reason }) => `${kind === "webgpu" ? "WebGPU" : kind}: ${reason.message}`)
			.join(" ");
		const fellBack = why === "" ? undefined : why.replace(/\.$/, "");
		return { backend: { kind: executor.kind, speed, fellBack }, executor, model };
	} catch (error) {
		await executor.dispose();
		throw error;
	}
};

/**
 * Opens what `options.backend` asks for. With `auto`, a GPU that starts and then fails is given up for WASM, and a machine
 * without either uploads the base alone, with a reason.
 * @param known the backend of an earlier attempt: it is not measured again.
 * @param without backends that are not to be tried, and why.
 * @throws {UploadError} `enhancement-unavailable` where one backend was insisted on, or the model cannot be had; `network-failed`, `aborted`
 */
export const openBackend = async (
	wanted: Wanted,
	known: Backend | undefined,
	signal: AbortSignal,
	without: Without = {},
): Promise<OpenedBackend> => {
	const { options } = wanted;
	if (options.backend === "none") {
		return {
			backend: { kind: "none", reason: "chosen by options.backend", chosen: true },
			executor: undefined,
			model: undefined,
		};
	}
	const kinds = PREFERENCES[options.backend].filter((kind) => kind !== "webgpu" || without.webgpu === undefined);
	try {
		const opened = await start(kinds, wanted, known, signal);
		return without.webgpu === undefined ? opened : withReason(opened, without.webgpu);
	} catch (error) {
		signal.throwIfAborted();
		if (options.backend === "auto" && error instanceof CodecError && error.code === "backend-failed") {
			const retried = await start(["wasm"], wanted, known, signal).catch((second: unknown) =>
				explain(second, options, signal),
			);
			return withReason(retried, error.message.replace(/\.$/, ""));
		}
		return explain(error, options, signal);
	}
};

/** Why a GPU is not to be tried, where that is known. */
export type Without = { readonly webgpu?: string | undefined };

const withReason = (opened: OpenedBackend, fellBack: string): OpenedBackend =>
	opened.executor === undefined ? opened : { ...opened, backend: { ...opened.backend, fellBack } };

/**
 * The id of the model that an enhancement will be coded with, before its networks are loaded.
 * @throws {UploadError} `enhancement-unavailable`, `network-failed`, `aborted`
 */
export const readModelId = async (wanted: Wanted, signal: AbortSignal): Promise<string> => {
	try {
		const text = new TextDecoder().decode(await modelOf(wanted, signal).read("model.json"));
		const { id } = v.parse(ModelInfo, JSON.parse(text));
		return id;
	} catch (error) {
		signal.throwIfAborted();
		throw unavailable(error);
	}
};

/** What is read of `model.json`; `loadModel` checks all of it later. */
const ModelInfo = v.object({ id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)) });

/** What went wrong with a request, where that is behind it. */
const uploadErrorIn = (error: unknown): UploadError | undefined =>
	error instanceof UploadError ? error : error instanceof Error ? uploadErrorIn(error.cause) : undefined;

/** What to do about it, by the codec, or by what is behind its error. */
const hintOf = (error: unknown): string | undefined =>
	error instanceof CodecError ? (error.hint ?? hintOf(error.cause)) : undefined;

const unavailable = (error: unknown): UploadError => {
	const cause = uploadErrorIn(error);
	if (cause !== undefined) {
		return cause;
	}
	const message = error instanceof Error ? error.message : String(error);
	return new UploadError("enhancement-unavailable", `The enhancement cannot be encoded: ${message}`, {
		hint: hintOf(error) ?? 'Set options.backend to "none" to upload the base alone.',
		cause: error,
	});
};

const explain = (error: unknown, options: ResolvedOptions, signal: AbortSignal): OpenedBackend => {
	signal.throwIfAborted();
	const message = error instanceof Error ? error.message : String(error);
	// What cannot compute is a property of the machine; a model that cannot be loaded is a mistake of the installation.
	if (options.backend === "auto" && error instanceof CodecError && error.code.startsWith("backend-")) {
		return { backend: { kind: "none", reason: message, chosen: false }, executor: undefined, model: undefined };
	}
	throw unavailable(error);
};
