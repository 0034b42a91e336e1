import type { FedFrame, FedSound, FeedInfo } from "../feed/feed.ts";
import type { SerializedUploadError } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { UploadProgress } from "../progress.ts";
import type { UploadedAsset, UploadPreview, UploadResult } from "../result.ts";
import type { SourceWarning } from "../source/source-warning.ts";
import type { UploadStep } from "../state.ts";

/** From the page to its worker. One worker serves one upload. */
export type PageMessage =
	| { readonly type: "begin"; readonly source: WorkerSource; readonly options: ResolvedOptions }
	| { readonly type: "pause" }
	| { readonly type: "resume" }
	| { readonly type: "abort" }
	/** Answer to the `token` message of the same number. */
	| { readonly type: "token"; readonly id: number; readonly token: string }
	| { readonly type: "no-token"; readonly id: number; readonly message: string }
	/** Answer to the `next-frame` message of the same number; without `fed` there are no more. The frame is transferred. */
	| {
			readonly type: "fed-frame";
			readonly id: number;
			readonly fed: FedFrame | undefined;
			readonly missed: number;
	  }
	| { readonly type: "fed-sound"; readonly id: number; readonly fed: FedSound | undefined }
	| { readonly type: "feed-failed"; readonly id: number; readonly message: string };

/** A file that the worker reads itself, or a feed that stays at the page. */
export type WorkerSource = Blob | string | { readonly feed: FeedInfo };

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
	/** Asks for a picture or a piece of sound of the page's feed. */
	| { readonly type: "next-frame"; readonly id: number }
	| { readonly type: "next-sound"; readonly id: number }
	| { readonly type: "hold-feed" }
	| { readonly type: "release-feed" }
	| { readonly type: "end-feed" }
	| { readonly type: "done"; readonly result: UploadResult }
	| { readonly type: "failed"; readonly error: SerializedUploadError };
