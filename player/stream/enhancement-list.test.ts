import { describe, expect, it } from "vitest";
import { readEnhancementList } from "./enhancement-list.ts";

const URL = "https://edge.test/v1/assets/a/enhancements.json";
const row = {
	id: "e40",
	width: 640,
	height: 360,
	q: 40,
	bandwidth: 900_000,
	modelId: "0123456789abcdef0123456789abcdef",
	codec: "sve1.01",
	uri: "tracks/e40/playlist.m3u8",
};
const read = (...enhancements: unknown[]) => readEnhancementList(JSON.stringify({ enhancements }), URL);

describe("list of enhancements", () => {
	it("comes cheapest first, with absolute addresses", () => {
		const list = read(row, { ...row, id: "e20", bandwidth: 300_000, uri: "/other.m3u8" });
		expect(list.map(({ id, playlistUrl }) => [id, playlistUrl])).toEqual([
			["e20", "https://edge.test/other.m3u8"],
			["e40", "https://edge.test/v1/assets/a/tracks/e40/playlist.m3u8"],
		]);
	});

	it("leaves out what a later codec made, and passes over fields that it does not know", () => {
		expect(read({ ...row, codec: "sve1.02" }, { ...row, colourVolume: "new" })).toHaveLength(1);
		expect(read()).toEqual([]);
	});

	it.each([
		["text that is no JSON", "<!doctype html>"],
		["another document", '{"error":{"code":"not-found"}}'],
		["an impossible size", JSON.stringify({ enhancements: [{ ...row, width: 1e9 }] })],
		["a model id that is none", JSON.stringify({ enhancements: [{ ...row, modelId: "x" }] })],
		["an address that is not on http", JSON.stringify({ enhancements: [{ ...row, uri: "javascript:alert(1)" }] })],
		["an impossible address", JSON.stringify({ enhancements: [{ ...row, uri: "http://[" }] })],
	])("refuses %s with a typed error", (_, text) => {
		expect(() => readEnhancementList(text, URL)).toThrow(expect.objectContaining({ code: "invalid-file" }));
	});
});
