import type { EnhancementMode, EnhancementReason } from "../reasons.ts";

/** Everything that the decision to fetch the decoder and its weights looks at. */
export type StartObservation = {
	readonly mode: EnhancementMode;
	/** What was chosen in the quality menu: low, or one enhancement; undefined: automatic. */
	readonly choice: "low" | "enhancement" | undefined;
	/** Enhancements that this stream offers and this build reads. */
	readonly enhancements: number;
	/** `navigator.connection.saveData`. */
	readonly saveData: boolean;
	/** `VideoDecoder`, `OffscreenCanvas` and `requestVideoFrameCallback` are there. */
	readonly browserCapable: boolean;
	/** Where the networks would run; undefined: nowhere. */
	readonly backend: "webgpu" | "wasm" | undefined;
	/** Luma samples a second of the smallest enhancement. */
	readonly samplesPerSecond: number;
	/** Bits a second of network; undefined: not known yet. */
	readonly bandwidth: number | undefined;
	/** Bits a second of base and audio together. */
	readonly baseBitrate: number;
	/** Bits a second of the cheapest enhancement. */
	readonly enhancementBitrate: number;
	/** Bytes of scripts and weights that would have to be fetched (0 where they are here already). */
	readonly decoderBytes: number;
	/** Seconds from the playhead to the end; Infinity for live. */
	readonly secondsLeft: number;
	/** It begins again at the end, so that what is loaded late is of use in the next round. */
	readonly loops: boolean;
	/** Seconds of base buffered ahead, and the seconds of it that the base wants before anything else may load. */
	readonly baseBuffer: number;
	readonly baseBufferWanted: number;
	/** The base has nothing left to fetch: whatever loads now takes nothing from it. */
	readonly baseComplete: boolean;
};

/** `start`, or the reason why not (yet). */
export type StartDecision = { readonly start: true } | { readonly start: false; readonly reason: EnhancementReason };

/**
 * Luma samples a second that WASM is trusted with before its speed is known: 20 billion MAC a second on one thread
 * over 15 kMAC a sample is about 1.4 million; twice that is allowed, because the measured speed decides soon after.
 */
export const WASM_SAMPLES_PER_SECOND = 2_800_000;

/** Share of the network that base and enhancement together may take; the estimate is a cautious one already. */
export const BANDWIDTH_SHARE = 0.95;

/**
 * With this share of an enhancement's bitrate to spare it can be shown for that share of the time, in runs of several
 * segments (`planFetch`); with less it is not worth a byte.
 */
export const FEWEST_SHARE = 0.5;

/** At most this share of what is left of the video may pass while the decoder loads, or it is not worth loading. */
export const LOADING_SHARE = 0.5;

/** So many times the seconds that the decoder takes on this network are enough of the base ahead of it: they share the network. */
const LOADING_COVER = 3;

/** Seconds of the base that come before the decoder. */
function baseBefore({ baseBufferWanted, secondsLeft, bandwidth, decoderBytes }: StartObservation): number {
	const loading = decoderBytes === 0 ? 0 : bandwidth === undefined ? Infinity : (8 * decoderBytes) / bandwidth;
	return Math.min(baseBufferWanted, secondsLeft, LOADING_COVER * loading);
}

/**
 * Decides, once playback has begun, whether the decoder is worth fetching now. Reasons are tried from the most lasting to the most
 * passing, so that the reason shown is the one that matters. `force` overrules what is a matter of taste (data saver,
 * speed, bandwidth), never what is impossible. Whoever chooses an enhancement in the menu knows their network: bandwidth does not keep it from them.
 */
export function decideStart(o: StartObservation): StartDecision {
	const forced = o.mode === "force";
	if (o.mode === "off" || o.choice === "low") return refuse("off-by-choice");
	if (o.enhancements === 0) return refuse("no-enhancement");
	if (!o.browserCapable) return refuse("browser-incapable");
	if (o.backend === undefined) return refuse("no-backend");
	if (o.saveData && !forced) return refuse("data-saver");
	if (o.backend === "wasm" && o.samplesPerSecond > WASM_SAMPLES_PER_SECOND && !forced)
		return refuse("too-large-for-wasm");
	if (o.bandwidth !== undefined && !forced && o.choice !== "enhancement") {
		const spare = o.bandwidth * BANDWIDTH_SHARE - o.baseBitrate;
		if (spare < FEWEST_SHARE * o.enhancementBitrate) return refuse("bandwidth-too-low");
		const watched = o.loops ? Number.POSITIVE_INFINITY : o.secondsLeft;
		if ((8 * o.decoderBytes) / spare > LOADING_SHARE * watched) return refuse("not-worth-loading");
	}
	if (!o.baseComplete && o.baseBuffer < baseBefore(o)) return refuse("base-first");
	return { start: true };
}

function refuse(reason: EnhancementReason): StartDecision {
	return { start: false, reason };
}
