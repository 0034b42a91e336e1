/** The decoder's two stages with a queue between: the parser runs ahead of reconstruction and never waits for its pixels. */
import { CodecError, type CodecErrorCode } from "../errors.ts";
import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import { BoundedQueue } from "./bounded-queue.ts";
import type { DecodedPicture } from "./decoded-picture.ts";
import type { FrameSymbols } from "./frame-symbols.ts";
import { type EnhancementParser, throwIfAborted } from "./parser.ts";
import type { EnhancementReconstructor } from "./reconstruction.ts";

/** A frame of both layers: the sample and the decoded base picture of the same time. */
export type LayeredFrame = { readonly sample: Sample; readonly base: Picture };

/** One frame in order: enhanced, or the reason why only its base can be shown. Dispose the picture. */
export type EnhancedFrame =
	| {
			readonly base: Picture;
			readonly symbols: FrameSymbols;
			readonly picture: DecodedPicture;
			readonly error?: never;
	  }
	| { readonly base: Picture; readonly error: CodecError; readonly symbols?: never; readonly picture?: never };

/** Options of {@link decodeFrames}. */
export type PipelineOptions = {
	/** Frames that the parser may be ahead. Default 3. */
	readonly ahead?: number;
	readonly signal?: AbortSignal;
};

/** Faults of one sample: its base is shown, and the next intra frame starts afresh. Everything else ends the pipeline. */
const FAULTS_OF_A_SAMPLE: ReadonlySet<CodecErrorCode> = new Set<CodecErrorCode>([
	"damaged-sample",
	"unsupported-version",
	"base-mismatch",
	"missing-reference",
]);

type Parsed =
	| { readonly base: Picture; readonly symbols: FrameSymbols }
	| { readonly base: Picture; readonly error: CodecError };

function faultOfSample(error: unknown): CodecError {
	if (error instanceof CodecError && FAULTS_OF_A_SAMPLE.has(error.code)) return error;
	throw error;
}

/**
 * Decodes frames as they come. Leaving the loop early stops both stages.
 *
 * @throws CodecError `aborted`, `backend-failed`, `invalid-picture`; what `frames` throws
 */
export async function* decodeFrames(
	frames: AsyncIterable<LayeredFrame> | Iterable<LayeredFrame>,
	parser: EnhancementParser,
	reconstructor: EnhancementReconstructor,
	options: PipelineOptions = {},
): AsyncGenerator<EnhancedFrame, void, undefined> {
	const { signal } = options;
	const queue = new BoundedQueue<Parsed>(options.ahead ?? 3);
	const stop = () =>
		queue.end({ error: new CodecError("aborted", "Stopped on request.", { cause: signal?.reason }) });
	signal?.addEventListener("abort", stop, { once: true });
	// Never rejects: what goes wrong travels through the queue.
	void parseAhead(frames, parser, queue, signal);
	try {
		for (;;) {
			const parsed = await queue.pull();
			throwIfAborted(signal);
			if (parsed === undefined) return;
			yield await reconstructFrame(parsed, reconstructor);
		}
	} finally {
		signal?.removeEventListener("abort", stop);
		queue.end();
		// Not the source of frames, which may be waiting for a network, but the parser must be free again.
		await parser.settled();
	}
}

async function parseAhead(
	frames: AsyncIterable<LayeredFrame> | Iterable<LayeredFrame>,
	parser: EnhancementParser,
	queue: BoundedQueue<Parsed>,
	signal: AbortSignal | undefined,
): Promise<void> {
	try {
		for await (const { sample, base } of frames) {
			if (queue.closed) return;
			let parsed: Parsed;
			try {
				parsed = { base, symbols: await parser.parse(sample, base, signal) };
			} catch (error) {
				parsed = { base, error: faultOfSample(error) };
			}
			if (!(await queue.push(parsed))) return;
		}
		queue.end();
	} catch (error) {
		queue.end({ error });
	}
}

async function reconstructFrame(parsed: Parsed, reconstructor: EnhancementReconstructor): Promise<EnhancedFrame> {
	const { base } = parsed;
	if ("error" in parsed) {
		reconstructor.forget();
		return parsed;
	}
	try {
		return { base, symbols: parsed.symbols, picture: await reconstructor.reconstruct(parsed.symbols, base) };
	} catch (error) {
		return { base, error: faultOfSample(error) };
	}
}
