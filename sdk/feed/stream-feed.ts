import { UploadError } from "../errors.ts";
import { LiveClock } from "./live-clock.ts";
import type { FedFrame, FedSound, Feed, FeedInfo } from "./feed.ts";

/** Sound that waits, in pieces of about 10 ms. Beyond, the oldest is given up: the pictures are late by then. */
const MOST_SOUND = 1500;

/** A sound track that says nothing for so long, in milliseconds, has ended; a silent microphone does deliver. */
const SOUND_TIMEOUT = 4000;

/** As far as it is used here; not every browser has it, and not every library of types. */
type TrackProcessor = new (init: { readonly track: MediaStreamTrack }) => {
	readonly readable: ReadableStream<unknown>;
};

const processorOf = (): TrackProcessor | undefined =>
	"MediaStreamTrackProcessor" in globalThis ? (globalThis.MediaStreamTrackProcessor as TrackProcessor) : undefined;

/**
 * A camera, a screen or a canvas as a feed. Pictures are read as they come and only the newest is kept, so that whoever is slow
 * sees fewer pictures and never older ones.
 */
export class StreamFeed implements Feed {
	readonly info: FeedInfo;
	readonly #clock = new LiveClock();
	readonly #stop = new AbortController();
	#newest: FedFrame | undefined;
	#missed = 0;
	#framesEnded = false;
	#failure: { readonly error: unknown } | undefined;
	#wakeFrame: (() => void) | undefined;
	readonly #sound: FedSound[] = [];
	#soundEnded = false;
	#wakeSound: (() => void) | undefined;

	/** @throws {UploadError} `source-no-video` for a stream without a live picture track. */
	constructor(stream: MediaStream) {
		const video = stream.getVideoTracks().find(({ readyState }) => readyState === "live");
		if (video === undefined) {
			throw new UploadError("source-no-video", "The stream has no live video track.", {
				hint: "Ask for video in getUserMedia or getDisplayMedia, and start before the tracks are stopped.",
			});
		}
		const audio = stream.getAudioTracks().find(({ readyState }) => readyState === "live");
		const Processor = processorOf();
		this.info = {
			live: true,
			// 0 is said of a canvas that is captured by hand, and of a track from elsewhere: it is not known.
			frameRate: video.getSettings().frameRate || undefined,
			sound: audio !== undefined && Processor !== undefined,
			silence:
				audio !== undefined && Processor === undefined
					? "This browser hands out no sound of a stream."
					: undefined,
		};
		const frames =
			Processor === undefined
				? watchedFrames(video, this.#stop.signal)
				: new Processor({ track: video }).readable;
		void this.#readFrames(frames as ReadableStream<VideoFrame>);
		if (audio !== undefined && Processor !== undefined) {
			void this.#readSound(new Processor({ track: audio }).readable as ReadableStream<AudioData>);
		} else {
			this.#soundEnded = true;
		}
	}

	get missed(): number {
		return this.#missed;
	}

	async nextFrame(): Promise<FedFrame | undefined> {
		while (this.#newest === undefined && !this.#framesEnded) {
			await new Promise<void>((resolve) => (this.#wakeFrame = resolve));
		}
		const frame = this.#newest;
		this.#newest = undefined;
		if (frame === undefined && this.#failure !== undefined) {
			throw this.#failure.error;
		}
		return frame;
	}

	async nextSound(): Promise<FedSound | undefined> {
		while (this.#sound.length === 0 && !this.#soundEnded) {
			const timer = setTimeout(() => {
				this.#soundEnded = !this.#clock.isPaused;
				this.#wakeSound?.();
			}, SOUND_TIMEOUT);
			await new Promise<void>((resolve) => (this.#wakeSound = resolve));
			clearTimeout(timer);
		}
		return this.#sound.shift();
	}

	pause(): void {
		this.#clock.pause();
	}

	resume(): void {
		this.#clock.resume();
	}

	end(): void {
		this.#stop.abort();
		this.#framesEnded = true;
		this.#soundEnded = true;
		this.#wakeFrame?.();
		this.#wakeSound?.();
	}

	async #readFrames(readable: ReadableStream<VideoFrame>): Promise<void> {
		const place = this.#clock.track();
		try {
			await readAll(readable, this.#stop.signal, (frame) => {
				if (this.#clock.isPaused) {
					frame.close();
					return;
				}
				if (this.#newest !== undefined) {
					this.#newest.frame.close();
					this.#missed += 1;
				}
				this.#newest = { frame, timestamp: place(frame.timestamp) };
				this.#wakeFrame?.();
			});
		} catch (error) {
			this.#failure = { error };
		}
		this.#framesEnded = true;
		if (this.#stop.signal.aborted) {
			this.#newest?.frame.close();
			this.#newest = undefined;
		}
		this.#wakeFrame?.();
	}

	async #readSound(readable: ReadableStream<AudioData>): Promise<void> {
		const place = this.#clock.track();
		// A sound track that breaks ends; the pictures go on.
		await readAll(readable, this.#stop.signal, (data) => {
			if (this.#clock.isPaused) {
				data.close();
				return;
			}
			if (this.#sound.length >= MOST_SOUND) {
				this.#sound.shift()?.data.close();
			}
			this.#sound.push({ data, timestamp: place(data.timestamp) });
			this.#wakeSound?.();
		}).catch(() => undefined);
		this.#soundEnded = true;
		if (this.#stop.signal.aborted) {
			for (const { data } of this.#sound.splice(0)) {
				data.close();
			}
		}
		this.#wakeSound?.();
	}
}

const readAll = async <T>(readable: ReadableStream<T>, signal: AbortSignal, take: (item: T) => void): Promise<void> => {
	const reader = readable.getReader();
	const cancel = () => void reader.cancel().catch(() => undefined);
	signal.addEventListener("abort", cancel, { once: true });
	try {
		for (let next = await reader.read(); next.done !== true; next = await reader.read()) {
			take(next.value);
		}
	} finally {
		signal.removeEventListener("abort", cancel);
	}
};

/** Pictures by way of a video element, for browsers that read no tracks on a page. */
const watchedFrames = (track: MediaStreamTrack, signal: AbortSignal): ReadableStream<VideoFrame> => {
	const video = document.createElement("video");
	video.muted = true;
	video.playsInline = true;
	video.srcObject = new MediaStream([track]);
	return new ReadableStream<VideoFrame>({
		async start(controller) {
			const end = () => {
				video.srcObject = null;
				try {
					controller.close();
				} catch {
					// Cancelled already: closing twice is no news.
				}
			};
			track.addEventListener("ended", end, { once: true });
			signal.addEventListener("abort", end, { once: true });
			const take: VideoFrameRequestCallback = (now) => {
				if (video.srcObject === null) {
					return;
				}
				controller.enqueue(new VideoFrame(video, { timestamp: Math.round(now * 1000) }));
				video.requestVideoFrameCallback(take);
			};
			video.requestVideoFrameCallback(take);
			await video.play();
		},
	});
};
