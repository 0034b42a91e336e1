import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { Track } from "../codec/track.ts";
import { CreateAssetRequest } from "./asset.ts";
import { parseEnhancementList } from "./enhancements.ts";
import { ERROR_STATUS, errorBody, isRetryable, parseErrorBody } from "./error.ts";
import { trackFromJson, TrackJson, trackToJson } from "./track.ts";

const base: Track = {
	kind: "base",
	codec: "avc1.42c01e",
	width: 160,
	height: 90,
	description: new Uint8Array([1, 0x42, 0xc0, 0x1e]),
	colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
};
const enhancement: Track = {
	kind: "enhancement",
	codec: "sve1.01",
	width: 640,
	height: 360,
	q: 32,
	modelId: "0123456789abcdef0123456789abcdef",
	description: new Uint8Array(30),
};
const audio: Track = {
	kind: "audio",
	codec: "mp4a.40.2",
	sampleRate: 48_000,
	channels: 2,
	description: new Uint8Array([0x11, 0x90]),
};

describe("tracks as JSON", () => {
	it.each([base, enhancement, audio])("come back unchanged ($kind)", (track) => {
		const json: unknown = JSON.parse(JSON.stringify(trackToJson("a-track", track)));
		expect(trackFromJson(v.parse(TrackJson, json))).toEqual(track);
	});

	it("are refused with an unknown field, a size that cannot be, or a description that is not base64", () => {
		const json = trackToJson("base", base);
		for (const wrong of [
			{ extra: 1 },
			{ width: 0 },
			{ width: 1.5 },
			{ description: "*" },
			{ codec: "hvc1.1" },
			{ id: "A" },
		]) {
			expect(v.safeParse(TrackJson, { ...json, ...wrong }).success).toBe(false);
		}
	});
});

describe("the request for an asset", () => {
	const request = { width: 640, height: 360, frameRate: 24 };
	const accepts = (tracks: TrackJson[]) => v.safeParse(CreateAssetRequest, { ...request, tracks }).success;

	it("holds one base, different ids, and at most one audio track", () => {
		const tracks = [trackToJson("base", base), trackToJson("e32", enhancement), trackToJson("audio", audio)];
		expect(accepts(tracks)).toBe(true);
		expect(accepts(tracks.slice(1))).toBe(false);
		expect(accepts([...tracks, trackToJson("base-2", base)])).toBe(false);
		expect(accepts([...tracks, trackToJson("e32", enhancement)])).toBe(false);
		expect(accepts([...tracks, trackToJson("audio-2", audio)])).toBe(false);
	});
});

describe("errors", () => {
	it("travel as a code, a sentence and a hint", () => {
		const body: unknown = JSON.parse(
			JSON.stringify(errorBody("not-found", "There is no such asset.", "Check the id.")),
		);
		expect(parseErrorBody(body)).toEqual({
			code: "not-found",
			message: "There is no such asset.",
			hint: "Check the id.",
		});
	});

	it.each([null, "error", {}, { error: null }, { error: { code: "toString", message: "" } }, { error: { code: 1 } }])(
		"are not seen in %j",
		(body) => {
			expect(parseErrorBody(body)).toBeUndefined();
		},
	);

	it("have a status of 4xx or 5xx, and say when to try again", () => {
		for (const status of Object.values(ERROR_STATUS)) expect(status >= 400 && status < 600).toBe(true);
		expect(isRetryable("storage-unavailable")).toBe(true);
		expect(isRetryable("part-conflict")).toBe(false);
	});
});

describe("the list of enhancements", () => {
	const entry = {
		id: "e32",
		width: 640,
		height: 360,
		q: 32,
		bandwidth: 250_000,
		modelId: "0123456789abcdef0123456789abcdef",
		codec: "sve1.01",
		uri: "e32.m3u8",
	};
	it("is read, new fields passed over", () => {
		expect(parseEnhancementList({ enhancements: [{ ...entry, later: true }], more: 1 })).toEqual({
			enhancements: [entry],
		});
	});
	it("is refused where it is none", () => {
		for (const body of [
			null,
			[],
			{},
			{ enhancements: [{ ...entry, q: 64 }] },
			{ enhancements: [{ ...entry, modelId: "x" }] },
		]) {
			expect(parseEnhancementList(body)).toBeUndefined();
		}
	});
});
