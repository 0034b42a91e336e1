import { BoundedQueue } from "../../codec/enhancement/bounded-queue.ts";
import { type CodingUnit, codingUnits } from "../../codec/enhancement/coding-units.ts";
import type { FrameSymbols } from "../../codec/enhancement/frame-symbols.ts";
import { CodecError } from "../../codec/errors.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { EnhancementReason } from "../reasons.ts";
import { decodableSamples, isBidirectional } from "./decodable-samples.ts";
import type { FrameMessage, FromWorker, SegmentMessage } from "./messages.ts";
import { nextTask } from "./next-task.ts";

/** A picture on its way to the page. */
export type PaintedPicture = Pick<
	FrameMessage,
	"image" | "picture" | "width" | "height" | "coveredWidth" | "coveredHeight"
>;

/** One segment, demuxed, its base being decoded. */
export type OpenedSegment<Decoded> = {
	readonly samples: readonly Sample[];
	/** Base pictures in order of time, decoded as they are asked for. */
	readonly basePictures: AsyncIterable<Picture>;
	/** Bytes and base picture to symbols, in order of decoding: the parser, which never sees an enhanced pixel. */
	readonly parse: (sample: Sample, base: Picture) => Promise<FrameSymbols>;
	/** Symbols and base picture to the next picture: reconstruction, which never sees a byte. */
	readonly reconstruct: (symbols: FrameSymbols, base: Picture) => Promise<Decoded>;
	readonly paint: (decoded: Decoded) => Promise<PaintedPicture>;
	/** Frees a decoded picture. */
	readonly discard: (decoded: Decoded) => void;
};

/** What the decoder is made of; `worker.ts` fills it with the codec, tests with their own. */
export type OpenSegment<Decoded> = (segment: SegmentMessage, signal: AbortSignal) => Promise<OpenedSegment<Decoded>>;

/** A frame of both layers. */
type LayeredFrame = {
	readonly sample: Sample;
	readonly base: Picture;
	/** Microseconds on the media timeline. */
	readonly mediaTime: number;
	readonly baseMilliseconds: number;
};

type ParsedFrame = Omit<LayeredFrame, "baseMilliseconds"> & {
	readonly symbols: FrameSymbols;
	/** Of its base picture as well. */
	readonly parseMilliseconds: number;
};

/** What is decoded together: a frame, or two that are shown the other way round. */
type ParsedUnit<Decoded> = {
	readonly segment: SegmentMessage;
	readonly opened: OpenedSegment<Decoded>;
	readonly frames: CodingUnit<ParsedFrame>;
	/** Time that parsing stood still for want of a segment. */
	readonly idleMilliseconds: number;
};

/** A frame with its picture, which is to be discarded. */
type DecodedFrame<Decoded> = ParsedFrame & {
	readonly decoded: Decoded;
	readonly reconstructMilliseconds: number;
};

/** Segments that may wait; the page sends two at a time. */
const SEGMENTS_WAITING = 64;

/** Units that the parser may be ahead of reconstruction: a frame each, or two where there are bidirectional ones. */
const UNITS_AHEAD = 4;

/** A base picture and a sample of the same frame differ by no more than what rounding between timescales makes. */
const TIMESTAMP_TOLERANCE = 1500;

/** Reported where a frame's duration is not known, in microseconds. */
const UNKNOWN_DURATION = 33_333;

/**
 * Decodes segments in order: parser, a queue of symbols, reconstruction, then out, as many pictures as the page has
 * room for.
 *
 * ```
 * segments -> [ parse ] -> units of symbols (4) -> [ reconstruct, paint ] -> frames (room) -> page
 * ```
 *
 * Samples come and pictures leave in order of time. Between, a bidirectional frame comes after the one behind it, whose picture is held
 * until the bidirectional one has been sent: it takes no room before.
 *
 * `reset` ends an epoch: whatever belongs to it is dropped, wherever it is.
 */
