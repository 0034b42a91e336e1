import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript",
	".mjs": "text/javascript",
	".css": "text/css; charset=utf-8",
	".json": "application/json",
	".wasm": "application/wasm",
	".m3u8": "application/vnd.apple.mpegurl",
	".m4s": "video/iso.segment",
	".mp4": "video/mp4",
	".svg": "image/svg+xml",
	".vtt": "text/vtt; charset=utf-8",
};

/** What a server serves: the first that has the path. */
export type Mount =
	| { readonly prefix: string; readonly folder: string }
	| { readonly prefix: string; readonly files: ReadonlyMap<string, Uint8Array> };

export type FixtureServer = {
	/** `http://127.0.0.1:port` */
	readonly origin: string;
	/** Paths asked for, in order; not those posted to. */
	readonly requests: string[];
	/** What was posted, in order; answered by 204. */
	readonly posted: { readonly path: string; readonly type: string; readonly body: string }[];
	/** Called before each answer; what it returns is the status sent instead, undefined: as usual. */
	intercept: ((path: string) => number | undefined | Promise<number | undefined>) | undefined;
	/** Sent with every answer. */
	headers: Record<string, string>;
	close(): Promise<void>;
};

/** A static server for tests: CORS, single ranges, caching of what never changes. */
export async function startFixtureServer(mounts: readonly Mount[]): Promise<FixtureServer> {
	const requests: string[] = [];
	const server = createServer((request, response) => {
		handle(request, response).catch(() => response.destroy());
	});
	const fixture: FixtureServer = {
		origin: "",
		requests,
		posted: [],
		intercept: undefined,
		headers: {},
		close: () =>
			new Promise((resolve) => {
				server.closeAllConnections();
				server.close(() => resolve());
			}),
	};
	const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
		const path = decodeURIComponent(new URL(request.url ?? "/", "http://fixture").pathname);
		if (request.method !== "POST") requests.push(path);
		const status = await fixture.intercept?.(path);
		const headers = { "Access-Control-Allow-Origin": "*", ...fixture.headers };
		if (status !== undefined) {
			response.writeHead(status, headers).end();
			return;
		}
		if (request.method === "POST") {
			let body = "";
			for await (const chunk of request) body += String(chunk);
			fixture.posted.push({ path, type: request.headers["content-type"] ?? "", body });
			response.writeHead(204, headers).end();
			return;
		}
		for (const mount of mounts) {
			if (!path.startsWith(mount.prefix)) continue;
			const rest = path.slice(mount.prefix.length);
			if (await send(mount, rest, request, response, headers)) return;
		}
		response.writeHead(404, headers).end();
	};
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return Object.assign(fixture, { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function send(
	mount: Mount,
	rest: string,
	request: IncomingMessage,
	response: ServerResponse,
	common: Record<string, string>,
): Promise<boolean> {
	const type = TYPES[extname(rest)] ?? "application/octet-stream";
	const cache = /\.(?:m4s|mp4|wasm|onnx)$/.test(rest) ? "public, max-age=31536000, immutable" : "no-cache";
	const headers = { ...common, "Content-Type": type, "Cache-Control": cache };
	if ("files" in mount) {
		const bytes = mount.files.get(rest);
		if (!bytes) return false;
		const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
		if (range) {
			const start = Number(range[1]);
			const end = range[2] === "" ? bytes.length - 1 : Number(range[2]);
			response.writeHead(206, { ...headers, "Content-Range": `bytes ${start}-${end}/${bytes.length}` });
			response.end(bytes.subarray(start, end + 1));
		} else {
			response.writeHead(200, { ...headers, "Content-Length": bytes.length });
			response.end(bytes);
		}
		return true;
	}
	const path = join(mount.folder, normalize(`/${rest}`));
	const info = await stat(path).catch(() => undefined);
	if (!info?.isFile()) return false;
	response.writeHead(200, { ...headers, "Content-Length": info.size });
	createReadStream(path).pipe(response);
	return true;
}
