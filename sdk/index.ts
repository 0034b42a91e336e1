export * from "./headless.ts";
export { CrescendoUploaderElement, defineUploader } from "./element/crescendo-uploader.ts";
export type { UploaderOptions } from "./element/crescendo-uploader.ts";
