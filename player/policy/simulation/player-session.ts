import { BASE_AHEAD, baseAhead } from "../base-ahead.ts";
import { backedOff, type BackOff, NO_BACK_OFF, strike } from "../back-off.ts";
import { type DecodeSpeed, NO_DECODE_SPEED, observePicture, pictureMilliseconds } from "../decode-speed.ts";
import { decide, type Observation } from "../decide.ts";
import { NetworkMeter } from "../network-meter.ts";
import {
	ASSUMED_PACE,
	baseWanted,
	type FetchObservation,
	planFetch,
	shareOfEnhancement,
	shouldYield,
} from "../plan-fetch.ts";
import { SharedNetwork } from "./shared-network.ts";
import { type SimulatedSession, type SimulatedStream, STEP, type Strategy } from "./session.ts";
import type { Trace } from "./traces.ts";
import { type SimulationResult, SimulatedViewer } from "./viewer.ts";

/** What a transfer brings. `rank` counts the enhancements from 1. */
type Label =
	| { readonly kind: "base" }
	| { readonly kind: "decoder" }
	| { readonly kind: "enhancement"; readonly segment: number; readonly rank: number };

/** Seconds between two looks at everything, as in the player. */
const TICK = 0.2;
/** Seconds of enhancement that are held ahead. */
const AHEAD = 30;
/** Pictures a second. */
const FRAME_RATE = 25;

/** Base and enhancement as the player plays them, with the policies of this folder. */
export class PlayerSession implements SimulatedSession {
	readonly #stream: SimulatedStream;
	readonly #strategy: Exclude<Strategy, "ladder">;
	readonly #meter = new NetworkMeter();
	readonly #network: SharedNetwork<Label>;
	readonly #viewer: SimulatedViewer;
	/** Luma samples that the device decodes in a second, at a moment in seconds. */
	readonly #device: (seconds: number) => number;
	readonly #segments: FetchObservation["segments"];
	/** Rank of the enhancement that is held for a segment. */
	readonly #held = new Map<number, number>();
	#baseSegments = 0;
	/** Seconds at which the viewer saw the first picture, and seconds of base that are loaded ahead. */
	#began: number | undefined;
	#baseAhead = BASE_AHEAD;
	/** A decoder was asked for, and it is here. */
	#open = false;
	#ready = false;
	/** Rank of the enhancement in use; 0: none. */
	#current = 0;
	#decodedTo = 0;
	/** Seconds of decoding since the last whole picture. */
	#busy = 0;
	#speed: DecodeSpeed = NO_DECODE_SPEED;
	#backOff: BackOff = NO_BACK_OFF;
	#nextTick = 0;

