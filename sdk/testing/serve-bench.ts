import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "vite";
import { serveFiles } from "./static-server.ts";
import type { StaticServer } from "./static-server.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/**
 * For tests only: bundles the SDK's sources with what runs in the page of a test, and serves them beside models and an edge.
 * The origin ends with a slash; `blank` on it is the page, `strict` the same with a policy that forbids WebAssembly.
 * @param files folder that the page finds under `/fixtures/`.
 */
export const serveBench = async (files: string): Promise<StaticServer> => {
	const built = mkdtempSync(join(tmpdir(), "crescendo-bench-"));
	await build({
		...{ root: ROOT, configFile: false, envDir: false, publicDir: false, logLevel: "error" },
		worker: { format: "es" },
		build: {
			...{ outDir: built, emptyOutDir: true, target: "es2023", minify: false },
			...{ assetsInlineLimit: 0, modulePreload: false },
			rolldownOptions: {
				input: join(ROOT, "sdk/testing/page.ts"),
				output: { entryFileNames: "page.js" },
			},
		},
	});
	const server = await serveFiles(
		{
			"/": built,
			"/fixtures/": files,
			"/models/": join(ROOT, "models"),
		},
		{
			"/blank": '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>',
			// Its own thread may not compile WebAssembly.
			"/strict":
				'<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src \'self\'">' +
				'<title>strict</title><script type="module" src="/page.js"></script>',
		},
		{ "/stable/": "/models/" },
	);
	return {
		...server,
		origin: `${server.origin}/`,
		close: async () => {
			await server.close();
			rmSync(built, { recursive: true, force: true });
		},
	};
};
