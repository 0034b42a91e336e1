import { describe, expect, it } from "vitest";
import { BASE_LED_PATTERN, BIDIRECTIONAL_PATTERN, frameChoice } from "./frame-pattern.ts";
import { lambdaOf, motionErrorPerBit } from "./rate-distortion.ts";

const pattern = { interval: 5, intraOffset: 6, interOffsets: [1, -1] };

describe("the pattern of frames", () => {
	it("begins each interval with a finer intra frame and takes turns in between", () => {
		const choices = Array.from({ length: 7 }, (_, i) => frameChoice(i, 30, pattern));
		expect(choices.map(({ type, q }) => `${type} ${q}`)).toEqual([
			"intra 36",
			"inter 31",
			"inter 29",
			"inter 31",
			"inter 29",
			"intra 36",
			"inter 31",
		]);
	});

	it("has no end of its own where the base decides", () => {
		expect(frameChoice(0, 30, BASE_LED_PATTERN).type).toBe("intra");
		for (const place of [1, 60, 1e6]) expect(frameChoice(place, 30, BASE_LED_PATTERN).type).toBe("inter");
		expect(frameChoice(8, 30, BASE_LED_PATTERN).q).toBe(frameChoice(4, 30).q);
	});

	it("makes every other inter frame bidirectional where it is followed", () => {
		const choose = (place: number, followed: boolean) => {
			const { type, q } = frameChoice(place, 30, BIDIRECTIONAL_PATTERN, followed);
			return `${type} ${q}`;
		};
		expect([0, 1, 2, 3, 4].map((place) => choose(place, true))).toEqual([
			"intra 40",
			"bidirectional 18",
			"inter 34",
			"bidirectional 18",
			"inter 34",
		]);
		expect([0, 1, 2, 3].map((place) => choose(place, false))).toEqual([
			"intra 40",
			"inter 34",
			"inter 34",
			"inter 34",
		]);
		// The last place of an interval has nothing behind it that it could refer to.
		const short = { ...BIDIRECTIONAL_PATTERN, interval: 4 };
		expect(frameChoice(3, 30, short, true).type).toBe("inter");
		expect(frameChoice(1, 30, short, true).type).toBe("bidirectional");
	});

	it("stays within the quality indices", () => {
		expect(frameChoice(0, 63, pattern).q).toBe(63);
		expect(frameChoice(2, 0, pattern).q).toBe(0);
		expect(frameChoice(1, 20, { ...pattern, interOffsets: [] }).q).toBe(20);
	});

	it("refuses options out of range", () => {
		expect(() => frameChoice(0, 64)).toThrow(/Quality 64/);
		expect(() => frameChoice(0, 3.5)).toThrow(/Quality/);
		expect(() => frameChoice(0, 30, { ...pattern, interval: 0 })).toThrow(/interval/);
	});
});

describe("the cost of errors", () => {
	it("grows from 40 to 1600, evenly in the logarithm", () => {
		expect(lambdaOf(0)).toBe(40);
		expect(lambdaOf(63)).toBeCloseTo(1600, 6);
		expect(lambdaOf(40) / lambdaOf(39)).toBeCloseTo(lambdaOf(2) / lambdaOf(1), 9);
		expect(motionErrorPerBit(0)).toBeCloseTo(65025 / 15, 9);
	});
});
