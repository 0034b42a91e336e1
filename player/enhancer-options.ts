import type { ReadyInfo } from "./pipeline/client.ts";
import type { StageTimes } from "./pipeline/messages.ts";
import type { BackendPreference, EnhancementMode, EnhancementReason, EnhancementState } from "./reasons.ts";
import type { BaseFeed } from "./stream/base-feed.ts";
import type { ListedEnhancement } from "./stream/enhancement-list.ts";
import type { PlaylistParser } from "./stream/media-playlist.ts";
import type { NetworkMeter } from "./policy/network-meter.ts";
import type { FrameTotals } from "./frame-account.ts";

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
	readonly frames: FrameTotals;
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
	readonly enhancements: readonly [ListedEnhancement, ...ListedEnhancement[]];
	/** Nominal frames a second. */
	readonly frameRate: number;
	/** Bits a second of base and audio. */
	readonly baseBitrate: number;
	readonly backend: BackendPreference;
	readonly modelUrl: string;
	readonly wishes: EnhancerWishes;
	/** Measures what the network carries, from all transfers of this source. */
	readonly network: NetworkMeter;
	readonly onChange: () => void;
	/** Pictures are being decoded: once a second. */
	readonly onStatistics: () => void;
	readonly onFault: (fault: EnhancementFault) => void;
};
