import type { UploadProgress } from "../progress.ts";
import type { UploadedAsset, UploadPreview } from "../result.ts";
import type { SourceWarning } from "../source/source-warning.ts";
import type { UploadStep } from "../state.ts";

/** Milliseconds that an upload has to end by itself after `abort`. It may be loading something that never comes. */
export const ABORT_PATIENCE = 5000;

/** What a session tells and asks whoever runs it. */
export type SessionHost = {
	readonly freshToken: (assetId: string | undefined) => Promise<string>;
	readonly onStep: (step: UploadStep) => void;
	readonly onProgress: (progress: UploadProgress) => void;
	readonly onWarning: (warning: SourceWarning) => void;
	/** The asset exists at the edge. Told by each attempt, always the same. */
	readonly onAsset: (asset: UploadedAsset) => void;
	/** Whoever gets the frames closes them. */
	readonly onPreview: (preview: UploadPreview) => void;
	/** Its first seconds can be watched. */
	readonly onPlayable: (asset: UploadedAsset) => void;
};
