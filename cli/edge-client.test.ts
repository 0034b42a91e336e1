import { afterEach, expect, it, vi } from "vitest";
import { EdgeClient } from "./edge-client.ts";

afterEach(() => vi.unstubAllGlobals());

const ASSET = { id: "a", state: "uploading", tracks: [], urls: { master: "m", watch: "w" } };

/** A client of an edge that answers as it is told, one after the other; undefined is no answer. Tells what was waited in all, in seconds. */
const clientOf = (answers: (number | undefined)[]) => {
	let waited = 0;
	vi.stubGlobal("fetch", async () => {
		const status = answers.shift();
		if (status === undefined) throw new TypeError("fetch failed");
		return Response.json(ASSET, { status });
	});
	const { signal } = new AbortController();
	const client = new EdgeClient("https://edge.example", "key", signal, async (milliseconds) => {
		waited += milliseconds / 1000;
	});
	return { client, waited: () => waited };
};

it("does not wait long for an edge that has never answered", async () => {
	const { client, waited } = clientOf([]);
	await expect(client.find("a")).rejects.toThrow("did not answer");
	expect(waited()).toBeCloseTo(5.25);
});

it("outlasts a network that is away for minutes", async () => {
	const { client, waited } = clientOf([200, ...Array.from({ length: 15 }, () => undefined), 201]);
	await client.find("a");
	await client.putPart("https://edge.example/parts/", 0, new Uint8Array(1));
	expect(waited()).toBeGreaterThan(300);
});

it("gives up in the end", async () => {
	const { client, waited } = clientOf([200]);
	await client.find("a");
	await expect(client.complete("a", { tracks: [] })).rejects.toThrow("did not answer");
	expect(waited()).toBeGreaterThan(600);
});

it("does not wait minutes for an edge that answers with errors", async () => {
	const { client, waited } = clientOf([200, ...Array.from({ length: 9 }, () => 500)]);
	await client.find("a");
	await expect(client.complete("a", { tracks: [] })).rejects.toThrow("answered 500");
	expect(waited()).toBeCloseTo(5.25);
});
