import { describe, expect, it } from "vitest";
import { type KeepObservation, nextToKeep, worthKeeping } from "./keep-pictures.ts";

const small: KeepObservation = {
	loops: true,
	duration: 6,
	frameRate: 12,
	width: 192,
	height: 108,
	bytesPerSample: 1.5,
};

describe("keeping the pictures of a loop", () => {
	it("is worth it for a short loop whose pictures fit", () => {
		expect(worthKeeping(small)).toBe(true);
	});

	it.each([
		["it plays once", { loops: false }],
		["it is long", { duration: 21 }],
		["it is live", { duration: Number.POSITIVE_INFINITY }],
		["its length is not known yet", { duration: Number.NaN }],
		["its pictures are large", { width: 1280, height: 720, frameRate: 30 }],
		["nothing decodes yet", { bytesPerSample: undefined }],
	])("is not where %s", (_, change) => {
		expect(worthKeeping({ ...small, ...change })).toBe(false);
	});

	const segment = (sequence: number, ready = true, spent = false) => ({
		sequence,
		start: 2 * sequence,
		duration: 2,
		ready,
		coming: !ready,
		spent,
	});

	it("decodes from the playhead on, then what was passed before", () => {
		expect(nextToKeep([segment(0), segment(1), segment(2)], 2.5)).toBe(1);
		expect(nextToKeep([segment(0), segment(1, true, true), segment(2)], 2.5)).toBe(2);
		expect(nextToKeep([segment(0), segment(1, true, true), segment(2, false)], 2.5)).toBe(0);
		expect(nextToKeep([segment(0, true, true), segment(1, false)], 0)).toBeUndefined();
	});
});
