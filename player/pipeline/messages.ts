import type { Picture } from "../../codec/picture/picture.ts";
import type { BackendPreference, EnhancementReason } from "../reasons.ts";

/** How the worker is set up; sent once. */
export type OpenMessage = {
	readonly type: "open";
	readonly backend: BackendPreference;
	/** Folder of the model's files, absolute, ends with `/`. */
	readonly modelUrl: string;
	/** The model that the stream names: with any other, weights are not worth fetching. Undefined: its enhancements differ. */
	readonly modelId: string | undefined;
	/** Send every picture's samples along: for tests, it costs a read-back a frame. */
	readonly keepPictures: boolean;
};

/** One segment of base and enhancement, to be decoded after those sent before. */
export type SegmentMessage = {
	readonly type: "segment";
	readonly epoch: number;
	readonly sequence: number;
	readonly base: { readonly init: Uint8Array<ArrayBuffer>; readonly media: Uint8Array<ArrayBuffer> };
	readonly enhancement: { readonly init: Uint8Array<ArrayBuffer>; readonly media: Uint8Array<ArrayBuffer> };
	/** Where the first base picture is on the media timeline, in seconds. */
	readonly mediaStart: number;
};

/** From the page to the worker. */
export type ToWorker =
	| OpenMessage
	| SegmentMessage
	/** Drops everything queued and in work; later messages carry the new epoch. */
	| { readonly type: "reset"; readonly epoch: number }
	/** Pictures before this media time (microseconds) are decoded, since later ones need them, but not sent. */
	| { readonly type: "clock"; readonly mediaTime: number }
	/** So many pictures were freed by the page: as many more may be sent. */
	| { readonly type: "release"; readonly count: number };

/** Bytes that a picture takes for each luma sample: as an `ImageBitmap`, and as a `VideoFrame` of 4:2:0. */
export const BYTES_PER_SAMPLE = { webgpu: 4, wasm: 1.5 } as const;

/** Milliseconds that one picture took in each stage. */
export type StageTimes = {
	readonly parse: number;
	readonly reconstruct: number;
	readonly convert: number;
	/** From the picture before to this one, without what was waited for segments and for room. Two that are decoded together share it. */
	readonly total: number;
};

/** One enhanced picture, transferred. */
export type FrameMessage = {
	readonly type: "frame";
	readonly epoch: number;
	readonly sequence: number;
	/** Microseconds on the media timeline. */
	readonly mediaTime: number;
	/** Microseconds as in the track. */
	readonly timestamp: number;
	readonly duration: number;
	/** Visible size. */
	readonly width: number;
	readonly height: number;
	/** Size of the image: all that the base covers, up to 7 samples more each way. */
	readonly coveredWidth: number;
	readonly coveredHeight: number;
	readonly image: VideoFrame | ImageBitmap;
	/** Where `keepPictures` asks for it. */
	readonly picture: Picture | undefined;
	/** Bytes of the sample. */
	readonly bytes: number;
	readonly q: number;
};

/** From the worker to the page. */
export type FromWorker =
	/** A step of loading is done, and the next begins. `fetched`: all bytes are here, what remains is computing. */
	| { readonly type: "loading"; readonly fetched: boolean }
	| {
			readonly type: "ready";
			readonly kind: "webgpu" | "wasm";
			readonly description: string;
			/** Why a better backend was passed over. */
			readonly passedOver: readonly string[];
			readonly loadMilliseconds: number;
			readonly selfTestMilliseconds: number;
	  }
	| FrameMessage
	/** One picture was decoded, sent or not: for speed. */
	| { readonly type: "decoded"; readonly epoch: number; readonly mediaTime: number; readonly times: StageTimes }
	| { readonly type: "done"; readonly epoch: number; readonly sequence: number }
	/** Without `sequence` the worker is of no use any more; with it, this segment is not. */
	| {
			readonly type: "failed";
			readonly epoch: number;
			readonly sequence: number | undefined;
			readonly code: EnhancementReason;
			readonly message: string;
			readonly hint: string | undefined;
	  };
