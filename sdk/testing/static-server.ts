import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { EdgeDouble } from "./edge-double.ts";

const TYPES: Readonly<Record<string, string>> = {
	".html": "text/html",
	".js": "text/javascript",
	".mjs": "text/javascript",
	".css": "text/css",
	".mp4": "video/mp4",
};

/** For tests only: files of some folders and an edge beside them, for pages of any origin. */
export type StaticServer = {
	readonly origin: string;
	readonly edge: EdgeDouble;
	/** Paths of files as they were asked for, and of parts ("PUT /v1/...") as they were acknowledged, in this order. */
	readonly order: string[];
	readonly close: () => Promise<void>;
};

/**
 * @param folders by the beginning of the path, which ends with a slash; the longest counts.
 * @param pages answers by path.
 * @param moved beginnings of paths that lead to others, which nobody may keep, as an edge's stable addresses do.
 */
export const serveFiles = async (
	folders: Readonly<Record<string, string>>,
	pages: Readonly<Record<string, string>> = {},
	moved: Readonly<Record<string, string>> = {},
): Promise<StaticServer> => {
	const edge = new EdgeDouble();
	const order: string[] = [];
	const mounts = Object.keys(folders).sort((left, right) => right.length - left.length);
	const server = createServer((request, response) => {
		response.setHeader("access-control-allow-origin", "*");
		response.setHeader("access-control-allow-headers", "authorization, content-type, idempotency-key, repr-digest");
		response.setHeader("access-control-allow-methods", "GET, POST, PUT");
		if (request.method === "OPTIONS") {
			response.end();
			return;
		}
		const path = new URL(request.url ?? "/", "http://localhost").pathname;
		if (request.method === "GET") {
			order.push(path);
		} else {
			response.on("finish", () => response.statusCode < 300 && order.push(`${request.method} ${path}`));
		}
		if (path.startsWith("/v1/")) {
			edge.handle(request, response, `http://${request.headers.host}/`).catch((error: unknown) => {
				response.statusCode = 500;
				response.end(String(error));
			});
			return;
		}
		const page = pages[path];
		if (page !== undefined) {
			response.setHeader("content-type", "text/html");
			response.end(page);
			return;
		}
		const from = Object.keys(moved).find((prefix) => path.startsWith(prefix));
		if (from !== undefined) {
			if (edge.fault(request.method ?? "GET", path) === "hang up") {
				response.destroy();
				return;
			}
			const location = `${moved[from]}${path.slice(from.length)}`;
			response.writeHead(307, { location, "cache-control": "no-store" }).end();
			return;
		}
		const mount = mounts.find((prefix) => path.startsWith(prefix)) ?? "/";
		const wanted = normalize(path === "/" ? "/index.html" : `/${path.slice(mount.length)}`);
		const name = join(folders[mount] ?? "", wanted);
		const file = folders[mount] !== undefined && existsSync(name) && statSync(name).isFile() ? name : undefined;
		if (file === undefined) {
			response.statusCode = 404;
			response.end();
			return;
		}
		response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
		void Promise.resolve(edge.hold(`${request.method} ${path}`)).then(() => {
			const fault = edge.fault(request.method ?? "GET", path);
			if (fault === "hang up") {
				response.destroy();
			} else if (fault === "lose answer") {
				response.write(readFileSync(file).subarray(0, statSync(file).size / 2), () => response.destroy());
			} else if (fault === undefined) {
				createReadStream(file).pipe(response);
			} else {
				response.writeHead(fault.status).end();
			}
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		edge,
		order,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
};
