// The address is what the bundler makes of the suffix.
// oxlint-disable-next-line import/default
import url from "./worker.ts?worker&url";

/** Where the decoding worker's script is, absolute: beside the script that this module was bundled into. */
export const workerUrl: string = new URL(url, import.meta.url).href;
