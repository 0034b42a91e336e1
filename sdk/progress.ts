import type { Effort } from "../codec/enhancement/effort.ts";
import type { ExecutorKind } from "../codec/model/executor.ts";
import type { GivenUp } from "./stages/plan.ts";

/** The stage that everything else waits for at the moment. */
export type Bottleneck = "decode" | "base" | "enhancement" | "upload";

/** Bytes and rate of one track so far. */
export type LayerProgress = {
	/** `base`, `audio`, `e24` and the like: the track's name at the edge. */
	readonly track: string;
	readonly kind: "base" | "enhancement" | "audio";
	/** Quality index of an enhancement. */
	readonly q?: number;
	readonly width?: number;
	readonly height?: number;
	readonly codec: string;
	readonly bytes: number;
	/** Average over what is coded so far. */
	readonly kilobitsPerSecond: number;
};

/** What the enhancement runs on and at what size, and why. */
export type BackendReport = {
	/** `none`: only base and audio are uploaded. */
	readonly kind: ExecutorKind | "none";
	/** For people: "WebGPU (Apple M3)", "WASM, 1 thread". */
	readonly description: string;
	/** Size that is encoded. */
	readonly width: number;
	readonly height: number;
	/** Size of the source as it is shown (rotated, square pixels). */
	readonly sourceWidth: number;
	readonly sourceHeight: number;
	/** Frames a second that are counted on for that size and effort; undefined without a measurement. */
	readonly predictedFps: number | undefined;
	/** How hard the enhancement's encoder tries; undefined without an enhancement. */
	readonly effort: Effort | undefined;
	/** What the person does not get because this machine is slow; empty where nothing was given up. */
	readonly givenUp: readonly GivenUp[];
	/** A sentence for the person where something was given up; else undefined. */
	readonly notice: string | undefined;
};

/** A snapshot, sent a few times a second. */
export type UploadProgress = {
	/** Frames decoded from the source, coded in every layer, acknowledged by the edge. */
	readonly framesDecoded: number;
	readonly framesEncoded: number;
	readonly framesUploaded: number;
	/** Of a live source: pictures that were not taken, by plan or because nothing was ready for them. */
	readonly framesDropped: number;
	/** From the container's duration and rate; undefined for a live source. */
	readonly framesTotal: number | undefined;
	/** Seconds of video coded, acknowledged, and in all. */
	readonly secondsEncoded: number;
	readonly secondsUploaded: number;
	readonly secondsTotal: number | undefined;
	readonly bytesUploaded: number;
	/** Coded but not yet acknowledged. */
	readonly bytesPending: number;
	/** Frames coded a second, over the last few seconds. */
	readonly fps: number;
	/** Until everything is at the edge; undefined until it can be told. */
	readonly secondsLeft: number | undefined;
	readonly bottleneck: Bottleneck;
	/** True while the network is away and the uploader waits to try again. */
	readonly waitingForNetwork: boolean;
	readonly backend: BackendReport | undefined;
	readonly layers: readonly LayerProgress[];
};
