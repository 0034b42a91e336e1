import { describe, expect, it } from "vitest";
import { type FrameType, writeFrameHeader } from "../../codec/bitstream/frame-header.ts";
import type { Sample } from "../../codec/sample.ts";
import { decodableSamples } from "./decodable-samples.ts";

const TYPES: Readonly<Record<string, FrameType>> = { I: "intra", P: "inter", B: "bidirectional" };

/** One sample for each letter, with the header that the codec writes. */
function samplesOf(letters: string): Sample[] {
	return [...letters].map((letter, i) => {
		const type = TYPES[letter] as FrameType;
		const header = { type, q: 30, baseHash: 0, pictureHash: undefined, hasMotion: false, hasLatents: false };
		return { data: writeFrameHeader(header), timestamp: i * 40_000, duration: 40_000, sync: type === "intra" };
	});
}

describe("samples that can be decoded", () => {
	it.each([
		["IBPBP", 5],
		["IPP", 3],
		["I", 1],
		["IBPB", 3],
		["IB", 1],
		// What is missing here is more than a frame that never came: the parser has to say so.
		["B", 1],
		["IPBB", 3],
		["IBBP", 4],
	])("of %s are the first %i", (letters, count) => {
		const samples = samplesOf(letters);
		expect(decodableSamples(samples)).toEqual(samples.slice(0, count));
	});
});
