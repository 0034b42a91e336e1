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

const weights = Uint8Array.from({ length: 50_000 }, (_, index) => (index % 97) * (index % 5));
const smallWeights = brotliCompressSync(weights);
const wasm = Uint8Array.from({ length: 3000 }, (_, index) => index % 251);
let model: string;
/** What a deployment of version 0.7 or older has left in the store. */
let runtime: string;

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
	model = `/models/crescendo-1/${await hashOf("base.onnx", weights)}/base.onnx`;
	runtime = `/runtime/${await hashOf("run.wasm", wasm)}/run.wasm`;
	await env.MEDIA.put(neuralKey(model, "identity"), weights);
	await env.MEDIA.put(neuralKey(model, "br"), smallWeights);
	await env.MEDIA.put(neuralKey(runtime, "identity"), wasm);
	await env.MEDIA.put(neuralKey(runtime, "br"), brotliCompressSync(wasm));
});

describe("the models, and the runtime of pages before 0.8", () => {
	it("are sent compressed to whoever takes brotli, and hold what their address says", async () => {
		for (const [path, name, bytes] of [
			[model, "base.onnx", weights],
			[runtime, "run.wasm", wasm],
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
		const response = await get(model, { "Accept-Encoding": accepted });
		expect(await bodyOf(response)).toEqual(weights);
		expect(response.headers.get("Content-Encoding")).toBeNull();
		expect(response.headers.get("Content-Length")).toBe(String(weights.length));
		expect(response.headers.get("Vary")).toBe("Accept-Encoding");
	});

	it("go by what the client itself takes, where the platform has rewritten that", async () => {
		const request = new Request(ORIGIN + model, {
			headers: { "Accept-Encoding": "br, gzip" },
			cf: { clientAcceptEncoding: "gzip" } as unknown as CfProperties,
		});
		const response = await app.fetch(request, env, createExecutionContext());
		expect(response.headers.get("Content-Encoding")).toBeNull();
		expect(await bodyOf(response)).toEqual(weights);
	});

	it("have an entity tag for each encoding: 304 for that one alone", async () => {
		const [plain, small] = [await get(model), await get(model, { "Accept-Encoding": "br" })];
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
			const response = await get(model, { "If-None-Match": tag, "Accept-Encoding": encoding });
			expect(response.status).toBe(status);
			expect(response.headers.get("Vary")).toBe("Accept-Encoding");
			expect(response.headers.get("ETag")).toBe(encoding === "br" ? smallTag : plainTag);
			await bodyOf(response);
		}
	});

	it("have ranges of the bytes that are sent, which fit together", async () => {
		for (const [encoding, whole] of [
			["br", smallWeights],
			["identity", weights],
		] as const) {
			const half = Math.floor(whole.length / 2);
			const pieces = [];
			for (const range of [`bytes=0-${half - 1}`, `bytes=${half}-`]) {
				const response = await get(model, { Range: range, "Accept-Encoding": encoding });
				expect(response.status).toBe(206);
				expect(response.headers.get("Content-Range")).toContain(`/${whole.length}`);
				expect(response.headers.get("Content-Encoding")).toBe(encoding === "br" ? "br" : null);
				pieces.push(await bodyOf(response));
			}
			expect(pieces.flatMap((piece) => [...piece])).toEqual([...whole]);
		}
		const beyond = await get(model, { Range: `bytes=${weights.length}-`, "Accept-Encoding": "identity" });
		expect(beyond.status).toBe(416);
		expect(beyond.headers.get("Content-Range")).toBe(`bytes */${weights.length}`);
	});

	it("have the same headers for HEAD", async () => {
		for (const encoding of ["br", "identity"]) {
			const head = await get(model, { "Accept-Encoding": encoding }, "HEAD");
			const whole = await get(model, { "Accept-Encoding": encoding });
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
		for (const path of ["/models/crescendo-2/base.onnx", "/models/__proto__/base.onnx"])
			expect((await get(path, {}, "GET", current)).status).toBe(404);
		expect((await get("/models/crescendo-1/base.onnx")).status).toBe(404);
	});

	it("have a runtime no more: its stable address is as unknown as any, whatever the build says", async () => {
		const current = { folders: { "/runtime/": runtime.split("/")[2] ?? "" } };
		for (const method of ["GET", "HEAD", "POST"]) {
			const response = await get("/runtime/run.wasm", {}, method, current);
			expect([response.status, response.headers.get("Location")]).toEqual([404, null]);
			// Pages of other origins may see that it is so: what an SDK before 0.8 takes for "no enhancement", and not for a bad network.
			expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
		}
	});

	it("are nothing else in the store", async () => {
		for (const secret of ["neural/runtime/list.json", "neural/models/list.json"]) await env.MEDIA.put(secret, "{}");
		const [hash, modelHash] = [runtime.split("/")[2] ?? "", model.split("/")[3] ?? ""];
		for (const path of [
			`/models/crescendo-1/${modelHash}/base.onnx.br`,
			`/models/crescendo-1/${modelHash}/other.onnx`,
			`/models/crescendo-1/${modelHash.toUpperCase()}/base.onnx`,
			`/models/crescendo-1/${modelHash.slice(1)}/base.onnx`,
			`/models/crescendo-1/..%2fcrescendo-1%2f${modelHash}/base.onnx`,
			`/models/crescendo-1/${modelHash}/..%2f${modelHash}%2fbase.onnx`,
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
			"/models/list.json",
			"/runtime/",
			"/models/",
		]) {
			const response = await get(path);
			expect([path, response.status]).toEqual([path, 404]);
			expect(await response.json()).toMatchObject({ error: { code: "not-found" } });
		}
		for (const method of ["PUT", "DELETE", "POST"]) {
			for (const path of [model, runtime]) {
				const response = await get(path, {}, method);
				expect(response.status).toBe(405);
				expect(response.headers.get("Allow")).toContain("GET");
			}
		}
	});
});
