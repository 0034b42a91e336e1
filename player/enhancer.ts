import { CodecError } from "../codec/errors.ts";
import type { EnhancementFault, EnhancerOptions, EnhancerReport, EnhancerWishes } from "./enhancer-options.ts";
import { FrameAccount } from "./frame-account.ts";
import { baseStatusOf, observeChoice, observeFetching, observeStart } from "./observations.ts";
import { type CapturedPicture, capturePicture } from "./pipeline/capture.ts";
import type { PipelineFailure } from "./pipeline/client.ts";
import { Decoding } from "./pipeline/decoding.ts";
import { BYTES_PER_SAMPLE } from "./pipeline/messages.ts";
import { Presenter } from "./pipeline/presenter.ts";
import { Playhead, playheadOf } from "./playhead.ts";
import { shouldGoOn } from "./policy/after-seek.ts";
import { chooseEnhancement } from "./policy/choose-enhancement.ts";
import { nextToKeep, worthKeeping } from "./policy/keep-pictures.ts";
import { type DecodeObservation, isHopeless, nextSegment } from "./policy/next-segment.ts";
import { decideStart } from "./policy/start.ts";
import { type EnhancementReason, type EnhancementState, isPassing } from "./reasons.ts";
import { EnhancementBuffer } from "./stream/enhancement-buffer.ts";
import type { ListedEnhancement } from "./stream/enhancement-list.ts";