	constructor(
		stream: SimulatedStream,
		trace: Trace,
		strategy: Exclude<Strategy, "ladder">,
		device: (seconds: number) => number,
	) {
		this.#stream = stream;
		this.#strategy = strategy;
		this.#network = new SharedNetwork(trace, this.#meter);
		this.#viewer = new SimulatedViewer(stream.seconds);
		this.#device = device;
		const duration = stream.segmentSeconds;
		const count = Math.ceil(stream.seconds / duration);
		this.#segments = Array.from({ length: count }, (_, index) => ({
			...{ index, start: index * duration, duration, bytes: undefined },
		}));
	}

	get ended(): boolean {
		return this.#viewer.ended;
	}

	result(): SimulationResult {
		return this.#viewer.result(this.#network.bytes);
	}

	step(now: number): void {
		this.#requestBase();
		if (this.#strategy !== "base-only" && now >= this.#nextTick) {
			this.#nextTick = now + TICK;
			this.#tick(now);
		}
		for (const { label } of this.#network.step(now, STEP)) {
			if (label.kind === "base") this.#baseSegments++;
			else if (label.kind === "decoder") this.#ready = true;
			else this.#held.set(label.segment, label.rank);
			// The player looks again whenever something has arrived.
			this.#nextTick = now;
		}
		if (!this.#isStopped(now)) this.#decode(now);
		this.#viewer.play(now, STEP, this.#baseEnd, this.#shown());
	}

	get #baseEnd(): number {
		return Math.min(this.#baseSegments * this.#stream.segmentSeconds, this.#stream.seconds);
	}

	#requestBase(): void {
		const { baseBitrate, segmentSeconds } = this.#stream;
		const buffered = this.#baseEnd - this.#viewer.position;
		if (this.#baseSegments >= this.#segments.length || buffered >= this.#baseAhead) return;
		if (this.#network.transfers.some(({ label }) => label.kind === "base")) return;
		this.#network.begin({ kind: "base" }, baseBitrate * segmentSeconds);
	}

	#tick(now: number): void {
		if (this.#strategy === "naive") this.#actNaively();
		else this.#act(now);
	}

	/** What the player does on its tick, in the order of its own. */
	#act(now: number): void {
		if (!this.#viewer.began) return;
		this.#began ??= now;
		const decision = decide(this.#observe(now));
		const coming = decision.act !== "rest" || decision.reason === "base-first";
		const awaited = coming && this.#held.size === 0 && !this.#isStopped(now);
		this.#baseAhead = baseAhead({ began: now - this.#began, awaited });
		if (decision.act === "load") return this.#load();
		if (decision.act === "await") return;
		if (decision.act === "play" && decision.limit === "decoding-too-slow" && !this.#isStopped(now)) {
			this.#backOff = strike(this.#backOff, decision.limit, { at: 1000 * now, rate: 1 });
			this.#speed = NO_DECODE_SPEED;
			this.#decodedTo = 0;
		}
		if (this.#isStopped(now)) return;
		const id = decision.act === "rest" ? decision.probe : decision.fetch;
		this.#fetchNext(id, now);
	}

	#load(): void {
		const { decoderBytes } = this.#stream;
		this.#open = true;
		// The decoder's worker fetches it, and nobody measures.
		if (decoderBytes > 0) this.#network.begin({ kind: "decoder" }, 8 * decoderBytes, false);
		else this.#ready = true;
	}

	#isStopped(now: number): boolean {
		return backedOff(this.#backOff, { at: 1000 * now, rate: 1 }) !== undefined;
	}

	#observe(now: number): Observation {
		const { enhancements, samplesPerSecond, baseBitrate, decoderBytes, seconds } = this.#stream;
		const { position } = this.#viewer;
		const { bandwidth } = this.#meter;
		const baseComplete = this.#baseSegments === this.#segments.length;
		const milliseconds = pictureMilliseconds(this.#speed);
		const needed = baseComplete ? 0 : baseBitrate;
		return {
			decoder: this.#ready ? "here" : this.#open ? "coming" : "none",
			networkUnknown: this.#meter.isSilent(1000 * now),
			start: {
				mode: "auto",
				choice: undefined,
				enhancements: enhancements.length,
				saveData: false,
				browserCapable: true,
				backend: "webgpu",
				samplesPerSecond,
				bandwidth,
				baseBitrate: needed,
				enhancementBitrate: enhancements[0]?.bitrate ?? 0,
				decoderBytes: this.#open ? 0 : decoderBytes,
				secondsLeft: seconds - position,
				loops: false,
				baseBuffer: this.#baseEnd - position,
				baseBufferWanted: baseWanted(this.#stream.seconds, true),
				baseComplete,
			},
			choice: {
				options: enhancements.map((option) => ({ ...option, samplesPerSecond })),
				chosen: undefined,
				current: enhancements[this.#current - 1]?.id,
				bandwidth,
				baseBitrate: needed,
				decodeSpeed:
					milliseconds === undefined ? undefined : (1000 * samplesPerSecond) / FRAME_RATE / milliseconds,
				playbackRate: 1,
				ahead: this.#ahead(),
				forced: false,
			},
		};
	}

	/** Loads the decoder at once, then the next segment of whatever the bandwidth allows. */
	#actNaively(): void {
		if (!this.#open && this.#viewer.began) this.#load();
		if (this.#ready && !this.#network.transfers.some(({ label }) => label.kind === "enhancement"))
			this.#fetchNaively();
	}

	/** The next segment, whole and at once, of the best enhancement that fits the bandwidth. */
	#fetchNaively(): void {
		const { enhancements, baseBitrate, segmentSeconds } = this.#stream;
		const segment = Math.floor(this.#viewer.position / segmentSeconds) + 1;
		const fits = (bitrate: number) => bitrate + baseBitrate <= (this.#meter.bandwidth ?? 0);
		const rank = enhancements.findLastIndex(({ bitrate }) => fits(bitrate)) + 1;
		if (rank === 0 || segment >= this.#segments.length || this.#held.has(segment)) return;
		this.#fetch(segment, rank);
	}

	/** As `EnhancementBuffer.work`: gives the network back, or fetches the next segment of an enhancement; undefined: none is wanted. */
	#fetchNext(id: string | undefined, now: number): void {
		const { enhancements } = this.#stream;
		const rank = enhancements.findIndex((option) => option.id === id) + 1;
		if (rank > 0) this.#current = rank;
		const observed = this.#observeFetch(enhancements[this.#current - 1]?.bitrate ?? 0);
		const running = this.#network.transfers.find(({ label }) => label.kind === "enhancement");
		if (running) {
			if (shouldYield(observed)) this.#network.abort(running, now);
			return;
		}
		const plan = rank > 0 ? planFetch(observed) : undefined;
		if (plan?.fetch !== undefined) this.#fetch(plan.fetch, rank);
	}

	#fetch(segment: number, rank: number): void {
		const { enhancements, segmentSeconds } = this.#stream;
		const bits = (enhancements[rank - 1]?.bitrate ?? 0) * segmentSeconds;
		this.#network.begin({ kind: "enhancement", segment, rank }, bits);
	}

	#observeFetch(bitrate: number): FetchObservation {
		const { position } = this.#viewer;
		const { bandwidth } = this.#meter;
		const { baseBitrate } = this.#stream;
		const baseComplete = this.#baseSegments === this.#segments.length;
		const baseBuffer = this.#baseEnd - position;
		const milliseconds = pictureMilliseconds(this.#speed);
		return {
			segments: this.#segments,
			have: (index) => this.#held.has(index),
			position,
			playbackRate: 1,
			paused: false,
			baseBufferedEnd: this.#baseEnd > position ? this.#baseEnd : undefined,
			baseBufferWanted: baseWanted(this.#stream.seconds, true),
			baseComplete,
			bandwidth: shareOfEnhancement({ bandwidth, baseBitrate, baseBuffer, baseComplete }),
			bitrate,
			decodeSecondsPerSecond: milliseconds === undefined ? ASSUMED_PACE : (milliseconds * FRAME_RATE) / 1000,
			ahead: AHEAD,
		};
	}

	/** Seconds of enhancement held from the playhead on without a gap. */
	#ahead(): number {
		const { position } = this.#viewer;
		let segment = Math.floor(position / this.#stream.segmentSeconds);
		while (this.#held.has(segment)) segment++;
		return Math.max(0, segment * this.#stream.segmentSeconds - position);
	}

	/** The decoder goes through held segments in order, each from its start; every picture is measured. */
	#decode(now: number): void {
		const { segmentSeconds, samplesPerSecond } = this.#stream;
		const playing = Math.floor(this.#viewer.position / segmentSeconds);
		this.#decodedTo = Math.max(this.#decodedTo, playing * segmentSeconds);
		const segment = Math.floor(this.#decodedTo / segmentSeconds + 1e-9);
		if (!this.#ready || !this.#held.has(segment)) return;
		const before = Math.floor(this.#decodedTo * FRAME_RATE + 1e-9);
		const further = this.#decodedTo + (STEP * this.#device(now)) / samplesPerSecond;
		this.#decodedTo = Math.min(further, (segment + 1) * segmentSeconds);
		this.#busy += STEP;
		const pictures = Math.floor(this.#decodedTo * FRAME_RATE + 1e-9) - before;
		for (let i = 0; i < pictures; i++) this.#speed = observePicture(this.#speed, (1000 * this.#busy) / pictures);
		if (pictures > 0) this.#busy = 0;
	}

	#shown(): { readonly rank: number; readonly quality: number } {
		const { position } = this.#viewer;
		const held = this.#held.get(Math.floor(position / this.#stream.segmentSeconds)) ?? 0;
		const rank = this.#decodedTo > position ? held : 0;
		return { rank, quality: this.#stream.enhancements[rank - 1]?.quality ?? this.#stream.baseQuality };
	}
}
