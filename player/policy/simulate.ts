import { type BandwidthEstimate, estimatedBandwidth, NO_BANDWIDTH_ESTIMATE, observeTransfer } from "./bandwidth.ts";
import { chooseEnhancement } from "./choose-enhancement.ts";
import { planFetch } from "./plan-fetch.ts";
import { decideStart } from "./start.ts";
import type { Trace } from "./traces.ts";

/** A stream as the simulation sees it. Bits and seconds. */
export type SimulatedStream = {
	readonly seconds: number;
	readonly segmentSeconds: number;
	readonly baseBitrate: number;
	/** Cheapest first; `quality` is a number on any scale, the base's being `baseQuality`. */
	readonly enhancements: readonly { readonly id: string; readonly bitrate: number; readonly quality: number }[];
	readonly baseQuality: number;
	/** Luma samples a second of the full picture. */
	readonly samplesPerSecond: number;
	readonly runtimeBytes: number;
};

/** Who decides: ours, nobody (base only), or "enhance whenever bandwidth allows, segment by segment". */
export type Strategy = "diagonal" | "base-only" | "naive";

export type SimulationResult = {
	/** Seconds to the first picture, seconds stalled after it, share of playing time shown enhanced. */
	readonly startDelay: number;
	readonly stalled: number;
	readonly enhancedShare: number;
	/** Mean over playing time. */
	readonly quality: number;
	/** Changes between base and enhancement, and between enhancements. */
	readonly switches: number;
	readonly bytes: number;
};

/** One transfer under way. */
type Job = {
	readonly kind: "base" | "enhancement" | "runtime";
	readonly segment: number;
	readonly id: string;
	bitsLeft: number;
	readonly bits: number;
	latencyLeft: number;
	seconds: number;
};

const STEP = 0.05;
/** Base buffer that hls.js fills, and that the enhancement waits for. */
const BASE_TARGET = 30;
const BASE_WANTED = 6;
/** The player gives up a session that takes longer than this many times the video. */
const LONGEST = 8;

/**
 * Plays a stream over a network trace with the policies of this folder, in steps of 50 ms: transfers share the network
 * equally, base segments come one after the other, one enhancement transfer at a time beside them.
 */
