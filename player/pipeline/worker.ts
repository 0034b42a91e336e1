/** The decoding worker: everything between bytes and pictures happens here, off the page's thread. */
import type { DecodedPicture } from "../../codec/enhancement/decoded-picture.ts";
import { CodecError } from "../../codec/errors.ts";
import { createExecutor } from "../../codec/model/create-executor.ts";
import type { Executor } from "../../codec/model/executor.ts";
import { modelUrl } from "../../codec/model/load-fetch.ts";
import { loadModel, type Model } from "../../codec/model/model-file.ts";
import type { BackendPreference } from "../reasons.ts";
import { BYTES_PER_SAMPLE, type FromWorker, type OpenMessage, type ToWorker } from "./messages.ts";
import { SegmentOpener } from "./open-segment.ts";
import { describeFailure, SegmentDecoder } from "./segment-decoder.ts";
import { checkSelfTest, readSelfTest, SELF_TEST_FILE } from "./self-test.ts";

/** Pictures with the page: at least this many, at most that many, and no more bytes than that. */
const FEWEST_PICTURES = 6;
const MOST_PICTURES = 48;
const PICTURE_BYTES = 96 * 2 ** 20;

const KINDS: Readonly<Record<BackendPreference, readonly ("webgpu" | "wasm")[]>> = {
	auto: ["webgpu", "wasm"],
	webgpu: ["webgpu"],
	wasm: ["wasm"],
};

// The type library describes a page's global object; this script only ever runs in a worker.
const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
const post = (message: FromWorker, transfer: Transferable[] = []) => scope.postMessage(message, transfer);

let decoder: SegmentDecoder<DecodedPicture> | undefined;
/** What came before the decoder was ready; in order. */
const early: ToWorker[] = [];

scope.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
	if (data.type === "open") void open(data);
	else if (decoder) handle(decoder, data);
	else early.push(data);
});

function handle(target: SegmentDecoder<DecodedPicture>, message: ToWorker): void {
	switch (message.type) {
		case "segment":
			return target.push(message);
		case "reset":
			return target.reset(message.epoch);
		case "clock":
			target.clock = message.mediaTime;
			return undefined;
		case "release":
			return target.release(message.count);
		case "open":
			return undefined;
	}
}

async function open(message: OpenMessage): Promise<void> {
	try {
		const started = performance.now();
		post({ type: "loading", fetched: false });
		const [model, answers] = await loadWeights(message);
		post({ type: "loading", fetched: false });
		const { executor, passedOver, selfTestMilliseconds } = await startExecutor(message, model, answers);
		const kind = executor.kind === "webgpu" ? "webgpu" : "wasm";
		let room = FEWEST_PICTURES;
		const opener = new SegmentOpener(model, executor, message.keepPictures, ({ width, height }) => {
			const fitting = Math.floor(PICTURE_BYTES / (width * height * BYTES_PER_SAMPLE[kind]));
			const wanted = Math.min(MOST_PICTURES, Math.max(FEWEST_PICTURES, fitting));
			decoder?.release(wanted - room);
			room = wanted;
		});
		decoder = new SegmentDecoder(opener.open, post, room);
		const loadMilliseconds = performance.now() - started - selfTestMilliseconds;
		post({
			type: "ready",
			kind,
			description: executor.description,
			passedOver,
			loadMilliseconds,
			selfTestMilliseconds,
		});
		for (const waiting of early.splice(0)) handle(decoder, waiting);
	} catch (error) {
		post({ type: "failed", epoch: 0, sequence: undefined, ...describeFailure(error) });
	}
}

/** A model's id stands for its version of the bitstream too: a stream of another version is known before its weights are fetched. */
async function loadWeights(message: OpenMessage): Promise<readonly [Model, ReturnType<typeof readSelfTest>]> {
	const source = modelUrl(message.modelUrl, { priority: "low" });
	const expected = message.modelId === undefined ? {} : { expectedId: message.modelId };
	const [model, answers] = await Promise.all([loadModel(source, expected), source.read(SELF_TEST_FILE)]);
	return [model, readSelfTest(answers, model.id)];
}

/** The first backend that starts and computes exactly. */
async function startExecutor(
	message: OpenMessage,
	model: Model,
	answers: ReturnType<typeof readSelfTest>,
): Promise<{
	readonly executor: Executor;
	readonly passedOver: readonly string[];
	readonly selfTestMilliseconds: number;
}> {
	const passedOver: string[] = [];
	let last: unknown;
	for (const kind of KINDS[message.backend]) {
		let executor: Executor | undefined;
		try {
			({ executor } = await createExecutor({ prefer: [kind] }));
			post({ type: "loading", fetched: true });
			const started = performance.now();
			await checkSelfTest(model, executor, answers);
			return { executor, passedOver, selfTestMilliseconds: performance.now() - started };
		} catch (error) {
			last = error;
			passedOver.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
			await executor?.dispose();
			post({ type: "loading", fetched: false });
		}
	}
	throw last instanceof CodecError
		? last
		: new CodecError("backend-unavailable", "No backend could be started.", { cause: last });
}
