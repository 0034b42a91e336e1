import type { StageTimes } from "../pipeline/messages.ts";
import type { EnhancementReason, EnhancementState } from "../reasons.ts";

/** What is known about one player at one moment: a plain value, for the overlay, for events and for bug reports. */
export type PlayerStatistics = {
	readonly state: EnhancementState;
	/** Why the enhanced picture is not shown; undefined where it is. */
	readonly reason: EnhancementReason | undefined;
	/** The last error's sentence, if any. */
	readonly error: string | undefined;
	/** "WebGPU (NVIDIA ada)"; undefined before the decoder is loaded. */
	readonly backend: string | undefined;
	/** Why a better backend was passed over. */
	readonly passedOver: readonly string[];
	/** Visible size of the base, and of the picture that is shown now. */
	readonly base: { readonly width: number; readonly height: number };
	readonly shown: { readonly width: number; readonly height: number };
	/** Id and nominal q of the enhancement in use. */
	readonly enhancement: { readonly id: string; readonly q: number; readonly bitrate: number } | undefined;
	/** Bits a second; undefined: not known. */
	readonly bandwidth: number | undefined;
	/** Seconds ahead of the playhead. */
	readonly baseBuffer: number;
	readonly enhancementBuffer: number;
	/** Decoded pictures that wait for their frame. */
	readonly picturesReady: number;
	/** Milliseconds of the last picture in each stage; undefined before the first. */
	readonly times: StageTimes | undefined;
	/** Pictures a second that this device decodes, measured. */
	readonly decodeRate: number | undefined;
	/** Nominal frames a second. */
	readonly frameRate: number;
	/** Frames since the source was loaded: shown enhanced, shown as base while an enhanced picture was due, and all. */
	readonly frames: { readonly enhanced: number; readonly missed: number; readonly all: number };
	/** Frames that the browser itself dropped. */
	readonly dropped: number;
	/** Bytes fetched for the enhancement since the source was loaded. */
	readonly enhancementBytes: number;
	/** Milliseconds from loading the source to the first picture and to the first enhanced one. */
	readonly firstPicture: number | undefined;
	readonly firstEnhanced: number | undefined;
	/** Milliseconds that loading the weights, and the self-test, took. */
	readonly loadMilliseconds: number | undefined;
	readonly selfTestMilliseconds: number | undefined;
};
