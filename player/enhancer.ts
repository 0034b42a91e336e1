import { CodecError } from "../codec/errors.ts";
import { DecodeSchedule } from "./decode-schedule.ts";
import type { EnhancementFault, EnhancerOptions, EnhancerReport, EnhancerWishes } from "./enhancer-options.ts";
import { FrameAccount } from "./frame-account.ts";
import { askForAdapter, gpuAdapter, worthTrying } from "./gpu-adapter.ts";
import { type BaseStatus, baseStatusOf, observeChoice, observeFetching, observeStart, rateOf } from "./observations.ts";
import { type CapturedPicture, capturePicture } from "./pipeline/capture.ts";
import type { PipelineFailure, ReadyInfo } from "./pipeline/client.ts";
import { Decoding } from "./pipeline/decoding.ts";
import { Presenter } from "./pipeline/presenter.ts";
import { Playhead } from "./playhead.ts";
import { BASE_AHEAD, baseAhead } from "./policy/base-ahead.ts";
import { type Decision, decide } from "./policy/decide.ts";
import { loadingPatience } from "./policy/loading-patience.ts";
import { failed, isLastStart, NO_RESTARTS, type Restarts } from "./policy/restarts.ts";
import { type EnhancementReason, type EnhancementState, isPassing } from "./reasons.ts";
import { ELSEWHERE_EVENTS, isShownElsewhere } from "./shown-elsewhere.ts";
import { EnhancementBuffer } from "./stream/enhancement-buffer.ts";
import type { ListedEnhancement } from "./stream/enhancement-list.ts";

/** Damaged segments in a row before the enhancement is given up. */
const MOST_DAMAGED = 3;
/** What another worker may do better: a file that did not arrive, a device that was lost, a worker that died. */
const RESTARTED: ReadonlySet<EnhancementReason> = new Set(["network", "backend-unavailable", "backend-failed"]);
/** Milliseconds between two looks at everything. */
const TICK = 200;
/** Milliseconds between two reports of how decoding goes. */
const STATISTICS_PERIOD = 1000;

