import type { Picture } from "../codec/picture/picture.ts";
import { hashPicture } from "../codec/hash/picture-hash.ts";
import { CodecError } from "../codec/errors.ts";
import { PipelineClient, type PipelineFailure, type ReadyInfo } from "./pipeline/client.ts";
import type { StageTimes } from "./pipeline/messages.ts";
import { type CapturedPicture, Presenter } from "./pipeline/presenter.ts";
import { startWorker } from "./pipeline/start-worker.ts";
import { type BackOff, forgetFrames, isBackedOff, NO_BACK_OFF, observeFrames } from "./policy/back-off.ts";
import { chooseEnhancement } from "./policy/choose-enhancement.ts";
import { type DecodeSpeed, NO_DECODE_SPEED, observePicture, pictureMilliseconds } from "./policy/decode-speed.ts";
import { shouldGoOn } from "./policy/after-seek.ts";
import { type DecodeObservation, isHopeless, nextSegment } from "./policy/next-segment.ts";
import { decideStart } from "./policy/start.ts";
import {
	type BackendPreference,
	type EnhancementMode,
	type EnhancementReason,
	type EnhancementState,
	isPassing,
} from "./reasons.ts";
import type { BaseFeed } from "./stream/base-feed.ts";
import { type BufferObservation, EnhancementBuffer } from "./stream/enhancement-buffer.ts";
import type { ListedEnhancement } from "./stream/enhancement-list.ts";
import type { PlaylistParser } from "./stream/media-playlist.ts";
import type { Transfer } from "./policy/bandwidth.ts";

/** What the viewer and the page want; may change at any time. */
export type EnhancerWishes = {
	readonly mode: EnhancementMode;
	/** Id of an enhancement, `low`, or undefined: automatic. */
	readonly choice: string | undefined;
	/** Have every picture's samples sent along: for tests, it costs a read-back a frame. */
	readonly keepPictures: boolean;
};

/** What the enhancer says when asked: the parts of the statistics that it knows. */
export type EnhancerReport = {
	readonly state: EnhancementState;
	readonly reason: EnhancementReason | undefined;
	readonly error: string | undefined;
	readonly ready: ReadyInfo | undefined;
	readonly enhancement: ListedEnhancement | undefined;
	readonly enhancementBuffer: number;
	readonly picturesReady: number;
	readonly times: StageTimes | undefined;
	readonly decodeRate: number | undefined;
	readonly frames: { readonly enhanced: number; readonly missed: number; readonly all: number };
	readonly bytes: number;
	readonly shown: { readonly width: number; readonly height: number } | undefined;
};

/** Something about the enhancement went wrong; the base plays on. */
export type EnhancementFault = {
	readonly code: EnhancementReason;
	readonly message: string;
	readonly hint: string | undefined;
	/** The enhancement is given up for this source. */
	readonly fatal: boolean;
};

export type EnhancerOptions = {
	readonly video: HTMLVideoElement;
	readonly canvas: HTMLCanvasElement;
	readonly feed: BaseFeed;
	readonly parser: PlaylistParser;
	/** Cheapest first; at least one. */
	readonly enhancements: readonly ListedEnhancement[];
	/** Nominal frames a second. */
	readonly frameRate: number;
	/** Bits a second of base and audio. */
	readonly baseBitrate: number;
	readonly backend: BackendPreference;
	readonly runtimeUrl: string;
	readonly modelUrl: string;
	readonly wishes: EnhancerWishes;
	/** Bits a second, from all transfers; undefined: not known. */
	readonly bandwidth: () => number | undefined;
	readonly observeTransfer: (transfer: Transfer) => void;
	readonly onChange: () => void;
	readonly onFault: (fault: EnhancementFault) => void;
};

/** Seconds of base ahead before the enhancement may use the network. */
const BASE_WANTED = 6;
/** Segments that the worker may hold. */
const WORKER_SEGMENTS = 2;
/** Damaged segments in a row before the enhancement is given up. */
const MOST_DAMAGED = 3;
/** A lost device or dead worker is replaced once, after so many milliseconds. */
const RESTART_PAUSE = 5000;
/** Milliseconds between two looks at everything. */
const TICK = 200;
/** Bytes of runtime and weights over the wire, for the decision whether they are worth it. */
const RUNTIME_BYTES = 6_000_000;
/** The worker is told the playhead a little late, so that no picture is dropped that could still be shown. Seconds. */
const CLOCK_LAG = 0.06;

