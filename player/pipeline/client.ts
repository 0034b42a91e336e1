import type { EnhancementReason } from "../reasons.ts";
import type { FrameMessage, FromWorker, OpenMessage, SegmentMessage, StageTimes } from "./messages.ts";

/** What the worker said when it was ready. */
export type ReadyInfo = Omit<Extract<FromWorker, { type: "ready" }>, "type">;

/** What went wrong, in words. */
export type PipelineFailure = {
	/** The segment that cannot be decoded; undefined: the whole worker is of no use any more. */
	readonly sequence: number | undefined;
	readonly code: EnhancementReason;
	readonly message: string;
	readonly hint: string | undefined;
};

/** Who is told what the worker says. */
export type PipelineListener = {
	/** Loading goes on. @param fetched all bytes are here */
	readonly loading: (fetched: boolean) => void;
	readonly ready: (info: ReadyInfo) => void;
	readonly frame: (frame: FrameMessage) => void;
	readonly decoded: (mediaTime: number, times: StageTimes) => void;
	readonly done: (sequence: number) => void;
	readonly failed: (failure: PipelineFailure) => void;
};

/** The page's end of the decoding worker. Messages of an epoch that is over are dropped here. */
export class PipelineClient {
	readonly #worker: Worker;
	readonly #listener: PipelineListener;
	#epoch = 0;
	#closed = false;

	/** @param worker freshly started; this object ends it */
	constructor(worker: Worker, open: Omit<OpenMessage, "type">, listener: PipelineListener) {
		this.#worker = worker;
		this.#listener = listener;
		worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#onMessage(data));
		// A script that cannot be fetched or throws outside every promise; nothing else would ever answer.
		worker.addEventListener("error", (event) =>
			this.#die(event.message || "The decoding worker could not be started."),
		);
		worker.addEventListener("messageerror", () => this.#die("A message of the decoding worker could not be read."));
		worker.postMessage({ type: "open", ...open } satisfies OpenMessage);
	}

	/** Sends a segment of the current epoch. Its bytes are copied: the page keeps them for seeking back. */
	push(segment: Omit<SegmentMessage, "type" | "epoch">): void {
		this.#worker.postMessage({ type: "segment", epoch: this.#epoch, ...segment } satisfies SegmentMessage);
	}

	/** Starts a new epoch: everything sent before is dropped. */
	reset(): void {
		this.#worker.postMessage({ type: "reset", epoch: ++this.#epoch });
	}

	/** Tells the playhead, in microseconds on the media timeline. */
	clock(mediaTime: number): void {
		this.#worker.postMessage({ type: "clock", mediaTime });
	}

	release(count: number): void {
		if (!this.#closed) this.#worker.postMessage({ type: "release", count });
	}

	/** Ends the worker at once; its GPU device and memory go with it. */
	close(): void {
		this.#closed = true;
		this.#worker.terminate();
	}

	#onMessage(message: FromWorker): void {
		if (this.#closed) {
			if (message.type === "frame") message.image.close();
			return;
		}
		if ("epoch" in message && message.epoch !== this.#epoch) {
			// A failure of the whole worker outlives epochs.
			if (message.type === "failed" && message.sequence === undefined) this.#listener.failed(message);
			if (message.type === "frame") {
				message.image.close();
				this.release(1);
			}
			return;
		}
		switch (message.type) {
			case "loading":
				return this.#listener.loading(message.fetched);
			case "ready":
				return this.#listener.ready(message);
			case "frame":
				return this.#listener.frame(message);
			case "decoded":
				return this.#listener.decoded(message.mediaTime, message.times);
			case "done":
				return this.#listener.done(message.sequence);
			case "failed":
				return this.#listener.failed(message);
		}
	}

	#die(message: string): void {
		if (this.#closed) return;
		this.#listener.failed({ sequence: undefined, code: "backend-failed", message, hint: "Reload the page." });
	}
}
