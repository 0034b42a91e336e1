import { expect, it } from "vitest";
import { trackToJson } from "../../protocol/track.ts";
import { baseTrack, FRAME } from "../testing/fixture-media.ts";
import { openPartialBytes } from "./segment-bytes.ts";

it("pieces have growing sequence numbers, with as many in a segment as the limits allow", () => {
	const sample = { timestamp: 0, duration: FRAME, sync: true, size: 4 };
	const cut = { from: 0, count: 1, duration: FRAME, lastSampleEnd: FRAME, independent: true };
	const slices = [{ part: 0, offset: 0, heads: [sample] }];
	const sequenceOf = (segment: number, index: number): number => {
		const open = { cut, slices };
		const bytes = openPartialBytes(open, segment, index, trackToJson("base", baseTrack), () => [new Uint8Array(4)]);
		// `mfhd`: its name, version and flags, the number.
		const name = new TextDecoder("latin1").decode(bytes).indexOf("mfhd");
		return new DataView(bytes.buffer).getUint32(name + 8);
	};
	// 600 seconds in pieces of 50 ms: half of the shortest target.
	const numbers = [
		sequenceOf(0, 0),
		sequenceOf(0, 11_999),
		sequenceOf(1, 0),
		sequenceOf(1, 1),
		sequenceOf(21_599, 0),
	];
	expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
	expect(new Set(numbers).size).toBe(numbers.length);
});