/** Set once runtime and weights have been fetched in this page: the next player takes them from the cache. */
let runtimeFetched = false;

/**
 * The enhancement of one source: decides, fetches, has decoded and presents; the policies it asks are pure functions.
 * Whatever happens here, the base plays on: nothing in this class touches the `<video>`.
 */
export class Enhancer {
	readonly #o: EnhancerOptions;
	readonly #presenter: Presenter;
	readonly #buffer: EnhancementBuffer;
	readonly #abort = new AbortController();
	readonly #timer: ReturnType<typeof setInterval>;
	#wishes: EnhancerWishes;
	#client: PipelineClient | undefined;
	/** A worker whose script is on its way. */
	#opening: { cancelled: boolean } | undefined;
	#ready: ReadyInfo | undefined;
	#restarts = 0;
	#restartAt = Number.NEGATIVE_INFINITY;
	#current: ListedEnhancement | undefined;
	/** Segments given to the worker and not done. */
	readonly #inWorker = new Set<number>();
	#decodedTo: number | undefined;
	#damagedInRow = 0;
	#backOff: BackOff = NO_BACK_OFF;
	#speed: DecodeSpeed = NO_DECODE_SPEED;
	#times: StageTimes | undefined;
	#counted = { due: 0, missed: 0 };
	#frames = { enhanced: 0, missed: 0, all: 0 };
	#bytes = 0;
	/** The enhanced picture was shown since the last seek: from then on a missing one is a missed one. */
	#settled = false;
	#state: EnhancementState = "base";
	#reason: EnhancementReason | undefined = "playback-not-begun";
	#ticking = false;
	#failure: EnhancementFault | undefined;
	#lastFault: EnhancementFault | undefined;

