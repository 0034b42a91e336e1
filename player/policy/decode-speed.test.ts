import { describe, expect, it } from "vitest";
import { type DecodeSpeed, NO_DECODE_SPEED, observePicture, pictureMilliseconds } from "./decode-speed.ts";

const after = (times: readonly number[], start: DecodeSpeed = NO_DECODE_SPEED) => times.reduce(observePicture, start);

describe("decode speed", () => {
	it("believes nothing before enough pictures, and forgets the first ones, which compile", () => {
		expect(pictureMilliseconds(after([900, 900, 900, 900, 10, 10]))).toBeUndefined();
		expect(pictureMilliseconds(after([900, 900, 900, 900, ...Array.from({ length: 10 }, () => 10)]))).toBeCloseTo(
			10,
		);
	});

	it("follows a change within dozens of pictures", () => {
		const slow = after(Array.from({ length: 40 }, () => 40));
		expect(
			pictureMilliseconds(
				after(
					Array.from({ length: 60 }, () => 10),
					slow,
				),
			),
		).toBeLessThan(11);
		expect(
			pictureMilliseconds(
				after(
					Array.from({ length: 60 }, () => 40),
					after(Array(20).fill(10)),
				),
			),
		).toBeGreaterThan(35);
	});

	it("is hardly moved by one picture, however long it took", () => {
		const steady = after(Array.from({ length: 40 }, () => 25));
		expect(pictureMilliseconds(observePicture(steady, 60_000))).toBeLessThan(30);
	});
});
