import type { Plugin } from "vite";

/**
 * For bundlers of Vite's kind: the runtime names its .wasm file relative to its own script, and the bundler would copy it, 25 MiB
 * for browsers that get it from /runtime/ anyway. This keeps the address for run time.
 */
export const leaveRuntimeFiles: Plugin = {
	name: "leave-runtime-files",
	enforce: "pre",
	transform(code, id) {
		if (!id.includes("onnxruntime-web")) return undefined;
		return { code: code.replaceAll(/new URL\((?="ort[\w.-]+\.wasm")/g, "new URL(/* @vite-ignore */"), map: null };
	},
};
