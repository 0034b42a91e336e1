import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type FixtureServer, startFixtureServer } from "../testing/fixture-server.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import type { NetworkMeter } from "../policy/network-meter.ts";

const file = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

describe("fetching bytes", () => {
	let server: FixtureServer;
	beforeAll(async () => {
		server = await startFixtureServer([{ prefix: "/", files: new Map([["file.bin", file]]) }]);
	});
	afterAll(() => server.close());

	const get = (path: string, limit = 10_000, range?: readonly [number, number]) =>
		fetchBytes({ url: server.origin + path, range }, { limit });

	it("gives the bytes, whole or a part, and tells of the transfer", async () => {
		const url = `${server.origin}/file.bin`;
		const seen: number[] = [];
		const network = {
			begin: () => ({ progress: (bytes: number) => seen.push(bytes), end: () => seen.push(-1) }),
		} satisfies Pick<NetworkMeter, "begin">;
		expect(await fetchBytes({ url, range: undefined }, { limit: 1000, network })).toEqual(file);
		expect(seen.slice(-2)).toEqual([1000, -1]);
		expect(await get("/file.bin", 1000, [10, 20])).toEqual(file.slice(10, 20));
	});

	it("refuses a body that is longer than allowed", async () => {
		await expect(get("/file.bin", 999)).rejects.toMatchObject({ code: "invalid-file" });
	});

	it("says which status the server gave, and that one did not answer", async () => {
		await expect(get("/none.bin")).rejects.toMatchObject({ name: "FetchError", status: 404 });
		const closed = await startFixtureServer([]);
		await closed.close();
		await expect(fetchBytes({ url: `${closed.origin}/`, range: undefined }, { limit: 1 })).rejects.toMatchObject({
			name: "FetchError",
			status: undefined,
		});
	});

	it("stops with the signal's own reason", async () => {
		const abort = new AbortController();
		abort.abort(new Error("enough"));
		const { signal } = abort;
		const url = `${server.origin}/file.bin`;
		await expect(fetchBytes({ url, range: undefined }, { limit: 1000, signal })).rejects.toThrow("enough");
	});

	describe("from a server that falls silent", () => {
		afterEach(() => {
			vi.useRealTimers();
			vi.unstubAllGlobals();
		});

		/** A server of this kind: sends these bytes one after the other, a chunk every 20 s, and nothing more. */
		const serve = (chunks: readonly number[], ends: boolean) => {
			vi.useFakeTimers();
			vi.stubGlobal("fetch", async (_: string, { signal }: RequestInit) => {
				const body = new ReadableStream({
					start: (controller) => signal?.addEventListener("abort", () => controller.error(signal.reason)),
					pull: async (controller) => {
						await new Promise((resolve) => setTimeout(resolve, 20_000));
						const chunk = chunks[sent++];
						if (chunk !== undefined) controller.enqueue(Uint8Array.of(chunk));
						else if (ends) controller.close();
						else await new Promise(() => undefined);
					},
				});
				let sent = 0;
				return new Response(body);
			});
			return fetchBytes({ url: "https://silent.test/a", range: undefined }, { limit: 10 }).then(
				(bytes) => [...bytes],
				(error: unknown) => error,
			);
		};

		it("gives up after a while, with a reason", async () => {
			const result = serve([1, 2], false);
			await vi.advanceTimersByTimeAsync(600_000);
			expect(await result).toMatchObject({
				...{ name: "FetchError", message: "https://silent.test/a sent nothing for 30 s." },
			});
		});

		it("waits for one that is slow", async () => {
			const result = serve([1, 2, 3, 4], true);
			await vi.advanceTimersByTimeAsync(600_000);
			expect(await result).toEqual([1, 2, 3, 4]);
		});
	});
});
