import { type DecodeSpeed, NO_DECODE_SPEED, observePicture, pictureMilliseconds } from "../policy/decode-speed.ts";
import type { ReadySegment } from "../stream/enhancement-buffer.ts";
import { PipelineClient, type PipelineFailure, type ReadyInfo } from "./client.ts";
import type { FrameMessage, OpenMessage, StageTimes } from "./messages.ts";
import { startWorker } from "./start-worker.ts";

/** Who is told how decoding goes. */
export type DecodingListener = {
	readonly ready: (info: ReadyInfo) => void;
	readonly frame: (frame: FrameMessage) => void;
	/** A picture was decoded, and its times are known. */
	readonly decoded: () => void;
	/** All pictures of this segment were decoded. */
	readonly done: (sequence: number) => void;
	readonly failed: (failure: PipelineFailure) => void;
};

/** The page's view of the decoder: a worker that is closed, on its way, loading, or ready, and what it has in hand. */
export class Decoding {
	readonly #listener: DecodingListener;
	#client: PipelineClient | undefined;
	/** A worker whose script is on its way. */
	#opening: { cancelled: boolean } | undefined;
	#fetched = false;
	#ready: ReadyInfo | undefined;
	/** Runs while the worker loads; see `open`. */
	#patience: ReturnType<typeof setTimeout> | undefined;
	/** Segments given to the worker and not done. */
	readonly #held = new Set<number>();
	#decodedTo: number | undefined;
	#speed: DecodeSpeed = NO_DECODE_SPEED;
	#times: StageTimes | undefined;

	constructor(listener: DecodingListener) {
		this.#listener = listener;
	}

	/** Whether there is a worker: none; on its way, or fetching what it needs; here, though it may not be ready. */
	get stage(): "none" | "coming" | "here" {
		if (!this.#client && !this.#opening) return "none";
		return this.#fetched ? "here" : "coming";
	}

	/** What the worker said of itself; undefined before weights are loaded and tested. */
	get ready(): ReadyInfo | undefined {
		return this.#ready;
	}

	/** Segments that the worker has and has not finished. */
	get held(): ReadonlySet<number> {
		return this.#held;
	}

	/** Media time of the picture that was decoded last, in seconds; undefined after a fresh start. */
	get decodedTo(): number | undefined {
		return this.#decodedTo;
	}

	/** Milliseconds that the last picture took in each stage. */
	get times(): StageTimes | undefined {
		return this.#times;
	}

	/** Milliseconds a picture, measured; undefined while too few were seen. */
	get pictureMilliseconds(): number | undefined {
		return pictureMilliseconds(this.#speed);
	}

	/**
	 * Starts a worker, which loads the weights.
	 *
	 * @param patience milliseconds for which it may say nothing; after that loading has failed
	 */
	open(options: Omit<OpenMessage, "type">, patience: number): void {
		const pending = { cancelled: false };
		this.#opening = pending;
		this.#waitForStep(patience);
		// The worker's address is in a module of its own: only a bundler can say where the worker went.
		const start = async () => {
			const { workerUrl } = await import("./worker-url.ts");
			return startWorker(workerUrl, "crescendo-decoder");
		};
		start().then(
			(worker) => {
				if (pending.cancelled) return worker.terminate();
				this.#opening = undefined;
				this.#client = this.#connect(worker, options, patience);
				return undefined;
			},
			(cause: unknown) => {
				if (pending.cancelled) return;
				this.#listener.failed({
					sequence: undefined,
					code: "backend-unavailable",
					message: `The decoding worker could not be started: ${String(cause)}.`,
					hint: "Check the page's Content-Security-Policy: worker-src and script-src.",
				});
			},
		);
	}

	/** Gives a segment to the worker. */
	push(segment: ReadySegment): void {
		this.#held.add(segment.sequence);
		this.#client?.push({ ...segment, mediaStart: segment.base.mediaStart });
	}

	/** Tells the playhead, in seconds: pictures before it are decoded but not sent. */
	clock(seconds: number): void {
		this.#client?.clock(Math.round(seconds * 1e6));
	}

	/** What was measured says nothing any more: the next pictures are measured anew. */
	forgetSpeed(): void {
		this.#speed = NO_DECODE_SPEED;
	}

	/** So many pictures were freed. */
	release(count: number): void {
		this.#client?.release(count);
	}

	/** This segment cannot be decoded: the worker has left it. */
	drop(sequence: number): void {
		this.#held.delete(sequence);
	}

	/** Drops everything in hand; the worker stays. */
	reset(): void {
		this.#client?.reset();
		this.#held.clear();
		this.#decodedTo = undefined;
	}

	/** Ends the worker; its GPU device and memory go with it. */
	close(): void {
		if (this.#opening) this.#opening.cancelled = true;
		this.#opening = undefined;
		clearTimeout(this.#patience);
		this.#client?.close();
		this.#client = undefined;
		this.#fetched = false;
		this.#ready = undefined;
		this.#held.clear();
		this.#decodedTo = undefined;
		this.#speed = NO_DECODE_SPEED;
	}

	/** Waits for the next step of loading. A connection that neither answers nor breaks is reported by nobody else. */
	#waitForStep(patience: number): void {
		clearTimeout(this.#patience);
		this.#patience = setTimeout(() => {
			this.#listener.failed({
				sequence: undefined,
				code: "backend-failed",
				message: `The decoder did not load: nothing was heard of it for ${Math.round(patience / 1000)} s.`,
				hint: "Check the connection, and that the decoder's weights are served.",
			});
		}, patience);
	}

	#connect(worker: Worker, options: Omit<OpenMessage, "type">, patience: number): PipelineClient {
		return new PipelineClient(worker, options, {
			loading: (fetched) => {
				this.#fetched = fetched;
				this.#waitForStep(patience);
			},
			ready: (info) => {
				clearTimeout(this.#patience);
				this.#ready = info;
				this.#fetched = true;
				this.#listener.ready(info);
			},
			frame: (frame) => this.#listener.frame(frame),
			decoded: (mediaTime, times) => {
				this.#decodedTo = mediaTime / 1e6;
				this.#times = times;
				this.#speed = observePicture(this.#speed, times.total);
				this.#listener.decoded();
			},
			done: (sequence) => {
				this.#held.delete(sequence);
				this.#listener.done(sequence);
			},
			failed: (failure) => this.#listener.failed(failure),
		});
	}
}
