/** The decoder's two stages with a queue between: the parser runs ahead of reconstruction and never waits for its pixels. */
import { frameTypeOf } from "../bitstream/frame-header.ts";
import { CodecError, type CodecErrorCode } from "../errors.ts";
import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import { BoundedQueue } from "./bounded-queue.ts";
import { type CodingUnit, codingUnits } from "./coding-units.ts";
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
	/** Frames that the parser may be ahead, or pairs where there are bidirectional frames. Default 3. */
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
 * Decodes frames, given and taken in order of time. Leaving the loop early stops both stages.
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
	const queue = new BoundedQueue<CodingUnit<Parsed>>(options.ahead ?? 3);
	const stop = () =>
		queue.end({ error: new CodecError("aborted", "Stopped on request.", { cause: signal?.reason }) });
	signal?.addEventListener("abort", stop, { once: true });
	// Never rejects: what goes wrong travels through the queue.
	void parseAhead(frames, parser, queue, signal);
	const decoded: EnhancedFrame[] = [];
	try {
		for (;;) {
			const unit = await queue.pull();
			throwIfAborted(signal);
			if (unit === undefined) return;
			for (const parsed of unit) decoded.push(await reconstructFrame(parsed, reconstructor));
			for (let frame = decoded.pop(); frame !== undefined; frame = decoded.pop()) yield frame;
		}
	} finally {
		for (const { picture } of decoded) picture?.dispose();
		signal?.removeEventListener("abort", stop);
		queue.end();
		// Not the source of frames, which may be waiting for a network, but the parser must be free again.
		await parser.settled();
	}
}

async function parseAhead(
	frames: AsyncIterable<LayeredFrame> | Iterable<LayeredFrame>,
	parser: EnhancementParser,
	queue: BoundedQueue<CodingUnit<Parsed>>,
	signal: AbortSignal | undefined,
): Promise<void> {
	try {
		for await (const unit of codingUnits(frames, ({ sample }) => frameTypeOf(sample.data) === "bidirectional")) {
			if (queue.closed) return;
			const [first, second] = unit;
			const reference = await parseFrame(first, parser, signal);
			const parsed =
				second === undefined
					? ([reference] as const)
					: ([reference, await parseFrame(second, parser, signal)] as const);
			if (!(await queue.push(parsed))) return;
		}
		queue.end();
	} catch (error) {
		queue.end({ error });
	}
}

async function parseFrame(
	{ sample, base }: LayeredFrame,
	parser: EnhancementParser,
	signal: AbortSignal | undefined,
): Promise<Parsed> {
	try {
		return { base, symbols: await parser.parse(sample, base, signal) };
	} catch (error) {
		return { base, error: faultOfSample(error) };
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
