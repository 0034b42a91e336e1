import { createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createGzip } from "node:zlib";

/** A network between a browser and a server of this machine. */
export interface NetworkOptions {
	/** Bits a second towards the browser, shared by all connections. */
	readonly bitsPerSecond: number;
	/** Milliseconds from a request to its answer; a new connection costs one more. */
	readonly roundTrip: number;
}

/** Size of the pieces that the bottleneck lets pass one after the other. */
const PIECE_BYTES = 4096;
/** What Cloudflare compresses on its way to the browser; the local runtime does not. */
const COMPRESSED = /^(text\/|application\/(javascript|json|wasm|vnd\.apple\.mpegurl)|image\/svg)/;

/**
 * A proxy that is as slow as a bad network. It sits outside of the browser, so that everything passes it: pages, workers,
 * media. (The browser's own emulation leaves workers out, and these fetch most.)
 */
export async function startSlowNetwork(
	target: string,
	options: NetworkOptions,
): Promise<{ url: string; close(): void }> {
	const { hostname, port } = new URL(target);
	const fresh = new WeakSet<Socket>();
	let freeAt = 0;
	/** When the bottleneck has let so many bytes pass, after all that came before. */
	const pass = async (bytes: number): Promise<void> => {
		const now = performance.now();
		freeAt = Math.max(freeAt, now) + (bytes * 8000) / options.bitsPerSecond;
		await sleep(freeAt - now);
	};
	const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
		const rounds = fresh.delete(incoming.socket) ? 2 : 1;
		await sleep(rounds * options.roundTrip);
		const headers = { ...incoming.headers, host: `${hostname}:${port}` };
		const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
		incoming.pipe(
			send({ hostname, port, method: incoming.method, path: incoming.url, headers }, resolve).on("error", reject),
		);
		const answer = await promise;
		const compress =
			answer.statusCode === 200 &&
			COMPRESSED.test(answer.headers["content-type"] ?? "") &&
			answer.headers["content-encoding"] === undefined;
		const answerHeaders = { ...answer.headers };
		if (compress) {
			delete answerHeaders["content-length"];
			answerHeaders["content-encoding"] = "gzip";
		}
		outgoing.writeHead(answer.statusCode ?? 502, answerHeaders);
		await pass(300);
		for await (const chunk of compress ? answer.pipe(createGzip()) : answer) {
			const bytes = chunk as Buffer;
			for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
				const piece = bytes.subarray(at, at + PIECE_BYTES);
				await pass(piece.length);
				if (outgoing.destroyed) return;
				outgoing.write(piece);
			}
		}
		outgoing.end();
	};
	const server = createServer((incoming, outgoing) => {
		handle(incoming, outgoing).catch((error: unknown) =>
			outgoing.destroy(error instanceof Error ? error : undefined),
		);
	});
	server.on("connection", (socket: Socket) => fresh.add(socket));
	const { promise: listening, resolve: listen } = Promise.withResolvers<void>();
	server.listen(0, "127.0.0.1", listen);
	await listening;
	const close = (): void => {
		server.closeAllConnections();
		server.close();
	};
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