export function simulate(
	stream: SimulatedStream,
	trace: Trace,
	strategy: Strategy,
	/** Luma samples a second that the device decodes. */
	decodeSpeed: number,
): SimulationResult {
	const count = Math.ceil(stream.seconds / stream.segmentSeconds);
	const decodePace = stream.samplesPerSecond / decodeSpeed;
	const held = new Map<number, string>();
	let jobs: Job[] = [];
	let estimate: BandwidthEstimate = NO_BANDWIDTH_ESTIMATE;
	let base = 0;
	let position = 0;
	let started: number | undefined;
	let stalled = 0;
	let runtime = false;
	let current: string | undefined;
	let bytes = 0;
	let decodedTo = 0;
	let shown = "";
	let switches = -1;
	let enhanced = 0;
	let quality = 0;
	const begin = (kind: Job["kind"], segment: number, id: string, bits: number) =>
		jobs.push({ kind, segment, id, bits, bitsLeft: bits, latencyLeft: trace.latency, seconds: 0 });
	const segmentBits = (bitrate: number) => bitrate * stream.segmentSeconds;

	for (let time = 0; position < stream.seconds - 1e-9 && time < LONGEST * stream.seconds; time += STEP) {
		const baseEnd = Math.min(base * stream.segmentSeconds, stream.seconds);
		if (base < count && !jobs.some(({ kind }) => kind === "base") && baseEnd - position < BASE_TARGET) {
			begin("base", base, "base", segmentBits(stream.baseBitrate));
		}
		if (strategy !== "base-only" && !jobs.some(({ kind }) => kind !== "base")) next();
		transfer(time);
		decode();
		play(time);
	}
	return {
		startDelay: started ?? Number.POSITIVE_INFINITY,
		stalled,
		enhancedShare: enhanced / stream.seconds,
		quality: quality / stream.seconds,
		switches: Math.max(switches, 0),
		bytes: Math.round(bytes),
	};

	/** Begins the next transfer of the enhancement, if the strategy wants one. */
	function next(): void {
		const bandwidth = estimatedBandwidth(estimate);
		const baseEnd = Math.min(base * stream.segmentSeconds, stream.seconds);
		const naive = strategy === "naive";
		if (!runtime) {
			const decision = decideStart({
				mode: "auto",
				lowChosen: false,
				enhancements: stream.enhancements.length,
				playbackBegan: started !== undefined,
				saveData: false,
				browserCapable: true,
				backend: "webgpu",
				samplesPerSecond: stream.samplesPerSecond,
				bandwidth,
				baseBitrate: stream.baseBitrate,
				enhancementBitrate: stream.enhancements[0]?.bitrate ?? 0,
				runtimeBytes: stream.runtimeBytes,
				secondsLeft: stream.seconds - position,
				baseBuffer: baseEnd - position,
				baseBufferWanted: BASE_WANTED,
			});
			if (naive ? started !== undefined : decision.start)
				begin("runtime", -1, "runtime", 8 * stream.runtimeBytes);
			return;
		}
		if (naive) {
			const segment = Math.floor(position / stream.segmentSeconds) + 1;
			const best = stream.enhancements
				.filter(({ bitrate }) => bitrate + stream.baseBitrate <= (bandwidth ?? 0))
				.at(-1);
			if (best && segment < count && !held.has(segment))
				begin("enhancement", segment, best.id, segmentBits(best.bitrate));
			return;
		}
		current = chooseEnhancement({
			options: stream.enhancements.map(({ id, bitrate }) => ({
				id,
				bitrate,
				samplesPerSecond: stream.samplesPerSecond,
			})),
			chosen: undefined,
			current,
			bandwidth,
			baseBitrate: stream.baseBitrate,
			decodeSpeed,
			playbackRate: 1,
			ahead: aheadOf(position),
			forced: false,
		}).id;
		const option = stream.enhancements.find(({ id }) => id === current);
		if (!option) return;
		const plan = planFetch({
			segments: Array.from({ length: count }, (_, index) => ({
				index,
				start: index * stream.segmentSeconds,
				duration: stream.segmentSeconds,
				bytes: undefined,
			})),
			have: (index) => held.has(index),
			position,
			playbackRate: 1,
			paused: false,
			baseBufferedEnd: baseEnd > position ? baseEnd : undefined,
			baseBufferWanted: BASE_WANTED,
			baseComplete: base === count,
			bandwidth: bandwidth === undefined ? undefined : Math.max(bandwidth - stream.baseBitrate, bandwidth / 4),
			bitrate: option.bitrate,
			decodeSecondsPerSecond: decodePace,
			ahead: 20,
		});
		if (plan.fetch !== undefined) begin("enhancement", plan.fetch, option.id, segmentBits(option.bitrate));
	}

	/** Seconds of enhancement held from here on without a gap. */
	function aheadOf(from: number): number {
		let segment = Math.floor(from / stream.segmentSeconds);
		while (held.has(segment)) segment++;
		return Math.max(0, segment * stream.segmentSeconds - from);
	}

	/** Moves all transfers on by one step; each gets an equal share of what the network carries now. */
	function transfer(time: number): void {
		const moving = jobs.filter((job) => (job.latencyLeft -= STEP) <= 0);
		const share = (trace.bitsPerSecond(time) * STEP) / Math.max(moving.length, 1);
		for (const job of moving) {
			job.bitsLeft -= share;
			job.seconds += STEP;
			if (job.bitsLeft > 0) continue;
			bytes += job.bits / 8;
			estimate = observeTransfer(estimate, { bytes: job.bits / 8, milliseconds: 1000 * job.seconds });
			if (job.kind === "base") base++;
			else if (job.kind === "runtime") runtime = true;
			else held.set(job.segment, job.id);
		}
		jobs = jobs.filter(({ bitsLeft }) => bitsLeft > 0);
	}

	/** The decoder goes through held segments in order, from a segment's start, never ahead of what is held. */
	function decode(): void {
		const playing = Math.floor(position / stream.segmentSeconds);
		if (decodedTo < playing * stream.segmentSeconds) decodedTo = playing * stream.segmentSeconds;
		const segment = Math.floor(decodedTo / stream.segmentSeconds + 1e-9);
		if (held.has(segment))
			decodedTo = Math.min(decodedTo + STEP / decodePace, (segment + 1) * stream.segmentSeconds);
		else if (segment === playing) return;
	}

	function play(time: number): void {
		const end = Math.min(base * stream.segmentSeconds, stream.seconds);
		if (position >= end) {
			if (started !== undefined) stalled += STEP;
			return;
		}
		started ??= time;
		const segment = Math.floor(position / stream.segmentSeconds);
		const id = held.get(segment);
		const now = id !== undefined && decodedTo > position ? id : "base";
		if (now !== shown) switches++;
		shown = now;
		const length = Math.min(STEP, end - position);
		const option = stream.enhancements.find((candidate) => candidate.id === now);
		if (option) enhanced += length;
		quality += length * (option?.quality ?? stream.baseQuality);
		position += length;
	}
}
