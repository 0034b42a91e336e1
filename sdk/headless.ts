/**
 * Uploads without any interface: nothing here touches a document, so it also runs inside a worker of one's own (with `worker: "none"`,
 * which is the default there) and is imported on servers without harm.
 */
export { createUpload, Upload } from "./upload.ts";
export type { UploadEventMap } from "./upload.ts";
export { UploadError } from "./errors.ts";
export type { UploadErrorCode } from "./errors.ts";
export type { TokenProvider, UploadOptions, UploadSource } from "./options.ts";
export type { BackendReport, Bottleneck, LayerProgress, UploadProgress } from "./progress.ts";
export type { GivenUp } from "./stages/plan.ts";
export type { UploadedAsset, UploadPreview, UploadResult } from "./result.ts";
export { isAboutEnhancement } from "./source/source-warning.ts";
export type { SourceWarning } from "./source/source-warning.ts";
export type { UploadState } from "./state.ts";
