import { VideoSample } from "mediabunny";
import { openFedAudio } from "../audio/source-audio.ts";
import { UploadError } from "../errors.ts";
import { isHighDynamicRange, resolveColour } from "../source/colour.ts";
import { highDynamicRange, refuseSize } from "../source/refusals.ts";
import { withDurations } from "../source/timing.ts";
import type { PicturePath } from "../source/picture-path.ts";
import type { SourceWarning } from "../source/source-warning.ts";
import type { SourceAudio, SourceInfo, TimedPicture, VideoSource } from "../source/video-source.ts";
import type { FedFrame, Feed } from "./feed.ts";
import { Pacer } from "./pacer.ts";

/** Pictures that a page hands over: of a camera, a screen, a canvas, or an iterable. Read once, from the beginning. */
export class FrameSource implements VideoSource {
	readonly info: SourceInfo;
	readonly audio: SourceAudio | undefined;
	readonly warnings: readonly SourceWarning[];
	readonly #feed: Feed;
	/** Read while opening, not yet given out. */
	readonly #held: FedFrame[];
	readonly #origin: number;
	#passedOver = 0;
	/** Frames a second that are taken; undefined takes all. */
	pace: number | undefined;

	private constructor(
		feed: Feed,
		held: FedFrame[],
		info: SourceInfo,
		audio: SourceAudio | undefined,
		warnings: readonly SourceWarning[],
	) {
		this.#feed = feed;
		this.#held = held;
		this.#origin = held[0]?.timestamp ?? 0;
		this.info = info;
		this.audio = audio;
		this.warnings = warnings;
	}

	/** @throws {UploadError} `source-damaged` without a picture, `source-hdr`, `source-size`, `aborted` */
	static async open(
		feed: Feed,
		options: { readonly audio: "auto" | "none"; readonly signal: AbortSignal },
	): Promise<FrameSource> {
		const stop = () => feed.end();
		options.signal.addEventListener("abort", stop, { once: true });
		const held: FedFrame[] = [];
		try {
			const first = await pull(feed, options.signal);
			if (first === undefined) {
				throw new UploadError("source-damaged", "The source ended before its first picture.", {
					hint: "Keep the stream's tracks running until the upload is done, or finish() it.",
				});
			}
			held.push(first);
			const { frame } = first;
			const { displayWidth: width, displayHeight: height } = frame;
			refuseSize(width, height);
			if (isHighDynamicRange(frame.colorSpace)) {
				throw highDynamicRange();
			}
			const frameRate = feed.info.frameRate ?? (await rateOf(feed, held, options.signal));
			const warnings: SourceWarning[] = [];
			if (options.audio === "auto" && feed.info.silence !== undefined) {
				const message = `The video is uploaded without sound: ${feed.info.silence}`;
				warnings.push({ code: "audio-dropped", message });
			}
			const wanted = options.audio === "auto" && feed.info.sound;
			const { signal } = options;
			const audio = wanted ? await openFedAudio(feed, first.timestamp, { warnings, signal }) : undefined;
			const info: SourceInfo = {
				width,
				height,
				duration: undefined,
				live: feed.info.live,
				frameRate,
				codec: feed.info.live ? "live" : "frames",
				colour: resolveColour(frame.colorSpace, height),
				rotation: 0,
				fingerprint: undefined,
			};
			// Until the machine is measured nothing is taken: that time is no part of the video.
			feed.pause();
			return new FrameSource(feed, held, info, audio, warnings);
		} catch (error) {
			feed.end();
			for (const { frame } of held) {
				frame.close();
			}
			options.signal.throwIfAborted();
			throw error;
		}
	}

	/** Pictures that came and were not taken, by plan or because the encoder was busy. */
	get dropped(): number {
		return this.#passedOver + this.#feed.missed;
	}

	async *pictures(
		_from: number,
		path: PicturePath,
		signal: AbortSignal,
	): AsyncGenerator<TimedPicture, void, undefined> {
		this.#feed.resume();
		// Who waits for a picture that does not come hears nothing of it otherwise.
		signal.addEventListener("abort", () => this.#feed.end(), { once: true });
		const timed = withDurations(this.#frames(signal), ({ frame }) => frame.close());
		for await (const { frame: fed, duration } of timed) {
			const { frame, timestamp } = fed;
			try {
				signal.throwIfAborted();
				const sample = new VideoSample(frame, orientationOf(frame));
				yield { picture: await path.take(sample, timestamp), duration };
			} finally {
				frame.close();
			}
		}
	}

	close(): void {
		this.#feed.end();
		for (const { frame } of this.#held.splice(0)) {
			frame.close();
		}
	}

	async *#frames(signal: AbortSignal): AsyncGenerator<FedFrame & { readonly duration: number }, void, undefined> {
		const pacer = new Pacer();
		for (;;) {
			signal.throwIfAborted();
			const fed = this.#held.shift() ?? (await pull(this.#feed, signal));
			if (fed === undefined) {
				return;
			}
			const timestamp = fed.timestamp - this.#origin;
			if (timestamp < 0 || !pacer.take(timestamp, this.pace)) {
				fed.frame.close();
				this.#passedOver += 1;
				continue;
			}
			yield { frame: fed.frame, timestamp, duration: fed.frame.duration ?? 0 };
		}
	}
}

/** The next picture. @throws {UploadError} `source-damaged` where the page's source fails */
const pull = async (feed: Feed, signal: AbortSignal): Promise<FedFrame | undefined> => {
	try {
		return await feed.nextFrame();
	} catch (cause) {
		signal.throwIfAborted();
		const detail = cause instanceof Error ? cause.message : String(cause);
		throw new UploadError("source-damaged", `The source of frames failed: ${detail}`, { cause });
	}
};

/** Frames a second, from the distance of the first two; undefined where there is only one. */
const rateOf = async (feed: Feed, held: FedFrame[], signal: AbortSignal): Promise<number | undefined> => {
	const second = await pull(feed, signal);
	const first = held[0];
	if (second === undefined || first === undefined) {
		return undefined;
	}
	held.push(second);
	const distance = second.timestamp - first.timestamp;
	return distance >= 1000 ? 1e6 / distance : undefined;
};

/** How a frame must be turned; newer browsers say so, the types do not yet. */
const orientationOf = (frame: VideoFrame): { rotation: 0 | 90 | 180 | 270; flip: boolean } => {
	const { rotation, flip } = frame as { rotation?: number; flip?: boolean };
	const turned = rotation === 90 || rotation === 180 || rotation === 270 ? rotation : 0;
	return { rotation: turned, flip: flip === true };
};