/** Set once the decoder and its weights have been fetched in this page: the next player takes them from the cache. */
let decoderFetched = false;

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
	readonly #schedule: DecodeSchedule;
	readonly #frames = new FrameAccount();
	readonly #abort = new AbortController();
	readonly #timer: ReturnType<typeof setInterval>;
	readonly #began = performance.now();
	#wishes: EnhancerWishes;
	/** Where the networks run, or ran last. */
	#backend: ReadyInfo["kind"] | undefined;
	#restarts: Restarts = NO_RESTARTS;
	#current: ListedEnhancement | undefined;
	#damagedInRow = 0;
	#state: EnhancementState = "base";
	#reason: EnhancementReason | undefined = "base-first";
	/** Id of the enhancement that was told last. */
	#told: string | undefined;
	#ticking = false;
	#failure: EnhancementFault | undefined;
	#lastFault: EnhancementFault | undefined;
	#statisticsAt = Number.NEGATIVE_INFINITY;

	constructor(options: EnhancerOptions) {
		this.#o = options;
		this.#wishes = options.wishes;
		this.#buffer = new EnhancementBuffer(options.feed, options.parser, options.network, {
			progress: () => this.tick(),
			fault: (fault) => this.#fault(fault),
		});
		this.#decoding = new Decoding({
			ready: ({ kind }) => {
				decoderFetched = true;
				this.#backend = kind;
				this.tick();
			},
			frame: (frame) => this.#presenter.offer(frame),
			decoded: () => this.#sayStatistics(),
			done: (sequence) => {
				this.#damagedInRow = 0;
				this.#schedule.onDone(sequence);
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
		this.#schedule = new DecodeSchedule(options, {
			buffer: this.#buffer,
			decoding: this.#decoding,
			presenter: this.#presenter,
			playhead: this.#playhead,
		});
		this.#listen();
		this.#timer = setInterval(() => this.tick(), TICK);
		this.tick();
	}

	/** Changes what viewer and page want. Who chooses anything but low also ends a back-off. */
	set wishes(wishes: EnhancerWishes) {
		const before = this.#wishes;
		this.#wishes = wishes;
		if (wishes.choice !== before.choice && wishes.choice !== "low") this.#frames.pardon();
		if (wishes.keepPictures !== before.keepPictures) this.#schedule.close();
		// Where the policy has gone there already, what is here may still be of another one: that is what the viewer sees.
		const current = this.#current?.id;
		const isCurrent = wishes.choice !== before.choice && wishes.choice === current;
		if (isCurrent && current !== undefined && this.#buffer.hasOthers(current)) this.#use(current);
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
			enhancement: this.#enhancement,
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
		const now = performance.now();
		try {
			[state, reason] = this.#work(now);
			const coming = state === "loading" || state === "filling" || reason === "base-first";
			const awaited = coming && this.#buffer.bytes === 0;
			this.#o.feed.ahead = baseAhead({ began: (now - this.#began) / 1000, awaited });
			// Where the stream has no enhancement, or the network brings no more, the canvas waits: what is here may begin at any frame.
			const waits = reason === "no-enhancement-here" || (state === "stopped" && reason === "bandwidth-too-low");
			this.#presenter.suspended = !waits && (state === "base" || state === "failed" || state === "stopped");
			this.#presenter.ended = this.#o.video.ended || this.#buffer.lastGiven;
		} finally {
			this.#ticking = false;
		}
		const told = this.#enhancement?.id;
		if (state !== this.#state || reason !== this.#reason || told !== this.#told) {
			this.#state = state;
			this.#reason = reason;
			this.#told = told;
			this.#o.onChange();
		}
	}

	/** Frees everything: worker, GPU, canvas, fetches, listeners. */
	destroy(): void {
		this.#abort.abort(new CodecError("aborted", "The player was closed."));
		clearInterval(this.#timer);
		this.#schedule.close();
		this.#presenter.destroy();
		this.#buffer.destroy();
		this.#o.feed.ahead = BASE_AHEAD;
	}

	/** The enhancement at the playhead; where nothing of it is here, the one that is fetched. */
	get #enhancement(): ListedEnhancement | undefined {
		return this.#buffer.enhancementAt(this.#playhead.position) ?? this.#current;
	}

	#listen(): void {
		const { signal } = this.#abort;
		const { video } = this.#o;
		const on = (types: readonly string[], act: () => void) => {
			for (const type of types) video.addEventListener(type, act, { signal });
		};
		on(["pause", "seeking", "ratechange"], () => this.#frames.forget());
		on(["seeking"], () => this.#schedule.onSeeking());
		on(["play", "seeking"], () => this.#playhead.moved());
		on(["play", "pause", "seeking", "seeked", "ratechange", "progress", "ended", "waiting"], () => this.tick());
		on(ELSEWHERE_EVENTS, () => this.tick());
		document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
	}

	/** Everything, top to bottom: the first thing that stands in the way is the state and the reason. */
	#work(now: number): [EnhancementState, EnhancementReason | undefined] {
		if (this.#failure) return ["failed", this.#failure.code];
		const { video } = this.#o;
		const decoding = this.#decoding;
		const base = baseStatusOf(this.#o, this.#playhead.position);
		const { decision, decoderBytes } = this.#decide(base, now);
		if (decision.act === "rest") {
			if (decision.reason === "off-by-choice") this.#schedule.stop();
			// It turned out to run on WASM only, and will not run faster: its memory is of use to others.
			if (decision.reason === "too-large-for-wasm" && decoding.stage !== "none") this.#schedule.close();
			if (decision.probe !== undefined) this.#fetch(decision.probe, base, now);
			return ["base", decision.reason];
		}
		if (isShownElsewhere(video)) return ["base", "picture-in-picture"];
		if (document.visibilityState === "hidden") return ["base", "page-hidden"];
		const moment = { at: now, rate: rateOf(video) };
		const tooSlow = decision.act === "play" && decision.limit === "decoding-too-slow";
		if (tooSlow && !this.#frames.backedOff(moment)) {
			this.#frames.tooSlow(moment);
			// Measured anew when it is tried again: the average would still say no.
			decoding.forgetSpeed();
		}
		const stopped = this.#frames.backedOff(moment);
		if (stopped && this.#wishes.mode !== "force") {
			this.#schedule.stop();
			return ["stopped", stopped];
		}
		if (decision.act === "load") {
			if (this.#o.backend !== "wasm" && gpuAdapter() === undefined) {
				void askForAdapter().then(() => this.tick());
				return ["base", "base-first"];
			}
			if (now < this.#restarts.notBefore) return ["stopped", this.#lastFault?.code];
			const { modelUrl, network, enhancements } = this.#o;
			const [{ modelId: first }] = enhancements;
			const modelId = enhancements.every((enhancement) => enhancement.modelId === first) ? first : undefined;
			// A graphics device that ran here may be away for seconds, and be back: nothing less takes its place before that.
			const isAwaited = this.#backend === "webgpu" && !isLastStart(this.#restarts);
			const backend = isAwaited ? "webgpu" : worthTrying(this.#o.backend);
			const settings = { backend, modelUrl, modelId, keepPictures: this.#wishes.keepPictures };
			decoding.open(settings, loadingPatience(network.bandwidth, decoderBytes));
			return ["loading", "loading-runtime"];
		}
		if (decision.act === "await") return ["loading", "loading-runtime"];
		const waiting = this.#fetch(decision.fetch, base, now);
		if (!decoding.ready) return ["loading", "loading-runtime"];
		this.#schedule.work(this.#current ?? { width: 0, height: 0 }, this.#wishes.mode === "force");
		if (this.#presenter.visible) return ["active", undefined];
		if (this.#buffer.lacks(this.#playhead.position)) return ["base", "no-enhancement-here"];
		if (waiting === "base-first") return ["filling", "base-first"];
		if (decoding.held.size > 0) return ["filling", "catching-up"];
		return decision.limit ? ["stopped", decision.limit] : ["filling", "waiting-for-segment"];
	}

	#decide(base: BaseStatus, now: number): { readonly decision: Decision; readonly decoderBytes: number } {
		const decoding = this.#decoding;
		const milliseconds = decoding.pictureMilliseconds;
		const area = (this.#current?.width ?? 0) * (this.#current?.height ?? 0);
		const start = observeStart(this.#o, this.#wishes, base, {
			backend: this.#backend,
			decoder: decoding.stage !== "none" || decoderFetched,
		});
		const choice = observeChoice(this.#o, this.#wishes, base, {
			current: this.#current?.id,
			decodeSpeed: milliseconds === undefined || area === 0 ? undefined : (area * 1000) / milliseconds,
			ahead: this.#buffer.secondsAhead(this.#playhead.position),
			keeps: this.#schedule.keeps,
		});
		const networkUnknown = this.#o.network.isSilent(now);
		const decision = decide({ start, choice, decoder: decoding.stage, networkUnknown });
		return { decision, decoderBytes: start.decoderBytes };
	}

	/** Fetches of this enhancement what is due; undefined: no more. Returns why nothing is, if so. */
	#fetch(id: string | undefined, base: BaseStatus, now: number): ReturnType<EnhancementBuffer["work"]> {
		if (id !== undefined && id !== this.#current?.id) this.#use(id);
		// A kept loop shows in its next round what comes too late for this one.
		const pace = this.#schedule.keeps ? 0 : this.#schedule.pace || undefined;
		return this.#buffer.work(observeFetching(this.#o, base, { pace, wanted: id !== undefined }), now);
	}

	/** Takes segments to come from this enhancement. What is here is shown, unless the viewer wants another one or a loop would keep a worse one. */
	#use(id: string): void {
		const next = this.#o.enhancements.find((enhancement) => enhancement.id === id);
		if (!next) return;
		const better = next.bandwidth > (this.#current?.bandwidth ?? 0);
		const anew = this.#wishes.choice !== undefined || (better && this.#schedule.keeps);
		this.#current = next;
		this.#buffer.use(next, anew);
		if (anew) this.#schedule.stopKeeping();
	}

	#onPipelineFailed(failure: PipelineFailure): void {
		const { sequence, code, message, hint } = failure;
		if (sequence !== undefined && isPassing(code)) {
			this.#schedule.onDamaged(sequence);
			this.#damagedInRow++;
			this.#fault({ code, message, hint, fatal: this.#damagedInRow >= MOST_DAMAGED });
			return;
		}
		this.#schedule.close();
		const shown = this.#frames.totals.enhanced / this.#o.frameRate;
		const next = RESTARTED.has(code) ? failed(this.#restarts, performance.now(), shown) : undefined;
		if (next) this.#restarts = next;
		this.#fault({ code, message, hint, fatal: next === undefined });
	}

	#fault(fault: EnhancementFault): void {
		this.#lastFault = fault;
		if (fault.fatal) {
			this.#failure = fault;
			this.#schedule.close();
		}
		this.#o.onFault(fault);
		this.tick();
	}

	#onPresented(mediaTime: number, enhanced: boolean): void {
		if (enhanced) this.#schedule.onShown();
		// Where pictures are kept, a late one is in time for the next round.
		const judged = this.#wishes.mode !== "force" && !this.#schedule.keeps && !this.#o.video.paused;
		const moment = { at: performance.now(), rate: rateOf(this.#o.video) };
		const before = this.#frames.backedOff(moment);
		this.#frames.count({ enhanced, due: this.#schedule.isDue(mediaTime), judged }, moment);
		if (this.#frames.backedOff(moment) !== before) this.tick();
	}

	#sayStatistics(): void {
		const now = performance.now();
		if (now < this.#statisticsAt + STATISTICS_PERIOD) return;
		this.#statisticsAt = now;
		this.#o.onStatistics();
	}

	/** Frames are neither shown nor counted while the page is hidden; afterwards decoding starts at the playhead. */
	#onVisibility(): void {
		this.#frames.forget();
		if (document.visibilityState === "hidden") this.#schedule.stop();
		this.tick();
	}
}
