import { describe, expect, it } from "vitest";
import { formatBitrate, STATISTICS_ROWS } from "./rows.ts";
import type { PlayerStatistics } from "./statistics.ts";

const empty: PlayerStatistics = {
	state: "base",
	reason: "playback-not-begun",
	error: undefined,
	backend: undefined,
	passedOver: [],
	base: { width: 0, height: 0 },
	shown: { width: 0, height: 0 },
	enhancement: undefined,
	bandwidth: undefined,
	baseBuffer: 0,
	enhancementBuffer: 0,
	picturesReady: 0,
	times: undefined,
	decodeRate: undefined,
	frameRate: 25,
	frames: { enhanced: 0, missed: 0, all: 0 },
	dropped: 0,
	enhancementBytes: 0,
	firstPicture: undefined,
	firstEnhanced: undefined,
	loadMilliseconds: undefined,
	selfTestMilliseconds: undefined,
};
const full: PlayerStatistics = {
	...empty,
	state: "active",
	reason: undefined,
	error: "A frame was damaged.",
	backend: "WASM, 1 thread",
	passedOver: ["webgpu: none"],
	base: { width: 160, height: 90 },
	shown: { width: 640, height: 360 },
	enhancement: { id: "e40", q: 40, bitrate: 900_000 },
	bandwidth: 4.2e6,
	times: { parse: 3, reconstruct: 12.4, convert: 0.5, total: 14 },
	decodeRate: 70,
	enhancementBytes: 2048,
	firstPicture: 300,
	firstEnhanced: 2400,
	loadMilliseconds: 900,
	selfTestMilliseconds: 80,
};
const lines = (statistics: PlayerStatistics) =>
	Object.fromEntries(STATISTICS_ROWS.map(({ label, text }) => [label, text(statistics)]));

describe("table of statistics", () => {
	it("reads every row without anything known, and says why the picture is not enhanced", () => {
		const texts = lines(empty);
		expect(texts["State"]).toBe("base: Waiting for playback to begin.");
		expect(texts["Backend"]).toBeUndefined();
		expect(Object.values(texts).some((text) => /undefined|NaN/.test(text ?? ""))).toBe(false);
	});

	it("has something to say in every row when all is known", () => {
		const texts = lines(full);
		expect(Object.values(texts).every((text) => text !== undefined && text !== "")).toBe(true);
		expect(texts["State"]).toBe("enhanced");
		expect(texts["Picture time"]).toBe("parse 3.0 ms, reconstruct 12 ms, paint 0.5 ms");
		expect(texts["Shown"]).toBe("640 × 360");
	});

	it("names bitrates in a unit of fitting size", () => {
		expect([formatBitrate(96_000), formatBitrate(1_250_000)]).toEqual(["96 kbit/s", "1.3 Mbit/s"]);
	});
});