export class SegmentDecoder<Decoded> {
	readonly #open: OpenSegment<Decoded>;
	readonly #emit: (message: FromWorker, transfer?: Transferable[]) => void;
	readonly #now: () => number;
	/** The stages of the epochs before still use the same decoder: the next epoch starts when they have stopped. */
	#stopped: Promise<unknown> = Promise.resolve();
	#abort = new AbortController();
	#segments: BoundedQueue<SegmentMessage>;
	#epoch = 0;
	#clock = Number.NEGATIVE_INFINITY;
	#room: number;
	#roomWaker: (() => void) | undefined;

	/** @param room pictures that may be with the page at a time */
	constructor(
		open: OpenSegment<Decoded>,
		emit: (message: FromWorker, transfer?: Transferable[]) => void,
		room: number,
		now: () => number = () => performance.now(),
	) {
		this.#open = open;
		this.#emit = emit;
		this.#room = room;
		this.#now = now;
		this.#segments = this.#start();
	}

	/** Takes a segment of the current epoch; others are too late and dropped. */
	push(segment: SegmentMessage): void {
		if (segment.epoch !== this.#epoch) return;
		if (this.#segments.length >= SEGMENTS_WAITING) {
			const error = new CodecError("invalid-option", `More than ${SEGMENTS_WAITING} segments wait.`);
			this.#emit({ type: "failed", epoch: segment.epoch, sequence: segment.sequence, ...describeFailure(error) });
			return;
		}
		void this.#segments.push(segment);
	}

	/** Drops everything and starts a new epoch. */
	reset(epoch: number): void {
		this.#abort.abort(new CodecError("aborted", "The playhead moved on."));
		this.#roomWaker?.();
		this.#epoch = epoch;
		this.#abort = new AbortController();
		this.#segments = this.#start();
	}

	/** Pictures that end before this media time (microseconds) are no longer sent. */
	set clock(mediaTime: number) {
		this.#clock = mediaTime;
		this.#roomWaker?.();
	}

	/** The page freed pictures. */
	release(count: number): void {
		this.#room += count;
		this.#roomWaker?.();
	}

	/** Ends with the stages stopped. */
	async close(): Promise<void> {
		this.#abort.abort(new CodecError("aborted", "The player was closed."));
		this.#roomWaker?.();
		await this.#stopped;
	}

	#start(): BoundedQueue<SegmentMessage> {
		const { signal } = this.#abort;
		const segments = new BoundedQueue<SegmentMessage>(SEGMENTS_WAITING);
		const units = new BoundedQueue<ParsedUnit<Decoded>>(UNITS_AHEAD);
		signal.addEventListener("abort", () => {
			segments.end();
			units.end();
		});
		const epoch = this.#epoch;
		const before = this.#stopped;
		const run = async () => {
			await before;
			const failed = new Set<number>();
			await Promise.allSettled([
				this.#parseAll(segments, units, failed, epoch, signal),
				this.#reconstructAll(units, failed, epoch, signal),
			]);
		};
		this.#stopped = run();
		return segments;
	}

