import { gpuAdapter, worthTrying } from "./gpu-adapter.ts";
import type { EnhancerOptions, EnhancerWishes } from "./enhancer-options.ts";
import type { ChoiceObservation } from "./policy/choose-enhancement.ts";
import { ASSUMED_PACE, baseWanted, shareOfEnhancement } from "./policy/plan-fetch.ts";
import { DECODER_BYTES } from "./policy/decoder-bytes.ts";
import type { StartObservation } from "./policy/start.ts";
import type { BackendPreference } from "./reasons.ts";
import type { BufferObservation } from "./stream/enhancement-buffer.ts";

/** How the base stands at the playhead. */
export type BaseStatus = {
	/** The playhead, in seconds; where the video stands, its frame. */
	readonly position: number;
	/** Seconds on the media timeline up to which the base is buffered; undefined: not even at the playhead. */
	readonly end: number | undefined;
	/** Everything from the playhead to the end is buffered. */
	readonly complete: boolean;
	/** Seconds ahead of the playhead that come before the enhancement. */
	readonly wanted: number;
	/** Seconds from the playhead to the end of the video; Infinity for live: what a browser calls its duration is the edge. */
	readonly left: number;
};

/** How far the base is buffered from a position on. @param position seconds on the media timeline */
export function baseStatusOf({ video, feed }: EnhancerOptions, position: number): BaseStatus {
	const end = feed.bufferedEnd(video, position);
	const last = feed.segments.at(-1);
	const listed = last === undefined ? 0 : last.start + last.duration;
	return {
		position,
		end,
		complete: feed.complete && end !== undefined && end >= video.duration - 0.1,
		wanted: baseWanted(listed - position, feed.complete),
		left: feed.complete ? Math.max(0, video.duration - video.currentTime) : Number.POSITIVE_INFINITY,
	};
}

/**
 * What is tried first of what the page wants. Where nobody has asked for an adapter yet, there is one: whoever loads the decoder asks first.
 *
 * @returns undefined where there is nothing to compute on
 */
function firstBackend(wanted: BackendPreference): "webgpu" | "wasm" | undefined {
	const backend = worthTrying(wanted);
	if (backend === "wasm") return "wasm";
	if (gpuAdapter() !== "none") return "webgpu";
	return backend === "auto" ? "wasm" : undefined;
}

/** What the decision to load the decoder and its weights looks at. */
export function observeStart(
	o: EnhancerOptions,
	wishes: EnhancerWishes,
	base: BaseStatus,
	loaded: {
		/** The backend that runs, or ran last; undefined before. */
		readonly backend: "webgpu" | "wasm" | undefined;
		/** Scripts and weights are here, or on their way. */
		readonly decoder: boolean;
	},
): StartObservation {
	const { video, enhancements, frameRate } = o;
	const [cheapest] = enhancements;
	const connection =
		"connection" in navigator ? (navigator.connection as { saveData?: boolean } | undefined) : undefined;
	return {
		mode: wishes.mode,
		choice: wishes.choice === undefined || wishes.choice === "low" ? wishes.choice : "enhancement",
		enhancements: enhancements.length,
		saveData: connection?.saveData === true,
		browserCapable: "VideoDecoder" in globalThis && "OffscreenCanvas" in globalThis,
		backend: loaded.backend ?? firstBackend(o.backend),
		samplesPerSecond: cheapest.width * cheapest.height * frameRate,
		bandwidth: o.network.bandwidth,
		baseBitrate: base.complete ? 0 : o.baseBitrate,
		enhancementBitrate: cheapest.bandwidth,
		decoderBytes: loaded.decoder ? 0 : DECODER_BYTES,
		secondsLeft: base.left,
		loops: video.loop,
		baseBuffer: base.end === undefined ? 0 : base.end - base.position,
		baseBufferWanted: base.wanted,
		baseComplete: base.complete,
	};
}

/** What the choice of an enhancement looks at. */
export function observeChoice(
	o: EnhancerOptions,
	wishes: EnhancerWishes,
	base: BaseStatus,
	now: {
		/** Id of the enhancement in use. */
		readonly current: string | undefined;
		/** Luma samples a second that this device decodes; undefined: not measured. */
		readonly decodeSpeed: number | undefined;
		/** Seconds of enhancement from the playhead on. */
		readonly ahead: number;
		/** Decoded pictures are kept, so that decoding may take longer than playing. */
		readonly keeps: boolean;
	},
): ChoiceObservation {
	const { video, enhancements, frameRate } = o;
	return {
		options: enhancements.map(({ id, bandwidth, width, height }) => ({
			id,
			bitrate: bandwidth,
			samplesPerSecond: width * height * frameRate,
		})),
		chosen: wishes.choice,
		current: now.current,
		bandwidth: o.network.bandwidth,
		baseBitrate: base.complete ? 0 : o.baseBitrate,
		// A paused picture has all the time there is.
		decodeSpeed: video.paused || now.keeps ? undefined : now.decodeSpeed,
		playbackRate: rateOf(video),
		ahead: now.ahead,
		forced: wishes.mode === "force",
	};
}

/** Media seconds that are played in a second; 0 while the video stands. */
export function rateOf(video: HTMLMediaElement): number {
	return video.paused ? 0 : Math.abs(video.playbackRate);
}

/**
 * What the plan of fetches looks at.
 *
 * @param pace seconds that decoding a second takes; undefined: not known. @param wanted segments are to be fetched
 */
export function observeFetching(
	o: EnhancerOptions,
	base: BaseStatus,
	{ pace, wanted }: { readonly pace: number | undefined; readonly wanted: boolean },
): BufferObservation {
	const { video, baseBitrate } = o;
	const { bandwidth } = o.network;
	const { position } = base;
	const baseBuffer = base.end === undefined ? 0 : base.end - position;
	return {
		position,
		playbackRate: Math.abs(video.playbackRate),
		paused: video.paused,
		baseBufferedEnd: base.end,
		baseBufferWanted: base.wanted,
		baseComplete: base.complete,
		bandwidth: shareOfEnhancement({ bandwidth, baseBitrate, baseBuffer, baseComplete: base.complete }),
		decodeSecondsPerSecond: pace ?? ASSUMED_PACE,
		wanted,
	};
}