/** Segments that the worker may hold. */
const WORKER_SEGMENTS = 2;
/** Damaged segments in a row before the enhancement is given up. */
const MOST_DAMAGED = 3;
/** A lost device or dead worker is replaced once, after so many milliseconds. */
const RESTART_PAUSE = 5000;
/** Milliseconds between two looks at everything. */
const TICK = 200;
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
	readonly #playhead: Playhead;
	readonly #buffer: EnhancementBuffer;
	readonly #decoding: Decoding;
	readonly #frames = new FrameAccount();
	readonly #abort = new AbortController();
	readonly #timer: ReturnType<typeof setInterval>;
	#wishes: EnhancerWishes;
	#restarts = 0;
	#restartAt = Number.NEGATIVE_INFINITY;
	#current: ListedEnhancement | undefined;
	#damagedInRow = 0;
	/** Segments of a loop whose pictures are all kept; undefined: pictures are not kept. */
	#kept: Set<number> | undefined;
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
		this.#buffer = new EnhancementBuffer(options.feed, options.parser, options.network, {
			progress: () => this.tick(),
			fault: (fault) => this.#fault(fault),
		});
		this.#decoding = new Decoding({
			ready: () => {
				runtimeFetched = true;
				this.tick();
			},
			frame: (frame) => this.#presenter.offer(frame),
			done: (sequence) => {
				this.#damagedInRow = 0;
				this.#kept?.add(sequence);
				this.tick();
			},
			failed: (failure) => this.#onPipelineFailed(failure),
		});
		this.#presenter = new Presenter(options.video, options.canvas, options.frameRate, {
			released: (count) => this.#decoding.release(count),
			visible: () => this.tick(),
			presented: (mediaTime, enhanced) => this.#onPresented(mediaTime, enhanced),
		});
		this.#playhead = new Playhead(options.video, options.frameRate, this.#presenter);
		this.#listen();
		this.#timer = setInterval(() => this.tick(), TICK);
		this.tick();
	}

	/** Changes what viewer and page want. Asking for an enhancement by name also ends a back-off. */
	set wishes(wishes: EnhancerWishes) {
		const before = this.#wishes;
		this.#wishes = wishes;
		if (wishes.choice !== before.choice && wishes.choice !== undefined) this.#frames.pardon();
		if (wishes.keepPictures !== before.keepPictures) this.#close();
		this.tick();
	}

	report(): EnhancerReport {
		const milliseconds = this.#decoding.pictureMilliseconds;
		const { shown, ahead } = this.#presenter;
		return {
			state: this.#state,
			reason: this.#reason,
			error: (this.#failure ?? this.#lastFault)?.message,
			ready: this.#decoding.ready,
			enhancement: this.#current,
			enhancementBuffer: this.#buffer.secondsAhead(this.#playhead.position),
			picturesReady: ahead,
			times: this.#decoding.times,
			decodeRate: milliseconds === undefined ? undefined : 1000 / milliseconds,
			frames: this.#frames.totals,
			bytes: this.#buffer.bytes,
			shown: shown && { width: shown.width, height: shown.height },
		};
	}

	/** See {@link capturePicture}. */
	capture(): Promise<CapturedPicture | undefined> {
		return capturePicture(this.#presenter);
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

	#listen(): void {
		const { signal } = this.#abort;
		const { video } = this.#o;
		const on = (types: readonly string[], act: () => void) => {
			for (const type of types) video.addEventListener(type, act, { signal });
		};
		on(["pause", "seeking", "ratechange"], () => this.#frames.forget());
		on(["seeking"], () => this.#onSeeking());
		on(["play", "seeking"], () => this.#playhead.moved());
		on(["play", "pause", "seeked", "ratechange", "progress", "ended", "waiting"], () => this.tick());
		on(["enterpictureinpicture", "leavepictureinpicture"], () => this.tick());
		document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
	}

	/** The whole decision, top to bottom: the first thing that stands in the way is the state and the reason. */
	#work(now: number): [EnhancementState, EnhancementReason | undefined] {
		if (this.#failure) return ["failed", this.#failure.code];
		const { video } = this.#o;
		const decoding = this.#decoding;
		const base = baseStatusOf(this.#o, this.#playhead.position);
		const start = decideStart(
			observeStart(this.#o, this.#wishes, base, {
				backend: decoding.ready?.kind,
				runtime: decoding.isOpen || runtimeFetched,
			}),
		);
		if (!start.start) {
			const passing = start.reason === "base-first" || start.reason === "playback-not-begun";
			if (!decoding.isOpen || !passing) {
				if (start.reason === "off-by-choice") this.#stopDecoding();
				return ["base", start.reason];
			}
		}
		if (document.pictureInPictureElement === video) return ["base", "picture-in-picture"];
		if (document.visibilityState === "hidden") return ["base", "page-hidden"];
		if (this.#frames.isBackedOff(now)) return ["stopped", "missed-frames"];
		if (!decoding.isOpen) {
			if (now < this.#restartAt) return ["stopped", "backend-failed"];
			const { backend, runtimeUrl, modelUrl } = this.#o;
			decoding.open({ backend, runtimeUrl, modelUrl, keepPictures: this.#wishes.keepPictures });
			return ["loading", "loading-runtime"];
		}
		const limit = this.#choose();
		if (limit) {
			this.#stopDecoding();
			return ["stopped", limit];
		}
		const waiting = this.#buffer.work(observeFetching(this.#o, base, this.#kept ? 0 : this.#pace()), now);
		if (!decoding.ready) return ["loading", "loading-runtime"];
		this.#decideKeeping();
		// Where a pause has left a frame on the screen whose picture came too late, its segment is decoded once more.
		const { decodedTo } = decoding;
		if (!this.#kept && this.#playhead.passed({ ...this.#observeDecoding(), decodedTo })) this.#stopDecoding();
		this.#decodeNext();
		if (this.#presenter.visible) return ["active", undefined];
		if (waiting === "base-first") return ["filling", "base-first"];
		return ["filling", decoding.held.size > 0 ? "catching-up" : "waiting-for-segment"];
	}

	/** Chooses the enhancement for segments to come. Returns why there is none, or undefined. */
	#choose(): EnhancementReason | undefined {
		const milliseconds = this.#decoding.pictureMilliseconds;
		const area = (this.#current?.width ?? 0) * (this.#current?.height ?? 0);
		const { id, limit } = chooseEnhancement(
			observeChoice(this.#o, this.#wishes, {
				current: this.#current?.id,
				decodeSpeed: milliseconds === undefined || area === 0 ? undefined : (area * 1000) / milliseconds,
				ahead: this.#buffer.secondsAhead(this.#playhead.position),
				keeps: this.#kept !== undefined,
			}),
		);
		if (id === undefined) return limit ?? "no-enhancement";
		if (id !== this.#current?.id) {
			this.#current = this.#o.enhancements.find((enhancement) => enhancement.id === id);
			if (this.#current) this.#buffer.use(this.#current);
			this.#stopKeeping();
			this.#o.onChange();
		}
		return undefined;
	}

	/** A short loop is decoded once, and its pictures are kept; anything else is decoded anew in every round. */
	#decideKeeping(): void {
		const { video, frameRate } = this.#o;
		const { width, height } = this.#current ?? { width: 0, height: 0 };
		const kind = this.#decoding.ready?.kind;
		const bytesPerSample = kind && BYTES_PER_SAMPLE[kind];
		const { loop: loops, duration } = video;
		const keeps = worthKeeping({ loops, duration, frameRate, width, height, bytesPerSample });
		if (keeps === (this.#kept !== undefined)) return;
		if (!keeps) return this.#stopKeeping();
		this.#stopDecoding();
		this.#presenter.keeps = true;
		this.#kept = new Set();
	}

	/** The kept pictures are freed; decoding goes on from the playhead. */
	#stopKeeping(): void {
		if (!this.#kept) return;
		this.#kept = undefined;
		this.#stopDecoding();
		this.#presenter.keeps = false;
	}

	#observeDecoding(): DecodeObservation {
		const { video } = this.#o;
		return {
			segments: this.#buffer.segments.map((segment) =>
				this.#kept?.has(segment.sequence) ? { ...segment, spent: true } : segment,
			),
			position: this.#playhead.position,
			playbackRate: Math.abs(video.playbackRate),
			paused: video.paused,
			decodeSecondsPerSecond: this.#pace(),
			decodedTo: this.#decoding.held.size > 0 ? this.#decoding.decodedTo : undefined,
		};
	}

	/** Gives the worker what it should decode next, and takes away what it should not. */
	#decodeNext(): void {
		this.#decoding.clock(this.#kept ? 0 : this.#playhead.position - CLOCK_LAG);
		if (!this.#kept && this.#wishes.mode !== "force" && isHopeless(this.#observeDecoding())) {
			this.#restartDecoding();
			return;
		}
		while (this.#decoding.held.size < WORKER_SEGMENTS) {
			const observation = this.#observeDecoding();
			const sequence = this.#kept
				? nextToKeep(observation.segments, observation.position)
				: nextSegment(observation);
			const segment = sequence === undefined ? undefined : this.#buffer.give(sequence);
			if (!segment) return;
			this.#decoding.push(segment);
		}
	}

	/** The decoder goes on where that is quicker, else it starts afresh at the target. */
	#onSeeking(): void {
		const target = playheadOf(this.#o.video, this.#o.frameRate);
		const place = this.#buffer.places.find(({ start, duration }) => start <= target && target < start + duration);
		const { readyFrom } = this.#presenter;
		const { held, decodedTo } = this.#decoding;
		this.#presenter.forgetCurrent();
		const goOn =
			this.#kept !== undefined ||
			shouldGoOn({
				target,
				playbackRate: Math.abs(this.#o.video.playbackRate),
				paused: this.#o.video.paused,
				segmentStart: place?.start,
				readyFrom: readyFrom === undefined ? undefined : readyFrom / 1e6,
				decodedTo: held.size > 0 || readyFrom !== undefined ? decodedTo : undefined,
				givenTo: this.#buffer.endOf([...held]),
				decodeSecondsPerSecond: this.#pace(),
			});
		if (!goOn) return this.#restartDecoding();
		// What is no longer in the worker may be asked for again.
		this.#buffer.takeBack(held);
		this.#settled = false;
		this.tick();
	}

	/** A seek, or a segment that cannot be decoded in time: the decoder starts afresh at the playhead. */
	#restartDecoding(): void {
		this.#stopDecoding();
		this.tick();
	}

	#stopDecoding(): void {
		if (this.#decoding.held.size === 0 && this.#presenter.ahead === 0 && !this.#buffer.someGiven) return;
		this.#decoding.reset();
		this.#forget();
	}

	/** Nothing is decoded any more: what waits is freed, and every segment may be given again. */
	#forget(): void {
		this.#presenter.clear();
		this.#buffer.takeBack();
		this.#settled = false;
	}

	/** Ends the worker and frees what it made; the bytes stay. */
	#close(): void {
		this.#decoding.close();
		this.#kept = undefined;
		this.#presenter.keeps = false;
		this.#forget();
	}

	#onPipelineFailed(failure: PipelineFailure): void {
		const { sequence, code, message, hint } = failure;
		if (sequence !== undefined && isPassing(code)) {
			this.#buffer.markDamaged(sequence);
			this.#decoding.drop(sequence);
			this.#damagedInRow++;
			this.#settled = false;
			this.#fault({ code, message, hint, fatal: this.#damagedInRow >= MOST_DAMAGED });
			return;
		}
		this.#close();
		const restart = code === "backend-failed" && this.#restarts === 0;
		if (restart) {
			this.#restarts++;
			this.#restartAt = performance.now() + RESTART_PAUSE;
		}
		this.#fault({ code, message, hint, fatal: !restart });
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

	#onPresented(mediaTime: number, enhanced: boolean): void {
		if (enhanced) this.#settled = true;
		const now = performance.now();
		// Where pictures are kept, a late one is in time for the next round.
		const judged = this.#wishes.mode !== "force" && !this.#kept;
		this.#frames.count({ enhanced, due: this.#isDue(mediaTime), judged }, now);
		if (this.#frames.isBackedOff(now)) this.#stopDecoding();
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

	/** Frames are neither shown nor counted while the page is hidden; afterwards decoding starts at the playhead. */
	#onVisibility(): void {
		this.#frames.forget();
		if (document.visibilityState === "hidden") this.#stopDecoding();
		this.tick();
	}

	/** Seconds that decoding a second takes; 0 where not known. */
	#pace(): number {
		const milliseconds = this.#decoding.pictureMilliseconds;
		return milliseconds === undefined ? 0 : (milliseconds * this.#o.frameRate) / 1000;
	}
}