	async #parseAll(
		segments: BoundedQueue<SegmentMessage>,
		units: BoundedQueue<ParsedUnit<Decoded>>,
		failed: Set<number>,
		epoch: number,
		signal: AbortSignal,
	): Promise<void> {
		for (;;) {
			const asked = this.#now();
			const segment = await segments.pull();
			signal.throwIfAborted();
			if (!segment) return;
			const idle = this.#now() - asked;
			try {
				await this.#parseSegment(segment, units, failed, idle, signal);
			} catch (error) {
				this.#fail(segment, failed, epoch, error, signal);
			}
		}
	}

	async #parseSegment(
		segment: SegmentMessage,
		units: BoundedQueue<ParsedUnit<Decoded>>,
		failed: ReadonlySet<number>,
		idle: number,
		signal: AbortSignal,
	): Promise<void> {
		const whole = await this.#open(segment, signal);
		const opened = { ...whole, samples: decodableSamples(whole.samples) };
		const frames = this.#layeredFrames(segment, opened, signal);
		let idleMilliseconds = idle;
		for await (const [first, second] of codingUnits(frames, ({ sample }) => isBidirectional(sample))) {
			if (failed.has(segment.sequence)) return;
			// A lost or damaged sample ends the segment, even a bidirectional one, to which no frame refers: the models of the entropy coder
			// learn from each (SPEC 5.3; those of block quality from both kinds), and without it the next ones read as damaged. Only another
			// bitstream could change that.
			const reference = await this.#parseFrame(first, opened, signal);
			const parsed: CodingUnit<ParsedFrame> =
				second === undefined ? [reference] : [reference, await this.#parseFrame(second, opened, signal)];
			await units.push({ segment, opened, frames: parsed, idleMilliseconds });
			signal.throwIfAborted();
			idleMilliseconds = 0;
		}
	}

	/** Samples with their base pictures, in order of time. */
	async *#layeredFrames(
		segment: SegmentMessage,
		opened: OpenedSegment<Decoded>,
		signal: AbortSignal,
	): AsyncGenerator<LayeredFrame, void, undefined> {
		const bases = opened.basePictures[Symbol.asyncIterator]();
		/** Added to a timestamp of the track gives media time, in microseconds. */
		let offset: number | undefined;
		try {
			for (const sample of opened.samples) {
				const started = this.#now();
				const base = await nextBase(bases, sample, segment.sequence);
				signal.throwIfAborted();
				offset ??= Math.round(segment.mediaStart * 1e6) - base.timestamp;
				yield { sample, base, mediaTime: sample.timestamp + offset, baseMilliseconds: this.#now() - started };
			}
		} finally {
			// Stops the base decoder where the segment was left early.
			await bases.return?.();
		}
	}

	async #parseFrame(
		{ baseMilliseconds, ...frame }: LayeredFrame,
		opened: OpenedSegment<Decoded>,
		signal: AbortSignal,
	): Promise<ParsedFrame> {
		const started = this.#now();
		await nextTask();
		signal.throwIfAborted();
		const symbols = await opened.parse(frame.sample, frame.base);
		return { ...frame, symbols, parseMilliseconds: baseMilliseconds + this.#now() - started };
	}

	async #reconstructAll(
		units: BoundedQueue<ParsedUnit<Decoded>>,
		failed: Set<number>,
		epoch: number,
		signal: AbortSignal,
	): Promise<void> {
		let previous = this.#now();
		for (;;) {
			const unit = await units.pull();
			signal.throwIfAborted();
			if (!unit) return;
			if (failed.has(unit.segment.sequence)) continue;
			try {
				await this.#reconstructUnit(unit, previous, signal);
			} catch (error) {
				this.#fail(unit.segment, failed, epoch, error, signal);
			}
			previous = this.#now();
		}
	}

	/** Reconstructs the frames of a unit in order of decoding, then sends them in order of time. */
	async #reconstructUnit(unit: ParsedUnit<Decoded>, previous: number, signal: AbortSignal): Promise<void> {
		const { segment, opened, frames, idleMilliseconds } = unit;
		const waiting: DecodedFrame<Decoded>[] = [];
		try {
			for (const frame of frames) {
				waiting.push(await this.#reconstructFrame(frame, opened, signal));
				signal.throwIfAborted();
			}
			// The first picture comes after the work for two, the second after next to none: each counts for half of both.
			let spent = 0;
			let since = previous + idleMilliseconds;
			for (let frame = waiting.at(-1); frame !== undefined; frame = waiting.at(-1)) {
				const { wait, convert } = await this.#send(frame, unit, signal);
				const end = this.#now();
				const total = (spent + Math.max(0, end - since - wait)) / waiting.length;
				spent = total * (waiting.length - 1);
				since = end;
				waiting.pop();
				opened.discard(frame.decoded);
				const { mediaTime, parseMilliseconds: parse, reconstructMilliseconds: reconstruct } = frame;
				const times = { parse, reconstruct, convert, total };
				this.#emit({ type: "decoded", epoch: segment.epoch, mediaTime, times });
				if (frame.sample === opened.samples.at(-1)) {
					this.#emit({ type: "done", epoch: segment.epoch, sequence: segment.sequence });
				}
			}
		} finally {
			for (const { decoded } of waiting) opened.discard(decoded);
		}
	}

	async #reconstructFrame(
		frame: ParsedFrame,
		opened: OpenedSegment<Decoded>,
		signal: AbortSignal,
	): Promise<DecodedFrame<Decoded>> {
		await nextTask();
		signal.throwIfAborted();
		const started = this.#now();
		const decoded = await opened.reconstruct(frame.symbols, frame.base);
		return { ...frame, decoded, reconstructMilliseconds: this.#now() - started };
	}

	/** Paints and emits a frame once there is room for it, unless its time has passed. Returns milliseconds. */
	async #send(
		{ sample, mediaTime, symbols, decoded }: DecodedFrame<Decoded>,
		{ segment: { epoch, sequence }, opened }: ParsedUnit<Decoded>,
		signal: AbortSignal,
	): Promise<{ readonly wait: number; readonly convert: number }> {
		const duration = sample.duration > 0 ? sample.duration : UNKNOWN_DURATION;
		const wait = await this.#waitForRoom(mediaTime + duration, signal);
		if (mediaTime + duration <= this.#clock) return { wait, convert: 0 };
		const painting = this.#now();
		const { image, picture, ...sizes } = await opened.paint(decoded);
		const convert = this.#now() - painting;
		if (signal.aborted) {
			image.close();
			signal.throwIfAborted();
		}
		this.#room--;
		const place = { epoch, sequence, mediaTime, timestamp: sample.timestamp, duration };
		const { q } = symbols;
		this.#emit({ type: "frame", ...place, ...sizes, image, picture, bytes: sample.data.length, q }, [image]);
		return { wait, convert };
	}

	/** Waits until the page has room for a picture, or the picture's time has passed. Returns the milliseconds waited. */
	async #waitForRoom(end: number, signal: AbortSignal): Promise<number> {
		const started = this.#now();
		while (this.#room <= 0 && end > this.#clock) {
			await new Promise<void>((resolve) => {
				this.#roomWaker = resolve;
			});
			signal.throwIfAborted();
		}
		return this.#now() - started;
	}

	#fail(segment: SegmentMessage, failed: Set<number>, epoch: number, error: unknown, signal: AbortSignal): void {
		// Aborted stages stop here; nobody waits for their errors.
		signal.throwIfAborted();
		if (failed.has(segment.sequence)) return;
		failed.add(segment.sequence);
		this.#emit({ type: "failed", epoch, sequence: segment.sequence, ...describeFailure(error) });
	}
}

/** An error as the page is told of it. What is no `CodecError` is a fault of the backend: nothing else throws here. */
export function describeFailure(error: unknown): {
	readonly code: EnhancementReason;
	readonly message: string;
	readonly hint: string | undefined;
} {
	if (error instanceof CodecError) return { code: error.code, message: error.message, hint: error.hint };
	return { code: "backend-failed", message: error instanceof Error ? error.message : String(error), hint: undefined };
}

/** The base picture of a sample. Base pictures without a sample (frames that the enhancement leaves out) are passed over. */
async function nextBase(bases: AsyncIterator<Picture>, sample: Sample, sequence: number): Promise<Picture> {
	for (;;) {
		const { done, value } = await bases.next();
		if (done) break;
		const late = value.timestamp - sample.timestamp;
		if (Math.abs(late) <= TIMESTAMP_TOLERANCE) return value;
		if (late > 0) break;
	}
	throw new CodecError(
		"base-mismatch",
		`Segment ${sequence} has no base picture at ${sample.timestamp} microseconds.`,
		{
			hint: "Base and enhancement must hold the same frames.",
		},
	);
}
