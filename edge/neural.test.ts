import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { type NeuralFolders, neuralKey } from "../protocol/neural.ts";
import { ORIGIN } from "./testing/edge-client.ts";
import app from "./worker.ts";

/** As `hashFolder` of scripts/neural-files.ts has it; a folder that holds one file. */
const sha256 = async (bytes: Uint8Array<ArrayBuffer>) =>
	new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
const hashOf = async (name: string, bytes: Uint8Array<ArrayBuffer>) =>
	(await sha256(Uint8Array.from(new TextEncoder().encode(`${await sha256(bytes)}  ${name}\n`)))).slice(0, 32);

const wasm = Uint8Array.from({ length: 50_000 }, (_, index) => (index % 97) * (index % 5));
const weights = Uint8Array.from({ length: 3000 }, (_, index) => index % 251);
const smallWasm = brotliCompressSync(wasm);
let runtime: string;
let model: string;

/** Bytes as they are sent: the Worker itself, with nothing behind it that would unpack them. */
const get = (path: string, headers: Record<string, string> = {}, method = "GET", pages?: NeuralFolders) => {
	const site = {
		fetch: async (input: URL) =>
			pages !== undefined && input.pathname === "/neural.json"
				? Response.json(pages)
				: new Response(null, { status: 404 }),
	} as unknown as Fetcher;
	const request = new Request(ORIGIN + path, { method, headers, redirect: "manual" });
	return app.fetch(request, { ...env, PAGES: site }, createExecutionContext());
};
const bodyOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

beforeAll(async () => {
	runtime = `/runtime/${await hashOf("run.wasm", wasm)}/run.wasm`;
	model = `/models/crescendo-1/${await hashOf("base.onnx", weights)}/base.onnx`;
	await env.MEDIA.put(neuralKey(runtime, "identity"), wasm);
	await env.MEDIA.put(neuralKey(runtime, "br"), smallWasm);
	await env.MEDIA.put(neuralKey(model, "identity"), weights);
	await env.MEDIA.put(neuralKey(model, "br"), brotliCompressSync(weights));
});

