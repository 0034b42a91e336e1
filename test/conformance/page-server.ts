/** Serves the conformance page to a browser: bundle, model and streams, from this machine only. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { MODEL_FOLDER, STREAMS_FOLDER } from "./files.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
	html: "text/html",
	js: "text/javascript",
	mjs: "text/javascript",
	wasm: "application/wasm",
	json: "application/json",
};

export type PageServer = { readonly url: string; close(): Promise<void> };

export async function servePage(model: string = MODEL_FOLDER): Promise<PageServer> {
	const bundle = await mkdtemp(join(tmpdir(), "conformance-"));
	await build({
		root: FOLDER,
		base: "/bundle/",
		configFile: false,
		envDir: false,
		publicDir: false,
		logLevel: "warn",
		build: {
			outDir: bundle,
			emptyOutDir: true,
			target: "es2023",
			minify: false,
			rolldownOptions: {
				input: join(FOLDER, "page.ts"),
				output: { entryFileNames: "page.js", chunkFileNames: "[name]-[hash].js" },
			},
		},
	});
	/** Folder by first part of the path; files are taken by their last part. */
	const folders: Readonly<Record<string, string>> = {
		model,
		streams: STREAMS_FOLDER,
		bundle,
	};
	const server = createServer((request, response) => {
		const [, first = "", second] = (request.url ?? "/").split("/");
		if (first === "") {
			response.setHeader("content-type", "text/html");
			response.end(
				'<!doctype html><title>Conformance</title><script type="module" src="/bundle/page.js"></script>',
			);
			return;
		}
		const folder = folders[first];
		if (folder === undefined || second === undefined) {
			response.writeHead(404).end();
			return;
		}
		readFile(join(folder, basename(second))).then(
			(bytes) => {
				response.setHeader("content-type", TYPES[second.split(".").at(-1) ?? ""] ?? "application/octet-stream");
				response.end(bytes);
			},
			() => response.writeHead(404).end(),
		);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("The server has no port.");
	return {
		url: `http://127.0.0.1:${address.port}/`,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			await rm(bundle, { recursive: true });
		},
	};
}
