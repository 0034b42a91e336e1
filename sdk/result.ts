import type { BackendReport, LayerProgress } from "./progress.ts";
import type { SourceWarning } from "./source/source-warning.ts";

/** Where an asset is found at the edge. */
export type UploadedAsset = {
	readonly id: string;
	/** HLS multivariant playlist. */
	readonly masterUrl: string;
	/** Page that plays the asset. */
	readonly watchUrl: string;
};

/** What `done` resolves with. */
export type UploadResult = {
	readonly asset: UploadedAsset;
	readonly backend: BackendReport;
	readonly layers: readonly LayerProgress[];
	readonly warnings: readonly SourceWarning[];
	/** Seconds of video. */
	readonly duration: number;
	readonly frames: number;
};

/** The same moment in both layers. The frames are closed after the event: draw or clone them in the listener. */
export type UploadPreview = {
	/** Microseconds from the start of the video. */
	readonly timestamp: number;
	/** What is shown where only the base plays. */
	readonly base: VideoFrame;
	/** What decoders of the first enhancement show. */
	readonly enhanced: VideoFrame;
};
