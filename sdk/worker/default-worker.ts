// The address is what the bundler makes of the suffix.
// oxlint-disable-next-line import/default
import url from "../worker.ts?worker&url";
import { startWorker } from "./start-worker.ts";

/**
 * The SDK's own worker. In the package this module is replaced by `new Worker(new URL("./worker.js", import.meta.url))`, the one form
 * that Vite, webpack and others bundle (`scripts/build.ts`).
 */
export const defaultWorker = (): Worker => startWorker(new URL(url, import.meta.url));
