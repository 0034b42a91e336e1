import type { SerializedUploadError } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { UploadProgress } from "../progress.ts";
import type { UploadedAsset, UploadPreview, UploadResult } from "../result.ts";
import type { SourceWarning } from "../source/video-source.ts";
import type { UploadStep } from "../state.ts";

/** From the page to its worker. One worker serves one upload. */
export type PageMessage =
	| { readonly type: "begin"; readonly source: Blob | string; readonly options: ResolvedOptions }
	| { readonly type: "pause" }
	| { readonly type: "resume" }
	| { readonly type: "abort" }
	/** Answer to the `token` message of the same number. */
	| { readonly type: "token"; readonly id: number; readonly token: string }
	| { readonly type: "no-token"; readonly id: number; readonly message: string };

/** From the worker to its page. */
export type WorkerMessage =
	/** The worker's script runs and listens. */
	| { readonly type: "ready" }
	| { readonly type: "step"; readonly step: UploadStep }
	| { readonly type: "progress"; readonly progress: UploadProgress }
	| { readonly type: "warning"; readonly warning: SourceWarning }
	| { readonly type: "asset"; readonly asset: UploadedAsset }
	| { readonly type: "playable"; readonly asset: UploadedAsset }
	/** The frames come along as transferables. */
	| { readonly type: "preview"; readonly preview: UploadPreview }
	/** Asks for a token; `assetId` names the asset that it must be for. */
	| { readonly type: "token"; readonly id: number; readonly assetId: string | undefined }
	| { readonly type: "done"; readonly result: UploadResult }
	| { readonly type: "failed"; readonly error: SerializedUploadError };