describe("the runtime and the models", () => {
	it("are sent compressed to whoever takes brotli, and hold what their address says", async () => {
		for (const [path, name, bytes] of [
			[runtime, "run.wasm", wasm],
			[model, "base.onnx", weights],
		] as const) {
			const response = await get(path, { "Accept-Encoding": "gzip, deflate, br" });
			expect(response.status).toBe(200);
			const sent = await bodyOf(response);
			expect(sent.length).toBeLessThan(bytes.length / 2);
			const unpacked = Uint8Array.from(brotliDecompressSync(sent));
			expect(unpacked).toEqual(bytes);
			expect(path.split("/").at(-2)).toBe(await hashOf(name, unpacked));
			expect(Object.fromEntries(response.headers)).toMatchObject({
				"content-type": name.endsWith("wasm") ? "application/wasm" : "application/octet-stream",
				"content-encoding": "br",
				"content-length": String(sent.length),
				"cache-control": "public, max-age=31536000, immutable",
				vary: "Accept-Encoding",
				"access-control-allow-origin": "*",
				"cross-origin-resource-policy": "cross-origin",
				"x-content-type-options": "nosniff",
			});
		}
	});

	it.each(["", "gzip", "br;q=0", "identity"])("are sent as they are to whoever takes %j", async (accepted) => {
		const response = await get(runtime, { "Accept-Encoding": accepted });
		expect(await bodyOf(response)).toEqual(wasm);
		expect(response.headers.get("Content-Encoding")).toBeNull();
		expect(response.headers.get("Content-Length")).toBe(String(wasm.length));
		expect(response.headers.get("Vary")).toBe("Accept-Encoding");
	});

	it("go by what the client itself takes, where the platform has rewritten that", async () => {
		const request = new Request(ORIGIN + runtime, {
			headers: { "Accept-Encoding": "br, gzip" },
			cf: { clientAcceptEncoding: "gzip" } as unknown as CfProperties,
		});
		const response = await app.fetch(request, env, createExecutionContext());
		expect(response.headers.get("Content-Encoding")).toBeNull();
		expect(await bodyOf(response)).toEqual(wasm);
	});

	it("have an entity tag for each encoding: 304 for that one alone", async () => {
		const [plain, small] = [await get(runtime), await get(runtime, { "Accept-Encoding": "br" })];
		const [plainTag, smallTag] = [plain.headers.get("ETag") ?? "", small.headers.get("ETag") ?? ""];
		expect(plainTag).toMatch(/^"[0-9a-f]{32}"$/);
		expect(smallTag).toMatch(/^"[0-9a-f]{32}"$/);
		expect(plainTag).not.toBe(smallTag);
		await Promise.all([bodyOf(plain), bodyOf(small)]);
		for (const [tag, encoding, status] of [
			[smallTag, "br", 304],
			[plainTag, "identity", 304],
			[plainTag, "br", 200],
			[smallTag, "identity", 200],
		] as const) {
			const response = await get(runtime, { "If-None-Match": tag, "Accept-Encoding": encoding });
			expect(response.status).toBe(status);
			expect(response.headers.get("Vary")).toBe("Accept-Encoding");
			expect(response.headers.get("ETag")).toBe(encoding === "br" ? smallTag : plainTag);
			await bodyOf(response);
		}
	});

	it("have ranges of the bytes that are sent, which fit together", async () => {
		for (const [encoding, whole] of [
			["br", smallWasm],
			["identity", wasm],
		] as const) {
			const half = Math.floor(whole.length / 2);
			const pieces = [];
			for (const range of [`bytes=0-${half - 1}`, `bytes=${half}-`]) {
				const response = await get(runtime, { Range: range, "Accept-Encoding": encoding });
				expect(response.status).toBe(206);
				expect(response.headers.get("Content-Range")).toContain(`/${whole.length}`);
				expect(response.headers.get("Content-Encoding")).toBe(encoding === "br" ? "br" : null);
				pieces.push(await bodyOf(response));
			}
			expect(pieces.flatMap((piece) => [...piece])).toEqual([...whole]);
		}
		const beyond = await get(runtime, { Range: `bytes=${wasm.length}-`, "Accept-Encoding": "identity" });
		expect(beyond.status).toBe(416);
		expect(beyond.headers.get("Content-Range")).toBe(`bytes */${wasm.length}`);
	});

	it("have the same headers for HEAD", async () => {
		for (const encoding of ["br", "identity"]) {
			const head = await get(runtime, { "Accept-Encoding": encoding }, "HEAD");
			const whole = await get(runtime, { "Accept-Encoding": encoding });
			expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(whole.headers));
			expect((await bodyOf(head)).length).toBe(0);
			expect((await bodyOf(whole)).length).toBe(Number(whole.headers.get("Content-Length")));
		}
	});

	it("are found from a stable address, by an answer that nobody keeps", async () => {
		const hash = model.split("/")[3] ?? "";
		const current = { folders: { "/models/crescendo-1/": hash } };
		const response = await get("/models/crescendo-1/base.onnx", {}, "GET", current);
		expect(response.status).toBe(307);
		expect(response.headers.get("Location")).toBe(model);
		expect(response.headers.get("Cache-Control")).toBe("no-store");
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
		for (const path of ["/models/crescendo-2/base.onnx", "/runtime/run.wasm", "/models/__proto__/base.onnx"])
			expect((await get(path, {}, "GET", current)).status).toBe(404);
		expect((await get("/models/crescendo-1/base.onnx")).status).toBe(404);
	});

	it("are nothing else in the store", async () => {
		const secret = "neural/runtime/list.json";
		await env.MEDIA.put(secret, "{}");
		const hash = runtime.split("/")[2] ?? "";
		for (const path of [
			`/runtime/${hash}/run.wasm.br`,
			`/runtime/${hash}/other.wasm`,
			`/runtime/${hash.toUpperCase()}/run.wasm`,
			`/runtime/${hash.slice(1)}/run.wasm`,
			`/runtime/${hash}/..%2f${hash}%2frun.wasm`,
			`/runtime/${hash}/%2e%2e%2frun.wasm`,
			`/runtime/..%2fruntime/list.json`,
			`/runtime/${hash}/r\u00fcn.wasm`,
			`/models/..%2f..%2fruntime/${hash}/run.wasm`,
			"/runtime/list.json",
			"/runtime/",
			"/models/",
		]) {
			const response = await get(path);
			expect([path, response.status]).toEqual([path, 404]);
			expect(await response.json()).toMatchObject({ error: { code: "not-found" } });
		}
		for (const method of ["PUT", "DELETE", "POST"]) {
			const response = await get(runtime, {}, method);
			expect(response.status).toBe(405);
			expect(response.headers.get("Allow")).toContain("GET");
		}
	});
});
