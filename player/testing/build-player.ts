import { join } from "node:path";
import { build } from "vite";
import { leaveRuntimeFiles } from "../../scripts/leave-runtime-files.ts";

const root = join(import.meta.dirname, "../..");

/** Builds `player.js` and its chunks into a folder, as the site's build does, without the site. */
export async function buildPlayer(folder: string, minify = false): Promise<void> {
	await build({
		root,
		configFile: false,
		envFile: false,
		publicDir: false,
		logLevel: "error",
		base: "/",
		plugins: [leaveRuntimeFiles],
		worker: { format: "es", plugins: () => [leaveRuntimeFiles] },
		build: {
			outDir: folder,
			emptyOutDir: true,
			target: "es2023",
			minify,
			assetsInlineLimit: 0,
			modulePreload: false,
			rolldownOptions: {
				input: { player: join(root, "player/index.ts"), element: join(root, "player/element/define-video.ts") },
				preserveEntrySignatures: "exports-only",
				output: {
					entryFileNames: "[name].js",
					chunkFileNames: "assets/[name]-[hash].js",
					assetFileNames: "assets/[name]-[hash][extname]",
				},
			},
		},
	});
}