	constructor(options: EnhancerOptions) {
		this.#o = options;
		this.#wishes = options.wishes;
		this.#buffer = new EnhancementBuffer(options.feed, options.parser, {
			progress: () => this.tick(),
			transfer: (transfer) => {
				this.#bytes += transfer.bytes;
				options.observeTransfer(transfer);
			},
			fault: (fault) => this.#fault(fault),
		});
		this.#presenter = new Presenter(options.video, options.canvas, {
			released: (count) => this.#client?.release(count),
			visible: () => this.tick(),
			presented: (mediaTime, enhanced) => this.#onPresented(mediaTime, enhanced),
		});
		const { signal } = this.#abort;
		const { video } = options;
		video.addEventListener("seeking", () => this.#onSeeking(), { signal });
		for (const type of ["play", "pause", "seeked", "ratechange", "progress", "ended", "waiting"]) {
			video.addEventListener(type, () => this.tick(), { signal });
		}
		for (const type of ["pause", "seeking", "ratechange"]) {
			video.addEventListener(type, () => this.#forgetCounts(), { signal });
		}
		for (const type of ["enterpictureinpicture", "leavepictureinpicture"]) {
			video.addEventListener(type, () => this.tick(), { signal });
		}
		document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
		this.#timer = setInterval(() => this.tick(), TICK);
		this.tick();
	}

	/** Changes what viewer and page want. Asking for an enhancement by name also ends a back-off. */
	set wishes(wishes: EnhancerWishes) {
		const before = this.#wishes;
		this.#wishes = wishes;
		if (wishes.choice !== before.choice && wishes.choice !== undefined) this.#backOff = NO_BACK_OFF;
		if (wishes.keepPictures !== before.keepPictures) this.#close();
		this.tick();
	}

	report(): EnhancerReport {
		const milliseconds = pictureMilliseconds(this.#speed);
		const shown = this.#presenter.shown;
		return {
			state: this.#state,
			reason: this.#reason,
			error: (this.#failure ?? this.#lastFault)?.message,
			ready: this.#ready,
			enhancement: this.#current,
			enhancementBuffer: this.#buffer.secondsAhead(this.#position()),
			picturesReady: this.#presenter.ahead,
			times: this.#times,
			decodeRate: milliseconds === undefined ? undefined : 1000 / milliseconds,
			frames: { ...this.#frames },
			bytes: this.#bytes,
			shown: shown && { width: shown.width, height: shown.height },
		};
	}

	/**
	 * The enhanced picture on the canvas: samples, hash, pixels. For tests and bug reports.
	 *
	 * @returns undefined where the base is shown
	 */
	async capture(): Promise<CapturedPicture | undefined> {
		const { shown } = this.#presenter;
		const pixels = this.#presenter.readPixels();
		if (!shown || !pixels) return undefined;
		const { timestamp, mediaTime } = shown;
		const picture = shown.picture ?? (await samplesOf(shown.image, timestamp));
		return { timestamp, mediaTime, picture, hash: hashPicture(picture), pixels };
	}

	/** Looks at everything and does what is due. Cheap; called often. */
	tick(): void {
		// Hiding the canvas asks for a tick itself: the one that is running has decided already.
		if (this.#abort.signal.aborted || this.#ticking) return;
		this.#ticking = true;
		let state: EnhancementState;
		let reason: EnhancementReason | undefined;
		try {
			[state, reason] = this.#work(performance.now());
			this.#presenter.suspended = state === "base" || state === "failed" || state === "stopped";
			this.#presenter.ended = this.#o.video.ended || this.#buffer.lastGiven;
		} finally {
			this.#ticking = false;
		}
		if (state !== this.#state || reason !== this.#reason) {
			this.#state = state;
			this.#reason = reason;
			this.#o.onChange();
		}
	}

	/** Frees everything: worker, GPU, canvas, fetches, listeners. */
	destroy(): void {
		this.#abort.abort(new CodecError("aborted", "The player was closed."));
		clearInterval(this.#timer);
		this.#close();
		this.#presenter.destroy();
		this.#buffer.destroy();
	}

	/** The whole decision, top to bottom: the first thing that stands in the way is the state and the reason. */
	#work(now: number): [EnhancementState, EnhancementReason | undefined] {
		const { video, feed } = this.#o;
		if (this.#failure) return ["failed", this.#failure.code];
		const position = this.#position();
		const baseEnd = feed.bufferedEnd(video, position);
		const baseBuffer = baseEnd === undefined ? 0 : baseEnd - position;
		const start = this.#decideStart(baseBuffer);
		if (!start.start) {
			const passing = start.reason === "base-first" || start.reason === "playback-not-begun";
			if (!this.#client || !passing) {
				if (start.reason === "off-by-choice") this.#stopDecoding();
				return ["base", start.reason];
			}
		}
		if (document.pictureInPictureElement === video) return ["base", "picture-in-picture"];
		if (document.visibilityState === "hidden") return ["base", "page-hidden"];
		if (isBackedOff(this.#backOff, now)) return ["stopped", "missed-frames"];
		if (!this.#client) {
			if (now < this.#restartAt) return ["stopped", "backend-failed"];
			if (!this.#opening) this.#openPipeline();
			return ["loading", "loading-runtime"];
		}
		const limit = this.#choose();
		if (limit) {
			this.#stopDecoding();
			return ["stopped", limit];
		}
		const waiting = this.#buffer.work(this.#observeFetching(baseEnd), now);
		if (!this.#ready) return ["loading", "loading-runtime"];
		this.#decodeNext();
		if (this.#presenter.visible) return ["active", undefined];
		if (waiting === "base-first") return ["filling", "base-first"];
		return ["filling", this.#inWorker.size > 0 ? "catching-up" : "waiting-for-segment"];
	}

	#decideStart(baseBuffer: number): ReturnType<typeof decideStart> {
		const { video, backend, enhancements, frameRate, baseBitrate, bandwidth } = this.#o;
		const gpu = "gpu" in navigator;
		const cheapest = enhancements[0] as ListedEnhancement;
		const connection =
			"connection" in navigator ? (navigator.connection as { saveData?: boolean } | undefined) : undefined;
		return decideStart({
			mode: this.#wishes.mode,
			lowChosen: this.#wishes.choice === "low",
			enhancements: enhancements.length,
			playbackBegan: video.played.length > 0 || video.currentTime > 0,
			saveData: connection?.saveData === true,
			browserCapable: "VideoDecoder" in globalThis && "OffscreenCanvas" in globalThis,
			backend:
				this.#ready?.kind ??
				(backend === "wasm" ? "wasm" : gpu ? "webgpu" : backend === "webgpu" ? undefined : "wasm"),
			samplesPerSecond: cheapest.width * cheapest.height * frameRate,
			bandwidth: bandwidth(),
			baseBitrate,
			enhancementBitrate: cheapest.bandwidth,
			runtimeBytes: this.#client || runtimeFetched ? 0 : RUNTIME_BYTES,
			secondsLeft: Math.max(0, (Number.isFinite(video.duration) ? video.duration : Infinity) - video.currentTime),
			baseBuffer,
			baseBufferWanted: BASE_WANTED,
		});
	}

	/** Chooses the enhancement for segments to come. Returns why there is none, or undefined. */
	#choose(): EnhancementReason | undefined {
		const { enhancements, frameRate, bandwidth, baseBitrate, video } = this.#o;
		const milliseconds = pictureMilliseconds(this.#speed);
		const area = (this.#current?.width ?? 0) * (this.#current?.height ?? 0);
		const { id, limit } = chooseEnhancement({
			options: enhancements.map(({ id: option, bandwidth: bitrate, width, height }) => ({
				id: option,
				bitrate,
				samplesPerSecond: width * height * frameRate,
			})),
			chosen: this.#wishes.choice,
			current: this.#current?.id,
			bandwidth: bandwidth(),
			baseBitrate,
			decodeSpeed: milliseconds === undefined || area === 0 ? undefined : (area * 1000) / milliseconds,
			// A paused picture has all the time there is.
			playbackRate: video.paused ? 0 : Math.abs(video.playbackRate),
			ahead: this.#buffer.secondsAhead(this.#position()),
			forced: this.#wishes.mode === "force",
		});
		if (id === undefined) return limit ?? "no-enhancement";
		if (id !== this.#current?.id) {
			this.#current = enhancements.find((enhancement) => enhancement.id === id);
			if (this.#current) this.#buffer.use(this.#current);
			this.#o.onChange();
		}
		return undefined;
	}

	#observeFetching(baseEnd: number | undefined): BufferObservation {
		const { video, feed, bandwidth, baseBitrate } = this.#o;
		const total = bandwidth();
		return {
			position: this.#position(),
			playbackRate: Math.abs(video.playbackRate),
			paused: video.paused,
			baseBufferedEnd: baseEnd,
			baseBufferWanted: BASE_WANTED,
			baseComplete: feed.complete && baseEnd !== undefined && baseEnd >= video.duration - 0.1,
			bandwidth: total === undefined ? undefined : Math.max(total - baseBitrate, total / 4),
			decodeSecondsPerSecond: this.#pace(),
		};
	}

	#observeDecoding(): DecodeObservation {
		const { video } = this.#o;
		return {
			segments: this.#buffer.segments,
			position: this.#position(),
			playbackRate: Math.abs(video.playbackRate),
			paused: video.paused,
			decodeSecondsPerSecond: this.#pace(),
			decodedTo: this.#inWorker.size > 0 ? this.#decodedTo : undefined,
		};
	}

	/** Gives the worker what it should decode next, and takes away what it should not. */
	#decodeNext(): void {
		const client = this.#client;
		if (!client) return;
		client.clock(Math.round((this.#position() - CLOCK_LAG) * 1e6));
		const observation = this.#observeDecoding();
		if (isHopeless(observation) && this.#wishes.mode !== "force") {
			this.#restartDecoding();
			return;
		}
		while (this.#inWorker.size < WORKER_SEGMENTS) {
			const sequence = nextSegment(this.#observeDecoding());
			const segment = sequence === undefined ? undefined : this.#buffer.give(sequence);
			if (!segment) return;
			this.#inWorker.add(segment.sequence);
			client.push({ ...segment, mediaStart: segment.base.mediaStart });
		}
	}

	/** The decoder goes on where that is quicker, else it starts afresh at the target. */
	#onSeeking(): void {
		const target = this.#position();
		const place = this.#buffer.places.find(({ start, duration }) => start <= target && target < start + duration);
		const { readyFrom } = this.#presenter;
		this.#presenter.forgetCurrent();
		const goOn = shouldGoOn({
			target,
			playbackRate: Math.abs(this.#o.video.playbackRate),
			paused: this.#o.video.paused,
			segmentStart: place?.start,
			readyFrom: readyFrom === undefined ? undefined : readyFrom / 1e6,
			decodedTo: this.#inWorker.size > 0 || readyFrom !== undefined ? this.#decodedTo : undefined,
			givenTo: this.#buffer.endOf([...this.#inWorker]),
			decodeSecondsPerSecond: this.#pace(),
		});
		if (!goOn) return this.#restartDecoding();
		// What is no longer in the worker may be asked for again.
		this.#buffer.takeBack(this.#inWorker);
		this.#settled = false;
		this.tick();
	}

	/** A seek, or a segment that cannot be decoded in time: the decoder starts afresh at the playhead. */
	#restartDecoding(): void {
		this.#stopDecoding();
		this.tick();
	}

	#stopDecoding(): void {
		if (this.#inWorker.size === 0 && this.#presenter.ahead === 0 && !this.#buffer.someGiven) return;
		this.#client?.reset();
		this.#presenter.clear();
		this.#buffer.takeBack();
		this.#inWorker.clear();
		this.#decodedTo = undefined;
		this.#settled = false;
	}

	#openPipeline(): void {
		const { backend, runtimeUrl, modelUrl } = this.#o;
		const abort = this.#abort.signal;
		const opening = { backend, runtimeUrl, modelUrl, keepPictures: this.#wishes.keepPictures };
		// The worker's address is in a module of its own: only a bundler can say where the worker went.
		const open = async () => {
			const { workerUrl } = await import("./pipeline/worker-url.ts");
			return startWorker(workerUrl, "crescendo-decoder");
		};
		const pending = { cancelled: false };
		this.#opening = pending;
		open().then(
			(worker) => {
				if (pending.cancelled || abort.aborted) return worker.terminate();
				this.#opening = undefined;
				this.#client = this.#connect(worker, opening);
				return undefined;
			},
			(cause: unknown) =>
				this.#onPipelineFailed({
					sequence: undefined,
					code: "backend-unavailable",
					message: `The decoding worker could not be started: ${String(cause)}.`,
					hint: "Check the page's Content-Security-Policy: worker-src and script-src.",
				}),
		);
	}
	#connect(worker: Worker, opening: ConstructorParameters<typeof PipelineClient>[1]): PipelineClient {
		return new PipelineClient(worker, opening, {
			ready: (info) => {
				this.#ready = info;
				runtimeFetched = true;
				this.tick();
			},
			frame: (frame) => this.#presenter.offer(frame),
			decoded: (mediaTime, times) => {
				this.#decodedTo = mediaTime / 1e6;
				this.#times = times;
				this.#speed = observePicture(this.#speed, times.total);
			},
			begun: () => undefined,
			done: (sequence) => {
				this.#inWorker.delete(sequence);
				this.#damagedInRow = 0;
				this.tick();
			},
			failed: (failure) => this.#onPipelineFailed(failure),
		});
	}

	#onPipelineFailed(failure: PipelineFailure): void {
		const { sequence, code, message, hint } = failure;
		if (sequence !== undefined && isPassing(code)) {
			this.#buffer.markDamaged(sequence);
			this.#inWorker.delete(sequence);
			this.#damagedInRow++;
			this.#settled = false;
			this.#fault({ code, message, hint, fatal: this.#damagedInRow >= MOST_DAMAGED });
			this.tick();
			return;
		}
		this.#close();
		if (code === "backend-failed" && this.#restarts === 0) {
			this.#restarts++;
			this.#restartAt = performance.now() + RESTART_PAUSE;
			this.#fault({ code, message, hint, fatal: false });
		} else {
			this.#fault({ code, message, hint, fatal: true });
		}
		this.tick();
	}

	#fault(fault: EnhancementFault): void {
		this.#lastFault = fault;
		if (fault.fatal) {
			this.#failure = fault;
			this.#close();
		}
		this.#o.onFault(fault);
		this.tick();
	}

	/** Ends the worker and frees what it made; the pieces stay. */
	#close(): void {
		if (this.#opening) this.#opening.cancelled = true;
		this.#opening = undefined;
		this.#client?.close();
		this.#client = undefined;
		this.#ready = undefined;
		this.#presenter.clear();
		this.#buffer.takeBack();
		this.#inWorker.clear();
		this.#decodedTo = undefined;
		this.#settled = false;
		this.#speed = NO_DECODE_SPEED;
	}

	#onPresented(mediaTime: number, enhanced: boolean): void {
		this.#frames = {
			all: this.#frames.all + 1,
			enhanced: this.#frames.enhanced + Number(enhanced),
			missed: this.#frames.missed + Number(!enhanced && this.#isDue(mediaTime)),
		};
		if (enhanced) this.#settled = true;
		if (!this.#isDue(mediaTime)) return;
		this.#counted.due++;
		if (!enhanced) this.#counted.missed++;
		if (this.#counted.due < 12) return;
		if (this.#wishes.mode !== "force") {
			this.#backOff = observeFrames(this.#backOff, { at: performance.now(), ...this.#counted });
			if (isBackedOff(this.#backOff, performance.now())) this.#stopDecoding();
		}
		this.#counted = { due: 0, missed: 0 };
	}

	/** An enhanced picture is due where its segment was given to the worker and pictures have been shown already. */
	#isDue(mediaTime: number): boolean {
		if (!this.#settled || this.#presenter.current === undefined) return false;
		const seconds = mediaTime / 1e6 + 0.001;
		const place = this.#o.feed.segments.find(
			({ start, duration }) => start <= seconds && seconds < start + duration,
		);
		return place !== undefined && this.#buffer.isGiven(place.sequence);
	}

	#forgetCounts(): void {
		this.#counted = { due: 0, missed: 0 };
		this.#backOff = forgetFrames(this.#backOff);
	}

	/** Frames are neither shown nor counted while the page is hidden; afterwards decoding starts at the playhead. */
	#onVisibility(): void {
		this.#forgetCounts();
		if (document.visibilityState === "hidden") this.#stopDecoding();
		this.tick();
	}

	/** Where the playhead is, in seconds. At the end it stands behind the last frame, which is the one that is shown. */
	#position(): number {
		const { video, frameRate } = this.#o;
		if (!(video.currentTime >= video.duration)) return video.currentTime;
		return Math.max(0, video.duration - 0.5 / frameRate);
	}

	/** Seconds that decoding a second takes; 0 where not known. */
	#pace(): number {
		const milliseconds = pictureMilliseconds(this.#speed);
		return milliseconds === undefined ? 0 : (milliseconds * this.#o.frameRate) / 1000;
	}
}

/** The samples of an image that still has them: a picture of the WASM backend. */
async function samplesOf(image: VideoFrame | ImageBitmap, timestamp: number): Promise<Picture> {
	if (!("format" in image) || image.format !== "I420" || !image.visibleRect) {
		throw new CodecError("invalid-option", "The samples of this picture were not kept.", {
			hint: "Set the element's attribute debug before the picture is decoded.",
		});
	}
	const { width, height } = image.visibleRect;
	const chromaWidth = (width + 1) >> 1;
	const chromaHeight = (height + 1) >> 1;
	const luma = width * height;
	const chroma = chromaWidth * chromaHeight;
	const bytes = new Uint8Array(luma + 2 * chroma);
	await image.copyTo(bytes, {
		layout: [
			{ offset: 0, stride: width },
			{ offset: luma, stride: chromaWidth },
			{ offset: luma + chroma, stride: chromaWidth },
		],
	});
	const [y, u, v] = [bytes.subarray(0, luma), bytes.subarray(luma, luma + chroma), bytes.subarray(luma + chroma)];
	return { width, height, y, u, v, timestamp };
}
