import { describe, expect, it } from "vitest";
import { type EnhancementReason, REASONS } from "../reasons.ts";
import { renditionRows } from "./renditions.ts";
import { sourceKind } from "./source-kind.ts";
import { LANGUAGES, reasonFor, wordsFor } from "./words.ts";
import { embedSnippet, readAssetAddress } from "../pages/asset-address.ts";

describe("words", () => {
	it("are there in every language, all of them", () => {
		const names = Object.keys(wordsFor("en"));
		for (const language of LANGUAGES) {
			expect(Object.keys(wordsFor(language))).toEqual(names);
			expect(Object.values(wordsFor(language)).every((word) => word.trim() !== "")).toBe(true);
		}
	});

	it("fall back from region to language to English", () => {
		expect(wordsFor("de-AT")).toBe(wordsFor("de"));
		expect(wordsFor("tlh")).toBe(wordsFor("en"));
		expect(wordsFor(undefined)).toBe(wordsFor("en"));
	});

	it("are sentences for every reason, in every language, and no two languages have the same", () => {
		const reasons = Object.keys(REASONS) as EnhancementReason[];
		for (const reason of reasons) {
			const sentences = LANGUAGES.map((language) => reasonFor(reason, language));
			for (const text of sentences) expect(text).toMatch(/^\p{Lu}.*\.$/u);
			expect(new Set(sentences).size).toBe(LANGUAGES.length);
		}
		expect(reasonFor("data-saver", "de-CH")).toBe("Der Browser möchte Daten sparen.");
		expect(reasonFor("data-saver", "tlh")).toBe(REASONS["data-saver"]);
	});
});

describe("renditions", () => {
	it("are low first, then every enhancement with the base's bits on top", () => {
		const base = { width: 160, height: 90, bitrate: 100_000, codec: "avc1.42c01e" };
		const enhancement = {
			id: "e40",
			width: 640,
			height: 360,
			q: 40,
			bandwidth: 900_000,
			modelId: "0".repeat(32),
			codec: "sve1.01",
			uri: "a.m3u8",
			playlistUrl: "https://edge.test/a.m3u8",
		};
		expect(renditionRows(base, [enhancement])).toEqual([
			{ id: "low", width: 160, height: 90, bitrate: 100_000, codec: "avc1.42c01e" },
			{ id: "e40", width: 640, height: 360, bitrate: 1_000_000, codec: "sve1.01" },
		]);
	});
});

describe("kind of a source", () => {
	it.each([
		["/v1/assets/a/master.m3u8", "hls"],
		["https://edge.test/p/t/v1/assets/a/master.m3u8?x=a.mp4", "hls"],
		["https://edge.test/stream", "hls"],
		["clip.MP4", "file"],
		["https://edge.test/a.webm#t=3", "file"],
		["blob:https://edge.test/1", "file"],
	] as const)("%s is %s", (url, kind) => {
		expect(sourceKind(url)).toBe(kind);
	});
});

describe("address of a page", () => {
	it("names the asset, and a token in the fragment becomes part of the path", () => {
		expect(readAssetAddress("https://edge.test/watch/abc-1_x")).toEqual({
			id: "abc-1_x",
			token: undefined,
			master: "https://edge.test/v1/assets/abc-1_x/master.m3u8",
		});
		expect(readAssetAddress("https://edge.test/embed/abc?muted#token=a.b/c")?.master).toBe(
			"https://edge.test/p/a.b%2Fc/v1/assets/abc/master.m3u8",
		);
		expect(readAssetAddress("https://edge.test/watch/")).toBeUndefined();
		expect(readAssetAddress("https://edge.test/watch/..%2F")).toBeUndefined();
	});

	it("becomes a snippet of one script and one element", () => {
		const address = readAssetAddress("https://edge.test/watch/abc");
		expect(address && embedSnippet(address).split("\n")).toEqual([
			'<script type="module" src="https://edge.test/player.js"></script>',
			'<crescendo-player src="https://edge.test/v1/assets/abc/master.m3u8"></crescendo-player>',
		]);
	});
});
