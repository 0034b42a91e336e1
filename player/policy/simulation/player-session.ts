import { chooseEnhancement } from "../choose-enhancement.ts";
import { NetworkMeter } from "../network-meter.ts";
import { type FetchObservation, planFetch, shareOfEnhancement, shouldYield } from "../plan-fetch.ts";
import { decideStart } from "../start.ts";
import { SharedNetwork } from "./shared-network.ts";
import { BUFFER_TARGET, type SimulatedSession, type SimulatedStream, STEP, type Strategy } from "./session.ts";
import type { Trace } from "./traces.ts";
import { type SimulationResult, SimulatedViewer } from "./viewer.ts";

/** What a transfer brings. `rank` counts the enhancements from 1. */
type Label =
	| { readonly kind: "base" }
	| { readonly kind: "runtime" }
	| { readonly kind: "enhancement"; readonly segment: number; readonly rank: number };

/** Seconds between two looks at everything, and the seconds of base that come first; both as in the player. */
const TICK = 0.2;
const BASE_WANTED = 6;
/** Seconds of enhancement that are held ahead. */
const AHEAD = 30;

/** Base and enhancement as the player plays them, with the policies of this folder. */
export class PlayerSession implements SimulatedSession {
	readonly #stream: SimulatedStream;
	readonly #strategy: Exclude<Strategy, "ladder">;
	readonly #meter = new NetworkMeter();
	readonly #network: SharedNetwork<Label>;
	readonly #viewer: SimulatedViewer;
	readonly #decodeSpeed: number;
	/** Seconds that decoding a second takes. */
	readonly #pace: number;
	readonly #segments: FetchObservation["segments"];
	/** Rank of the enhancement that is held for a segment. */
	readonly #held = new Map<number, number>();
	#baseSegments = 0;
	#runtime: boolean;
	/** Rank of the enhancement in use; 0: none. */
	#current = 0;
	#decodedTo = 0;
	#nextTick = 0;

	constructor(stream: SimulatedStream, trace: Trace, strategy: Exclude<Strategy, "ladder">, decodeSpeed: number) {
		this.#stream = stream;
		this.#strategy = strategy;
		this.#network = new SharedNetwork(trace, this.#meter);
		this.#viewer = new SimulatedViewer(stream.seconds);
		this.#decodeSpeed = decodeSpeed;
		this.#pace = stream.samplesPerSecond / decodeSpeed;
		this.#runtime = stream.runtimeBytes === 0;
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
			else if (label.kind === "runtime") this.#runtime = true;
			else this.#held.set(label.segment, label.rank);
			// The player looks again whenever something has arrived.
			this.#nextTick = now;
		}
		this.#decode();
		this.#viewer.play(now, STEP, this.#baseEnd, this.#shown());
	}

	get #baseEnd(): number {
		return Math.min(this.#baseSegments * this.#stream.segmentSeconds, this.#stream.seconds);
	}

	#requestBase(): void {
		const { baseBitrate, segmentSeconds } = this.#stream;
		if (this.#baseSegments >= this.#segments.length || this.#baseEnd - this.#viewer.position >= BUFFER_TARGET)
			return;
		if (this.#network.transfers.some(({ label }) => label.kind === "base")) return;
		this.#network.begin({ kind: "base" }, baseBitrate * segmentSeconds);
	}

	/** What the player does on its tick: gives the network back, or begins the next transfer of the enhancement. */
	#tick(now: number): void {
		const running = this.#network.transfers.find(({ label }) => label.kind !== "base");
		const naive = this.#strategy === "naive";
		if (running) {
			if (!naive && running.label.kind === "enhancement" && shouldYield(this.#observeFetch(0)))
				this.#network.abort(running, now);
		} else if (!this.#runtime) {
			if (naive ? this.#viewer.began : this.#decidesToStart())
				this.#network.begin({ kind: "runtime" }, 8 * this.#stream.runtimeBytes);
		} else if (naive) this.#fetchNaively();
		else this.#fetchDiagonally();
	}

	#decidesToStart(): boolean {
		const { enhancements, samplesPerSecond, baseBitrate, runtimeBytes, seconds } = this.#stream;
		const { position, began } = this.#viewer;
		if (!began) return false;
		return decideStart({
			mode: "auto",
			lowChosen: false,
			enhancements: enhancements.length,
			saveData: false,
			browserCapable: true,
			backend: "webgpu",
			samplesPerSecond,
			bandwidth: this.#meter.bandwidth,
			baseBitrate,
			enhancementBitrate: enhancements[0]?.bitrate ?? 0,
			runtimeBytes,
			secondsLeft: seconds - position,
			loops: false,
			baseBuffer: this.#baseEnd - position,
			baseBufferWanted: BASE_WANTED,
			baseComplete: this.#baseSegments === this.#segments.length,
		}).start;
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

	#fetchDiagonally(): void {
		const { enhancements, baseBitrate, samplesPerSecond } = this.#stream;
		const { id } = chooseEnhancement({
			options: enhancements.map((option) => ({ ...option, samplesPerSecond })),
			chosen: undefined,
			current: enhancements[this.#current - 1]?.id,
			bandwidth: this.#meter.bandwidth,
			baseBitrate,
			decodeSpeed: this.#decodeSpeed,
			playbackRate: 1,
			ahead: this.#ahead(),
			forced: false,
		});
		this.#current = enhancements.findIndex((option) => option.id === id) + 1;
		const option = enhancements[this.#current - 1];
		if (!option) return;
		const plan = planFetch(this.#observeFetch(option.bitrate));
		if (plan.fetch !== undefined) this.#fetch(plan.fetch, this.#current);
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
		return {
			segments: this.#segments,
			have: (index) => this.#held.has(index),
			position,
			playbackRate: 1,
			paused: false,
			baseBufferedEnd: this.#baseEnd > position ? this.#baseEnd : undefined,
			baseBufferWanted: BASE_WANTED,
			baseComplete,
			bandwidth: shareOfEnhancement({ bandwidth, baseBitrate, baseBuffer, baseComplete }),
			bitrate,
			decodeSecondsPerSecond: this.#pace,
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

	/** The decoder goes through held segments in order, each from its start. */
	#decode(): void {
		const { segmentSeconds } = this.#stream;
		const playing = Math.floor(this.#viewer.position / segmentSeconds);
		this.#decodedTo = Math.max(this.#decodedTo, playing * segmentSeconds);
		const segment = Math.floor(this.#decodedTo / segmentSeconds + 1e-9);
		if (!this.#runtime || !this.#held.has(segment)) return;
		this.#decodedTo = Math.min(this.#decodedTo + STEP / this.#pace, (segment + 1) * segmentSeconds);
	}

	#shown(): { readonly rank: number; readonly quality: number } {
		const { position } = this.#viewer;
		const held = this.#held.get(Math.floor(position / this.#stream.segmentSeconds)) ?? 0;
		const rank = this.#decodedTo > position ? held : 0;
		return { rank, quality: this.#stream.enhancements[rank - 1]?.quality ?? this.#stream.baseQuality };
	}
}
