import type { FedFrame, Feed, FeedInfo } from "./feed.ts";

/** Pictures of any async iterable (or iterable) of `VideoFrame`, each with its own timestamp, at the encoder's pace. */
export class IterableFeed implements Feed {
	readonly info: FeedInfo = { live: false, frameRate: undefined, sound: false, silence: undefined };
	readonly missed = 0;
	readonly #iterator: AsyncIterator<VideoFrame> | Iterator<VideoFrame>;
	#ended = false;

	constructor(frames: AsyncIterable<VideoFrame> | Iterable<VideoFrame>) {
		this.#iterator = Symbol.asyncIterator in frames ? frames[Symbol.asyncIterator]() : frames[Symbol.iterator]();
	}

	/** @throws TypeError where the iterable gives something else than frames. */
	async nextFrame(): Promise<FedFrame | undefined> {
		if (this.#ended) {
			return undefined;
		}
		const { value, done } = await this.#iterator.next();
		if (done === true) {
			this.#ended = true;
			return undefined;
		}
		const frame: unknown = value;
		if (!(frame instanceof VideoFrame)) {
			throw new TypeError("The source gave something that is no VideoFrame.");
		}
		if (this.#ended) {
			frame.close();
			return undefined;
		}
		return { frame, timestamp: frame.timestamp };
	}

	async nextSound(): Promise<undefined> {}

	pause(): void {}

	resume(): void {}

	end(): void {
		if (!this.#ended) {
			this.#ended = true;
			// The generator's `finally` may run; nobody waits for it.
			void Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
		}
	}
}
